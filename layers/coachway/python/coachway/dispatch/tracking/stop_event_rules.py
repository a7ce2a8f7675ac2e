"""Apply arrivals and departures to an assignment. Pure: no clock, no I/O."""

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
from coachway.dispatch.tracking.geofence import StopEvent, StopEventKind, get_planned_time

_MINUTE: Final = timedelta(minutes=1)
_MAX_EVENTS: Final = 20
"""The most events in one transaction."""


@dataclass(slots=True)
class ProgressStep:
    """An assignment after some stop events, and the events to publish."""

    after: Assignment
    events: list[Event] = field(default_factory=list)
    starts_trip: bool = False
    """The vehicle leaves its first stop: the trip begins."""
    ends_trip: bool = False
    """The vehicle reaches its last stop: the passengers are dropped off."""
    is_changed: bool = False


def apply_stop_events_to_assignment(
    before: Assignment, stop_events: Iterable[StopEvent], free_wait: timedelta
) -> ProgressStep:
    """Apply stop events to an assignment. Recorded times stay, unless an event shows an earlier time.

    One step may not apply all events: a trip does not start and end in the same step. Repeat until nothing changes.
    """
    stops = [stop.model_copy() for stop in before.stops]
    step = ProgressStep(before.model_copy(update={"stops": stops}))
    for stop_event in stop_events:
        is_last = stop_event.stop == len(stops) - 1
        ends = is_last and stop_event.kind is StopEventKind.ARRIVED and stops[stop_event.stop].arrived_at is None
        if _is_trip_start(stop_event, step.after.status):
            step.after.status, step.starts_trip = AssignmentStatus.IN_PROGRESS, True
        if (ends and step.starts_trip) or len(step.events) == _MAX_EVENTS:
            break
        if ends and step.after.status is not AssignmentStatus.IN_PROGRESS:
            continue
        stop = stops[stop_event.stop]
        name = f"{stop_event.kind}_at"
        recorded_at = getattr(stop, name)
        if recorded_at is not None and recorded_at <= stop_event.at:
            continue
        setattr(stop, name, stop_event.at)
        _set_dwell(stops, stop_event.stop, free_wait)
        step.is_changed = True
        if recorded_at is not None:
            continue
        step.events.append(_event(before, stop_event, stop, is_last=is_last))
        if _is_on_time(stop_event, stop):
            step.after.late_minutes = None  # the vehicle is on time again, so a new delay raises a new alarm
        if ends:
            step.after.status, step.ends_trip = AssignmentStatus.COMPLETED, True
            break
    step.is_changed = step.is_changed or step.starts_trip
    return step


def _is_trip_start(stop_event: StopEvent, status: AssignmentStatus) -> bool:
    """Whether the event shows that the trip has started: the vehicle left its first stop, or is at a later one."""
    is_departed = stop_event.stop > 0 or stop_event.kind is StopEventKind.DEPARTED
    return is_departed and status is AssignmentStatus.CHECKED_IN


def _set_dwell(stops: list[AssignmentStop], number: int, free_wait: timedelta) -> None:
    dwell = eta.calculate_dwell_minutes(stops, number, free_wait)
    if dwell is not None:
        stops[number].dwell_minutes, stops[number].billable_minutes = dwell


def _is_on_time(stop_event: StopEvent, stop: AssignmentStop) -> bool:
    planned_at = get_planned_time(stop)
    if planned_at is None or stop_event.kind is StopEventKind.DEPARTED:
        return False
    return eta.count_late_steps((stop_event.at - planned_at) // _MINUTE) <= 0


def _event(assignment: Assignment, stop_event: StopEvent, stop: AssignmentStop, *, is_last: bool) -> Event:
    fields = {
        **assignment_event_payloads.assignment_event_fields(assignment),
        "stop": stop_event.stop,
        "address": stop.address,
        "at": stop_event.at,
    }
    if stop_event.kind is StopEventKind.ARRIVED:
        return TripArrived(**fields, planned_at=get_planned_time(stop), is_last=is_last)
    planned_departure = stop.departure or stop.arrival
    late_minutes = (stop_event.at - planned_departure) // _MINUTE if planned_departure is not None else None
    return TripDeparted(
        **fields,
        planned_at=planned_departure,
        late_minutes=max(0, late_minutes) if late_minutes is not None else None,
        dwell_minutes=stop.dwell_minutes,
        billable_minutes=stop.billable_minutes,
    )
