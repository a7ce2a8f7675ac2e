"""A driver's duty: check in, depart from stops without positions, check out."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from coachway.bookings.charters.rules import CharterStatus
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
from coachway.dispatch.assignments import repository, visibility
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import EARLIEST_CHECK_IN, REACH, TRANSITIONS, AssignmentStatus
from coachway.dispatch.errors import (
    CharterNotConfirmed,
    CheckInTooEarly,
    DriverNotOnDuty,
    NoStopToDepart,
    StopNotReached,
    VehicleNotDeparted,
)
from coachway.dispatch.tracking import geofence, stop_event_rules, stop_event_service
from coachway.dispatch.tracking.geofence import StopEvent, StopEventKind
from coachway.dispatch.tracking.position_ingest import CLOCK_SKEW
from coachway.identity import organization_queries

_LONGEST_AGO: Final = timedelta(hours=24)
"""How old an action that a driver reports may be. Staff may report as far back as the hours rules look (`REACH`)."""


class DutyInput(RequestSchema):
    """The time of the action. A phone that was offline sends it later."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    at: Annotated[
        Timestamp | None,
        Field(
            description="Defaults to now. Must not be in the future, nor more than a day ago (for staff, nine days)."
        ),
    ] = None

    def resolve_time(self, caller: Caller) -> datetime:
        """Return the time of the action. Raises Invalid when it is in the future or too long ago."""
        now, oldest_age = clock.now(), _LONGEST_AGO if caller.is_external else REACH
        if self.at is None:
            return now
        if not now - oldest_age <= self.at <= now + CLOCK_SKEW:
            limit = "a day" if caller.is_external else f"{oldest_age.days} days"
            raise errors.Invalid.field("at", f"must not be in the future, nor more than {limit} ago")
        return min(self.at, now)


