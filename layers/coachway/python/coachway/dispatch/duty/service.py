"""A driver's duty: check in, depart from stops without positions, check out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from coachway.bookings.charters.rules import Status as CharterStatus
from coachway.contracts.dispatch.assignments import AssignmentCheckedIn, AssignmentCheckedOut
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import RequestSchema
from coachway.core.types.datetimes import Timestamp
from coachway.dispatch.assignments import event_payloads as assignment_event_payloads
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import REACH, TRANSITIONS, AssignmentStatus
from coachway.dispatch.errors import (
    CharterNotConfirmed,
    CheckInTooEarly,
    DriverNotOnDuty,
    NoStopToDepart,
    StopNotReached,
    TripNotStarted,
)
from coachway.dispatch.tracking import geofence, progress_writer, trip_progress
from coachway.dispatch.tracking.geofence import StopEvent, StopEventKind
from coachway.dispatch.tracking.position_ingest import CLOCK_SKEW
from coachway.identity import organization_queries

EARLIEST: Final = timedelta(hours=4)
"""So long before its duty begins a driver may report for it."""
_LONGEST_AGO: Final = timedelta(hours=24)
"""A telephone says so much later what was done without a network; people in the office, as long as it counts."""


class DutyInput(RequestSchema):
    """When it happened. A phone without a network sends it later."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    at: Annotated[
        Timestamp | None,
        Field(
            description="left out: now; not in the future, and not more than a day ago, or nine days when staff note it"
        ),
    ] = None

    def resolve_time(self, caller: Caller) -> datetime:
        """When it was. Raises Invalid for a time that cannot be meant."""
        now, oldest_age = clock.now(), _LONGEST_AGO if caller.is_outside else REACH
        if self.at is None:
            return now
        if not now - oldest_age <= self.at <= now + CLOCK_SKEW:
            limit = "a day" if caller.is_outside else f"{oldest_age.days} days"
            raise errors.Invalid.field("at", f"must not be in the future, and not more than {limit} ago")
        return min(self.at, now)


