"""Apply stop events and alarms to the assignment and its charter."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from coachway.contracts.dispatch.assignments import (
    TripArrived,
    TripDeparted,
    TripDocumentsMissing,
    TripHoursExceeded,
    TripLateRisk,
)
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Op, Update
from coachway.core.runtime import clock
from coachway.dispatch.assignments import event_payloads as assignment_event_payloads
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.tracking import eta, position_trust, stop_event_rules
from coachway.dispatch.tracking.geofence import Progress, apply_recorded_events, get_planned_time
from coachway.dispatch.tracking.position_encoding import GpsPosition
from coachway.dispatch.tracking.position_store import MergedTrail
from coachway.dispatch.tracking.stop_event_rules import ProgressStep
from coachway.identity import organization_queries

_TRACKED: Final = frozenset({AssignmentStatus.CHECKED_IN, AssignmentStatus.IN_PROGRESS, AssignmentStatus.COMPLETED})
FRESH: Final = timedelta(minutes=10)
"""The age from which a position no longer shows where the vehicle is."""


def apply_detected_events(caller: Caller, assignment: Assignment, trail: MergedTrail) -> Assignment:
    """Store the stop events that positions show, with their effects, and return the assignment after them.

    Stop events are facts: none is refused, and late ones are stored as well. A departure with invalid documents raises
    an alarm. Raises ConcurrentUpdate.
    """
    if assignment.status not in _TRACKED or not (
        trail.stop_events
        or stop_event_rules.list_disproved_events(assignment, trail.initial_progress, trail.stop_events)
    ):
        return assignment
    free_wait = timedelta(minutes=organization_queries.get_organization(assignment.org_id).free_wait_minutes)
    while (
        step := stop_event_rules.apply_detected_events(assignment, trail.initial_progress, trail.stop_events, free_wait)
    ).is_changed:
        assignment = write_step(
            caller, assignment, step, events=build_departure_alarms(assignment) if step.starts_trip else []
        )
    return assignment


def build_departure_alarms(assignment: Assignment) -> list[Event]:
    """Return the event of a departure although a driver, the vehicle or documents are not in order."""
    from coachway.dispatch.matching import departure_readiness

    reasons = departure_readiness.departure_reasons(assignment)
    return (
        [TripDocumentsMissing(**assignment_event_payloads.assignment_event_fields(assignment), reasons=reasons)]
        if reasons
        else []
    )


def write_step(
    caller: Caller, before: Assignment, step: ProgressStep, *, ops: Sequence[Op] = (), events: Sequence[Event] = ()
) -> Assignment:
    """Store one step: the assignment, its events, and the change of its charter. Raises ConcurrentUpdate."""
    # Imported here: hours rules and charters, which positions without stop events do not need.
    from coachway.dispatch.matching import crew_limits
    from coachway.dispatch.tracking import charter_status_ops

    after = step.after
    if any(isinstance(event, TripDeparted | TripArrived) for event in step.events):
        progress = apply_recorded_events(after.stops)
        is_driving = after.status.is_under_way and progress.stop > 0 and not progress.is_at_stop
        after.may_drive_until = crew_limits.calculate_drive_limit(after, clock.now()) if is_driving else None
    all_ops: list[Op] = [Update(before, after, [*step.events, *events]), *ops]
    if step.starts_trip:
        all_ops += charter_status_ops.start_charter_ops(caller, charter_status_ops.get_charter(after), after)
    if step.ends_trip:
        all_ops += charter_status_ops.complete_charter_ops(caller, charter_status_ops.get_charter(after), after)
    store.commit(caller, *all_ops)
    return after


def raise_alarms(caller: Caller, before: Assignment, progress: Progress, counted: Sequence[GpsPosition]) -> Assignment:
    """Raise alarms by the newest positions (late, or driven too long), each once; returns the assignment after them.

    One position alone raises no alarm: an alarm can call another driver.
    """
    now = clock.now()
    confirmed = find_confirmed_positions(counted, now)
    if not before.status.is_under_way or confirmed is None:
        return before
    after = before.model_copy()
    events = [
        *_late_events(before, after, progress, counted, confirmed, now),
        *build_hours_exceeded_events(before, after, driven_at=None if progress.is_at_stop else counted[-1].at),
    ]
    if not events:
        return before
    store.commit(caller, Update(before, after, events))
    return after


def find_confirmed_positions(counted: Sequence[GpsPosition], now: datetime) -> tuple[GpsPosition, GpsPosition] | None:
    """Return the newest position and the one that confirms it; None if there is none, or the newest one is too old.

    A repetition of the same coordinates confirms nothing: a receiver that is stuck sends it as well.
    """
    if not counted or now - counted[-1].at > FRESH:
        return None
    newest = counted[-1]
    for position in reversed(counted[:-1]):
        if newest.at - position.at > FRESH:
            return None
        if not position_trust.is_repeated(newest, position):
            return position, newest
    return None


def _late_events(
    before: Assignment,
    after: Assignment,
    progress: Progress,
    counted: Sequence[GpsPosition],
    confirmed: Iterable[GpsPosition],
    now: datetime,
) -> list[Event]:
    """Return the event of the delay by the newest position, or by the one before if that shows a smaller delay."""
    speed = eta.calculate_average_speed(counted)
    estimates: list[tuple[eta.Lateness, datetime | None]] = []
    for position in confirmed:
        arrivals = eta.estimate_arrivals(progress.move_to(position), before.stops, now, speed)
        lateness = eta.find_lateness(before.stops, arrivals)
        if lateness is None:
            return []
        estimates.append((lateness, arrivals[lateness.stop]))
    return build_late_risk_events(before, after, *min(estimates, key=lambda estimate: estimate[0].minutes))


def build_late_risk_events(
    before: Assignment, after: Assignment, lateness: eta.Lateness | None, expected_at: datetime | None
) -> list[Event]:
    """Return the event of a delay that has reached another alarm step, and record it in `after`."""
    if lateness is None or eta.count_late_steps(lateness.minutes) <= eta.count_late_steps(before.late_minutes):
        return []
    stop = before.stops[lateness.stop]
    planned_at = get_planned_time(stop)
    if planned_at is None:
        return []
    after.late_minutes = lateness.minutes
    return [
        TripLateRisk(
            **assignment_event_payloads.assignment_event_fields(before),
            minutes=lateness.minutes,
            stop=lateness.stop,
            address=stop.address,
            planned_at=planned_at,
            expected_at=expected_at,
        )
    ]


def build_hours_exceeded_events(before: Assignment, after: Assignment, *, driven_at: datetime | None) -> list[Event]:
    """Return the event of a vehicle driven beyond the hours of its whole crew, and record it in `after`."""
    limit = before.may_drive_until
    if driven_at is None or limit is None or driven_at <= limit or before.hours_exceeded_at is not None:
        return []
    after.hours_exceeded_at = driven_at
    return [TripHoursExceeded(**assignment_event_payloads.assignment_event_fields(before), since=limit)]
