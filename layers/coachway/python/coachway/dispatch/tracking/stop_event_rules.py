"""Apply arrivals and departures to an assignment. Pure: no clock, no I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from coachway.contracts.dispatch.assignments import TripArrived, TripDeparted
from coachway.core.persistence.domain_events import Event
from coachway.dispatch.assignments import event_payloads as assignment_event_payloads
from coachway.dispatch.assignments.model import Assignment, AssignmentStop
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.tracking import eta
from coachway.dispatch.tracking.geofence import Progress, StopEvent, StopEventKind, get_planned_time

_MINUTE: Final = timedelta(minutes=1)
_MAX_EVENTS: Final = 20
"""The most events in one transaction."""
REPORTED_FIELDS: Final[Mapping[StopEventKind, str]] = {
    StopEventKind.ARRIVED: "reported_arrival_at",
    StopEventKind.DEPARTED: "reported_departure_at",
}
"""The field of a stop that has the time which a person reported."""


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


def apply_reported_events(before: Assignment, stop_events: Iterable[StopEvent], free_wait: timedelta) -> ProgressStep:
    """Apply stop events that a person reports. Recorded times stay, unless an event shows an earlier time.

    One step may not apply all events: a trip does not start and end in the same step. Repeat until nothing changes.
    """
    step = _create_step(before)
    for stop_event in stop_events:
        stop, name = step.after.stops[stop_event.stop], f"{stop_event.kind}_at"
        at = min(stop_event.at, getattr(stop, name) or stop_event.at)
        may_continue = _apply_event(before, step, stop_event, at, free_wait)
        if getattr(stop, name) == stop_event.at:
            setattr(stop, REPORTED_FIELDS[stop_event.kind], stop_event.at)
        if not may_continue:
            break
    step.is_changed = step.is_changed or step.starts_trip
    return step


def apply_detected_events(
    before: Assignment, initial_progress: Progress, stop_events: Sequence[StopEvent], free_wait: timedelta
) -> ProgressStep:
    """Apply the stop events that positions show, which are all of those after `initial_progress`.

    Times that earlier positions showed are corrected, or removed if the positions that have come since disprove them.
    Reported times stay, unless positions show an earlier time. Repeat until nothing changes, as for reported events.
    """
    step = _create_step(before)
    for number, kind in list_disproved_events(before, initial_progress, stop_events):
        stop = step.after.stops[number]
        setattr(stop, f"{kind}_at", getattr(stop, REPORTED_FIELDS[kind]))
        _set_dwell(step.after.stops, number, free_wait)
        step.is_changed = True
    for stop_event in stop_events:
        reported_at = getattr(step.after.stops[stop_event.stop], REPORTED_FIELDS[stop_event.kind])
        if not _apply_event(before, step, stop_event, min(stop_event.at, reported_at or stop_event.at), free_wait):
            break
    step.is_changed = step.is_changed or step.starts_trip
    return step


def list_disproved_events(
    assignment: Assignment, initial_progress: Progress, stop_events: Iterable[StopEvent]
) -> list[tuple[int, StopEventKind]]:
    """List the recorded stop events after `initial_progress` that no person reported and no position shows.

    The arrival that ended the trip is not listed, nor the departure that started it if positions do not show a later
    stop: a trip that has started or ended stays so.
    """
    shown = {(stop_event.stop, stop_event.kind) for stop_event in stop_events}
    if assignment.status is not AssignmentStatus.CHECKED_IN and not any(number > 0 for number, _ in shown):
        shown.add((0, StopEventKind.DEPARTED))
    if assignment.status is AssignmentStatus.COMPLETED:
        shown.add((len(assignment.stops) - 1, StopEventKind.ARRIVED))
    return [
        (number, kind)
        for number, stop in enumerate(assignment.stops)
        for kind in StopEventKind
        if (number, kind) not in shown
        and not initial_progress.includes(number, kind)
        and getattr(stop, f"{kind}_at") != getattr(stop, REPORTED_FIELDS[kind])
    ]


def _create_step(before: Assignment) -> ProgressStep:
    return ProgressStep(before.model_copy(update={"stops": [stop.model_copy() for stop in before.stops]}))


def _apply_event(
    before: Assignment, step: ProgressStep, stop_event: StopEvent, at: datetime, free_wait: timedelta
) -> bool:
    """Record a stop event at a time; returns whether the step may apply more of them."""
    stops, name = step.after.stops, f"{stop_event.kind}_at"
    stop = stops[stop_event.stop]
    recorded_at = getattr(stop, name)
    is_last = stop_event.stop == len(stops) - 1
    ends = is_last and stop_event.kind is StopEventKind.ARRIVED and recorded_at is None
    if _is_trip_start(stop_event, step.after.status):
        step.after.status, step.starts_trip = AssignmentStatus.IN_PROGRESS, True
    if (ends and step.starts_trip) or len(step.events) == _MAX_EVENTS:
        return False
    if recorded_at == at or (ends and step.after.status is not AssignmentStatus.IN_PROGRESS):
        return True
    setattr(stop, name, at)
    _set_dwell(stops, stop_event.stop, free_wait)
    step.is_changed = True
    if recorded_at is None:
        step.events.append(_event(before, stop_event, stop, is_last=is_last))
        if _is_on_time(stop_event, stop):
            step.after.late_minutes = None  # the vehicle is on time again, so a new delay raises a new alarm
        if ends:
            step.after.status, step.ends_trip = AssignmentStatus.COMPLETED, True
            return False
    return True


def _is_trip_start(stop_event: StopEvent, status: AssignmentStatus) -> bool:
    """Whether the event shows that the trip has started: the vehicle left its first stop, or is at a later one."""
    is_departed = stop_event.stop > 0 or stop_event.kind is StopEventKind.DEPARTED
    return is_departed and status is AssignmentStatus.CHECKED_IN


def _set_dwell(stops: list[AssignmentStop], number: int, free_wait: timedelta) -> None:
    dwell = eta.calculate_dwell_minutes(stops, number, free_wait)
    stops[number].dwell_minutes, stops[number].billable_minutes = dwell or (None, None)


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
