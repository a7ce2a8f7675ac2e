"""What is late without anybody telling where the vehicle is, and when to look again. Pure: no clock, no I/O."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import GRACE, AssignmentStatus
from coachway.dispatch.tracking.eta import LATE_STEP_MINUTES, MAX_LATE_STEPS, Lateness, late_step
from coachway.dispatch.tracking.geofence import Progress, known_progress, planned_time

CHECK_INTERVAL: Final = timedelta(minutes=30)
"""A vehicle under way is looked at so often: what it may do changes on the way."""
_STEP: Final = timedelta(minutes=LATE_STEP_MINUTES)
_MINUTE: Final = timedelta(minutes=1)
_WAITING: Final = frozenset({AssignmentStatus.OFFERED, AssignmentStatus.ACCEPTED})


def is_unstarted(assignment: Assignment, now: datetime) -> bool:
    """Whether the driver should have reported for duty, and nobody was told yet."""
    waits = assignment.status in _WAITING and assignment.unstarted_at is None
    return waits and now >= assignment.starts_at + GRACE


def minimum_lateness(assignment: Assignment, progress: Progress, now: datetime) -> Lateness | None:
    """How late a vehicle is at the least, wherever it is: the stop that it should have left or reached by now."""
    if not assignment.status.is_live or progress.stop >= len(assignment.stops):
        return None
    wanted = planned_time(assignment.stops[progress.stop])
    following = progress.stop
    if progress.there:
        wanted, following = assignment.stops[progress.stop].departure, progress.stop + 1
    if wanted is None or now <= wanted or following >= len(assignment.stops):
        return None
    if planned_time(assignment.stops[following]) is None:
        return None
    return Lateness(following, (now - wanted) // _MINUTE)


def next_check_at(assignment: Assignment, now: datetime) -> datetime | None:
    """When a timer must look at an assignment next; None when it is over."""
    if not assignment.status.is_live:
        return None
    moments = [_next_late_step_at(assignment)]
    if assignment.status in _WAITING and assignment.unstarted_at is None:
        moments.append(assignment.starts_at + GRACE)
    if assignment.status.is_under_way:
        moments.append(now + CHECK_INTERVAL)
        if assignment.may_drive_until is not None and assignment.hours_exceeded_at is None:
            moments.append(assignment.may_drive_until + _MINUTE)
    ahead = [moment for moment in moments if moment is not None and moment > now]
    return min(ahead, default=now + CHECK_INTERVAL)


def _next_late_step_at(assignment: Assignment) -> datetime | None:
    """When the lateness that was told last has grown by another quarter of an hour, should nothing happen."""
    progress = known_progress(assignment.stops)
    steps = late_step(assignment.late_minutes) + 1
    if progress.stop >= len(assignment.stops) or steps > MAX_LATE_STEPS:
        return None
    stop = assignment.stops[progress.stop]
    wanted = stop.departure if progress.there else planned_time(stop)
    return wanted + steps * _STEP if wanted is not None else None