class DepartInput(DutyInput):
    """Which stop was left, and when."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"stop": 0}]})

    stop: Annotated[
        int | None,
        Field(ge=0, le=49, description="counted from 0; left out: the one that the vehicle is at, or comes to next"),
    ] = None


def check_in(caller: Caller, assignment_id: str, body: DutyInput) -> Assignment:
    """Check in for duty, which also accepts the offer. Checking in twice changes nothing.

    Raises Conflict naming what is in the way: papers of drivers, vehicle and carrier that are not in order today, and
    hours of service, judged by what the crew really did until now. A duty that should be over is noted as it was.
    """
    at = body.resolve_time(caller)
    return _check_in(caller, assignment_id, at)


@retry_on_conflict
def _check_in(caller: Caller, assignment_id: str, at: datetime) -> Assignment:
    before = repository.get(caller, assignment_id)
    if before.checked_in_at is not None and before.status is not AssignmentStatus.RELEASED:
        return before
    TRANSITIONS.require(before.status, AssignmentStatus.CHECKED_IN)
    if at < before.starts_at - EARLIEST:
        begins = before.starts_at.isoformat(timespec="minutes")
        raise CheckInTooEarly(
            f"The duty begins at {begins}; check in at most {EARLIEST // timedelta(hours=1)} hours before."
        )
    # Papers and hours come with them, which a function that mostly takes positions does without when it starts.
    from coachway.dispatch.matching import crew_limits, departure_check

    conditions: list[Op] = []
    if not _is_past_end(before):
        conditions = departure_check.require_departure_ops(before)
        crew_limits.require_legal_hours(before, max(at, clock.now()))
    after = before.model_copy(
        update={
            "status": AssignmentStatus.CHECKED_IN,
            "checked_in_at": at,
            "answered_at": before.answered_at or at,
        }
    )
    event = AssignmentCheckedIn(**assignment_event_payloads.assignment_event_fields(after), at=at)
    store.commit(caller, Update(before, after, [event]), *conditions)
    return after


def depart(caller: Caller, assignment_id: str, body: DepartInput) -> Assignment:
    """Depart from a stop when no position shows it. Departing twice changes nothing.

    Raises Conflict at the last stop, before checking in, and at the first one when papers are not in order or the
    charter is not confirmed. A trip that should be over has left: then lacking papers raise an alarm.
    """
    at = body.resolve_time(caller)
    return _depart(caller, assignment_id, body.stop, at)


@retry_on_conflict
def _depart(caller: Caller, assignment_id: str, stop: int | None, at: datetime) -> Assignment:
    before = repository.get(caller, assignment_id)
    progress = geofence.known_progress(before.stops)
    if stop is not None and stop < progress.stop:
        return before
    _require_under_way(before)
    if stop is not None and stop > progress.stop:
        raise StopNotReached(f"The vehicle has not reached stop {stop}.")
    if progress.stop >= len(before.stops) - 1:
        raise NoStopToDepart("The vehicle is at its last stop. Check out instead.")
    at = _normalize_time(before, at)
    conditions: list[Op] = []
    alarm_events: list[Event] = []
    if before.status is AssignmentStatus.CHECKED_IN and _is_past_end(before):
        alarm_events = progress_writer.departure_alarms(before)
    elif before.status is AssignmentStatus.CHECKED_IN:
        from coachway.dispatch.matching import departure_check
        from coachway.dispatch.tracking import charter_progress

        conditions = departure_check.require_departure_ops(before)
        charter = charter_progress.get_charter(before)
        if charter.status not in {CharterStatus.CONFIRMED, CharterStatus.IN_PROGRESS}:
            raise CharterNotConfirmed(f"Charter {charter.number} is {charter.status}, not confirmed.")
    arrival = [] if progress.there else [StopEvent(progress.stop, StopEventKind.ARRIVED, at)]
    stop_events = [*arrival, StopEvent(progress.stop, StopEventKind.DEPARTED, at)]
    step = trip_progress.apply_stop_events_to_assignment(before, stop_events, _free_wait(before))
    return progress_writer.write_step(caller, before, step, ops=conditions, events=alarm_events)


def check_out(caller: Caller, assignment_id: str, body: DutyInput) -> Assignment:
    """Check out; completes a trip whose last drop-off no position has shown. Checking out twice changes nothing.

    Raises Conflict before the trip has left its first stop: then it is for dispatch to release it.
    """
    at = body.resolve_time(caller)
    return _check_out(caller, assignment_id, at)


@retry_on_conflict
def _check_out(caller: Caller, assignment_id: str, at: datetime) -> Assignment:
    before = repository.get(caller, assignment_id)
    if before.checked_out_at is not None:
        return before
    if before.status.is_under_way and geofence.known_progress(before.stops).stop > 0:
        at, free_wait = max(at, _last_event_at(before)), _free_wait(before)
        stop_events = [StopEvent(len(before.stops) - 1, StopEventKind.ARRIVED, at)]
        step = trip_progress.apply_stop_events_to_assignment(before, stop_events, free_wait)
        if step.starts_trip:  # another vehicle left the first stop, and this one took over
            before = progress_writer.write_step(caller, before, step)
            step = trip_progress.apply_stop_events_to_assignment(before, stop_events, free_wait)
        step.after.checked_out_at = at
        return progress_writer.write_step(
            caller,
            before,
            step,
            events=[AssignmentCheckedOut(**assignment_event_payloads.assignment_event_fields(before), at=at)],
        )
    if before.status is not AssignmentStatus.COMPLETED:
        hint = "Depart from the first stop, or have the assignment released."
        raise TripNotStarted(f"This assignment is {before.status}. {hint}")
    at = max(at, _last_event_at(before))
    after = before.model_copy(update={"checked_out_at": at})
    store.commit(
        caller,
        Update(
            before, after, [AssignmentCheckedOut(**assignment_event_payloads.assignment_event_fields(after), at=at)]
        ),
    )
    return after


def _is_past_end(assignment: Assignment) -> bool:
    """Whether its driver says what was done, and asks no more whether it may be."""
    return assignment.ends_at <= clock.now()


def _require_under_way(assignment: Assignment) -> None:
    if not assignment.status.is_under_way:
        raise DriverNotOnDuty(f"This assignment is {assignment.status}. Check in first.")


def _normalize_time(assignment: Assignment, at: datetime) -> datetime:
    """The moment, but not before the last thing that is known to have happened: clocks differ.

    Raises Invalid where they do not differ by so much.
    """
    last = _last_event_at(assignment)
    if at < last - CLOCK_SKEW:
        raise errors.Invalid.field("at", f"must not be before {last.isoformat(timespec='seconds')}")
    return max(at, last)


def _last_event_at(assignment: Assignment) -> datetime:
    moments = [moment for stop in assignment.stops for moment in (stop.arrived_at, stop.departed_at)]
    return max(filter(None, [assignment.checked_in_at or assignment.offered_at, *moments]))


def _free_wait(assignment: Assignment) -> timedelta:
    return timedelta(minutes=organization_queries.get(assignment.org_id).free_wait_minutes)
