"""What arrivals and departures make of an assignment. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from coachway.contracts.dispatch.assignments import TripArrived, TripDeparted
from coachway.core.persistence.domain_events import Event
from coachway.dispatch.assignments import event_payloads as assignment_event_payloads
from coachway.dispatch.assignments.model import Assignment, AssignmentStop
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.tracking import eta
from coachway.dispatch.tracking.geofence import StopEvent, StopEventKind, planned_time

_MINUTE: Final = timedelta(minutes=1)
_MAX_EVENTS: Final = 20
"""Of one transaction."""


@dataclass(slots=True)
class ProgressStep:
    """An assignment after some passages, and what is to be told of them."""

    after: Assignment
    events: list[Event] = field(default_factory=list)
    starts: bool = False
    """The vehicle leaves its first stop: the trip begins."""
    ends: bool = False
    """It has come to its last: the passengers are dropped off."""

    changes: bool = False


def apply_stop_events_to_assignment(
    before: Assignment, passages: Iterable[StopEvent], free_wait: timedelta
) -> ProgressStep:
    """Note passages that were seen. What was told before stands; it can only turn out to have been earlier.

    Not all may fit into one step: a trip that begins does not end in the same. Go on until nothing changes.
    """
    stops = [stop.model_copy() for stop in before.stops]
    step = ProgressStep(before.model_copy(update={"stops": stops}))
    for passage in passages:
        is_last = passage.stop == len(stops) - 1
        ends = is_last and passage.happening is StopEventKind.ARRIVED and stops[passage.stop].arrived_at is None
        if _is_trip_start(passage, step.after.status):
            step.after.status, step.starts = AssignmentStatus.IN_PROGRESS, True
        if (ends and step.starts) or len(step.events) == _MAX_EVENTS:
            break
        if ends and step.after.status is not AssignmentStatus.IN_PROGRESS:
            continue
        stop = stops[passage.stop]
        name = f"{passage.happening}_at"
        told = getattr(stop, name)
        if told is not None and told <= passage.at:
            continue
        setattr(stop, name, passage.at)
        _set_dwell(stops, passage.stop, free_wait)
        step.changes = True
        if told is not None:
            continue
        step.events.append(_event(before, passage, stop, is_last=is_last))
        if _is_on_time(passage, stop):
            step.after.late_minutes = None  # what was feared did not come, so what comes next is told anew
        if ends:
            step.after.status, step.ends = AssignmentStatus.COMPLETED, True
            break
    step.changes = step.changes or step.starts
    return step


def _is_trip_start(passage: StopEvent, status: AssignmentStatus) -> bool:
    """Whether this shows that the vehicle is on its way: it left its first stop, or is at a later one."""
    is_off = passage.stop > 0 or passage.happening is StopEventKind.DEPARTED
    return is_off and status is AssignmentStatus.CHECKED_IN


def _set_dwell(stops: list[AssignmentStop], number: int, free_wait: timedelta) -> None:
    waited = eta.dwell_minutes(stops, number, free_wait)
    if waited is not None:
        stops[number].dwell_minutes, stops[number].billable_minutes = waited


def _is_on_time(passage: StopEvent, stop: AssignmentStop) -> bool:
    wanted = planned_time(stop)
    if wanted is None or passage.happening is StopEventKind.DEPARTED:
        return False
    return eta.late_step((passage.at - wanted) // _MINUTE) <= 0


def _event(assignment: Assignment, passage: StopEvent, stop: AssignmentStop, *, is_last: bool) -> Event:
    said = {
        **assignment_event_payloads.assignment_event_fields(assignment),
        "stop": passage.stop,
        "address": stop.address,
        "at": passage.at,
    }
    if passage.happening is StopEventKind.ARRIVED:
        return TripArrived(**said, planned_at=planned_time(stop), is_last=is_last)
    left_at = stop.departure or stop.arrival
    late = (passage.at - left_at) // _MINUTE if left_at is not None else None
    return TripDeparted(
        **said,
        planned_at=left_at,
        late_minutes=max(0, late) if late is not None else None,
        dwell_minutes=stop.dwell_minutes,
        billable_minutes=stop.billable_minutes,
    )
