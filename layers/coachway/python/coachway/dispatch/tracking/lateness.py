"""Detect delays without positions, and schedule the next check of an assignment. Pure: no clock, no I/O."""

from datetime import datetime, timedelta
from typing import Final

from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import GRACE, AssignmentStatus
from coachway.dispatch.tracking.eta import LATE_STEP_MINUTES, MAX_LATE_STEPS, Lateness, count_late_steps
from coachway.dispatch.tracking.geofence import Progress, apply_recorded_events, get_planned_time

CHECK_INTERVAL: Final = timedelta(minutes=30)
"""How often a vehicle under way is checked."""
_STEP: Final = timedelta(minutes=LATE_STEP_MINUTES)
_MINUTE: Final = timedelta(minutes=1)
_WAITING: Final = frozenset({AssignmentStatus.OFFERED, AssignmentStatus.ACCEPTED})


def is_check_in_overdue(assignment: Assignment, now: datetime) -> bool:
    """Whether the driver should have checked in, and no alarm was sent yet."""
    is_alarm_open = assignment.status in _WAITING and assignment.check_in_alarm_at is None
    return is_alarm_open and now >= assignment.starts_at + GRACE


def calculate_minimum_lateness(assignment: Assignment, progress: Progress, now: datetime) -> Lateness | None:
    """The delay that is certain without a position: the vehicle should have left or reached a stop by now."""
    if not assignment.status.is_live or progress.stop >= len(assignment.stops):
        return None
    planned_at = get_planned_time(assignment.stops[progress.stop])
    late_stop = progress.stop
    if progress.is_at_stop:
        planned_at, late_stop = assignment.stops[progress.stop].departure, progress.stop + 1
    if planned_at is None or now <= planned_at or late_stop >= len(assignment.stops):
        return None
    if get_planned_time(assignment.stops[late_stop]) is None:
        return None
    return Lateness(late_stop, (now - planned_at) // _MINUTE)


def calculate_next_check_time(assignment: Assignment, now: datetime) -> datetime | None:
    """When the timer must check an assignment next; None when it is over."""
    if not assignment.status.is_live:
        return None
    moments = [_next_late_step_at(assignment)]
    if assignment.status in _WAITING and assignment.check_in_alarm_at is None:
        moments.append(assignment.starts_at + GRACE)
    if assignment.status.is_under_way:
        moments.append(now + CHECK_INTERVAL)
        if assignment.may_drive_until is not None and assignment.hours_exceeded_at is None:
            moments.append(assignment.may_drive_until + _MINUTE)
    future_moments = [moment for moment in moments if moment is not None and moment > now]
    return min(future_moments, default=now + CHECK_INTERVAL)


def _next_late_step_at(assignment: Assignment) -> datetime | None:
    """When the delay will reach the next alarm step if nothing happens."""
    progress = apply_recorded_events(assignment.stops)
    steps = count_late_steps(assignment.late_minutes) + 1
    if progress.stop >= len(assignment.stops) or steps > MAX_LATE_STEPS:
        return None
    stop = assignment.stops[progress.stop]
    planned_at = stop.departure if progress.is_at_stop else get_planned_time(stop)
    return planned_at + steps * _STEP if planned_at is not None else None