class DepartInput(DutyInput):
    """Which stop the vehicle left, and when."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"stop": 0}]})

    stop: Annotated[
        int | None,
        Field(ge=0, le=49, description="Counted from 0. Defaults to the stop where the vehicle is, or the next one."),
    ] = None


def check_in(caller: Caller, assignment_id: str, body: DutyInput) -> Assignment:
    """Check in for duty, which also accepts the offer. Checking in twice changes nothing.

    Raises Conflict, whose `errors` list each problem: compliance documents of drivers, vehicle and carrier that are not
    in order today, and the hours of service by the crew's actual log. A duty that should be over is recorded without
    checks.
    """
    at = body.resolve_time(caller)
    return _check_in(caller, assignment_id, at)


@retry_on_conflict
def _check_in(caller: Caller, assignment_id: str, at: datetime) -> Assignment:
    before = repository.get_assignment(caller, assignment_id)
    if before.checked_in_at is not None and before.status is not AssignmentStatus.RELEASED:
        return before
    TRANSITIONS.require(before.status, AssignmentStatus.CHECKED_IN)
    if at < before.starts_at - EARLIEST_CHECK_IN:
        starts_at = before.starts_at.isoformat(timespec="minutes")
        raise CheckInTooEarly(
            f"The duty begins at {starts_at}; check in at most {EARLIEST_CHECK_IN // timedelta(hours=1)} hours before."
        )
    # Imported here: documents and hours rules, which a function that mostly stores positions need not load at start.
    from coachway.dispatch.matching import crew_limits, departure_readiness

    conditions: list[Op] = []
    if not _is_past_end(before):
        conditions = departure_readiness.require_departure_ops(before)
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
    """Record a departure that no position shows. Departing twice changes nothing.

    Raises Conflict before check-in, at the last stop, and at the first stop when documents are not in order or the
    charter is not confirmed. For a trip that should be over, missing documents raise an alarm instead.
    """
    at = body.resolve_time(caller)
    return _depart(caller, assignment_id, body.stop, at)


@retry_on_conflict
def _depart(caller: Caller, assignment_id: str, stop: int | None, at: datetime) -> Assignment:
    before = repository.get_assignment(caller, assignment_id)
    progress = geofence.apply_recorded_events(before.stops)
    if stop is not None and stop < progress.stop:
        return visibility.hide_restricted_fields(caller, before)
    _require_under_way(before)
    if stop is not None and stop > progress.stop:
        raise StopNotReached(f"The vehicle has not reached stop {stop}.")
    if progress.stop >= len(before.stops) - 1:
        raise NoStopToDepart("The vehicle is at its last stop. Check out instead.")
    at = _normalize_time(before, at)
    conditions: list[Op] = []
    alarm_events: list[Event] = []
    if before.status is AssignmentStatus.CHECKED_IN and _is_past_end(before):
        alarm_events = stop_event_service.build_departure_alarms(before)
    elif before.status is AssignmentStatus.CHECKED_IN:
        from coachway.dispatch.matching import departure_readiness
        from coachway.dispatch.tracking import charter_status_ops

        conditions = departure_readiness.require_departure_ops(before)
        charter = charter_status_ops.get_charter(before)
        if charter.status not in {CharterStatus.CONFIRMED, CharterStatus.IN_PROGRESS}:
            raise CharterNotConfirmed(f"Charter {charter.number} is {charter.status}, not confirmed.")
    arrival = [] if progress.is_at_stop else [StopEvent(progress.stop, StopEventKind.ARRIVED, at)]
    stop_events = [*arrival, StopEvent(progress.stop, StopEventKind.DEPARTED, at)]
    step = stop_event_rules.apply_reported_events(before, stop_events, _free_wait(before))
    return stop_event_service.write_step(caller, before, step, ops=conditions, events=alarm_events)


def check_out(caller: Caller, assignment_id: str, body: DutyInput) -> Assignment:
    """Check out, and complete the trip if no position has shown the last drop-off. Checking out twice changes nothing.

    Raises Conflict before the vehicle has left its first stop: then the dispatcher must release the assignment.
    """
    at = body.resolve_time(caller)
    return _check_out(caller, assignment_id, at)


@retry_on_conflict
def _check_out(caller: Caller, assignment_id: str, at: datetime) -> Assignment:
    before = repository.get_assignment(caller, assignment_id)
    if before.checked_out_at is not None:
        return before
    if before.status.is_under_way and geofence.apply_recorded_events(before.stops).stop > 0:
        at, free_wait = max(at, _last_event_at(before)), _free_wait(before)
        stop_events = [StopEvent(len(before.stops) - 1, StopEventKind.ARRIVED, at)]
        step = stop_event_rules.apply_reported_events(before, stop_events, free_wait)
        if step.starts_trip:  # this crew took over after another vehicle had left the first stop
            # The second step stores the response to this request.
            before = stop_event_service.write_step(caller.without_idempotency(), before, step)
            step = stop_event_rules.apply_reported_events(before, stop_events, free_wait)
        step.after.checked_out_at = at
        return stop_event_service.write_step(
            caller,
            before,
            step,
            events=[AssignmentCheckedOut(**assignment_event_payloads.assignment_event_fields(before), at=at)],
        )
    if before.status is not AssignmentStatus.COMPLETED:
        hint = "Depart from the first stop, or have the assignment released."
        raise VehicleNotDeparted(f"This assignment is {before.status}. {hint}")
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
    """Whether the duty should be over, so that its times are recorded without the checks before departure."""
    return assignment.ends_at <= clock.now()


def _require_under_way(assignment: Assignment) -> None:
    if not assignment.status.is_under_way:
        raise DriverNotOnDuty(f"This assignment is {assignment.status}. Check in first.")


def _normalize_time(assignment: Assignment, at: datetime) -> datetime:
    """Return the time, but not before the latest known event: clocks differ.

    Raises Invalid when the time is earlier by more than `CLOCK_SKEW`.
    """
    last = _last_event_at(assignment)
    if at < last - CLOCK_SKEW:
        raise errors.Invalid.field("at", f"must not be before {last.isoformat(timespec='seconds')}")
    return max(at, last)


def _last_event_at(assignment: Assignment) -> datetime:
    moments = [moment for stop in assignment.stops for moment in (stop.arrived_at, stop.departed_at)]
    return max(filter(None, [assignment.checked_in_at or assignment.offered_at, *moments]))


def _free_wait(assignment: Assignment) -> timedelta:
    return timedelta(minutes=organization_queries.get_organization(assignment.org_id).free_wait_minutes)
