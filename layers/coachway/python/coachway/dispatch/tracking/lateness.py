"""What is late without anybody telling where the vehicle is, and when to look again. Pure: no clock, no I/O."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import GRACE, AssignmentStatus
from coachway.dispatch.tracking.eta import LATE_STEP_MINUTES, MOST_STEPS, Lateness, late_step
from coachway.dispatch.tracking.geofence import Progress, planned, told

OFTEN: Final = timedelta(minutes=30)
"""A vehicle under way is looked at so often: what it may do changes on the way."""
_STEP: Final = timedelta(minutes=LATE_STEP_MINUTES)
_MINUTE: Final = timedelta(minutes=1)
_WAITING: Final = frozenset({AssignmentStatus.OFFERED, AssignmentStatus.ACCEPTED})


def is_unstarted(assignment: Assignment, now: datetime) -> bool:
    """Whether the driver should have reported for duty, and nobody was told yet."""
    waits = assignment.status in _WAITING and assignment.unstarted_at is None
    return waits and now >= assignment.starts_at + GRACE


def overdue(assignment: Assignment, progress: Progress, now: datetime) -> Lateness | None:
    """How late a vehicle is at the least, wherever it is: the stop that it should have left or reached by now."""
    if not assignment.status.is_live or progress.stop >= len(assignment.stops):
        return None
    wanted = planned(assignment.stops[progress.stop])
    following = progress.stop
    if progress.there:
        wanted, following = assignment.stops[progress.stop].departure, progress.stop + 1
    if wanted is None or now <= wanted or following >= len(assignment.stops):
        return None
    if planned(assignment.stops[following]) is None:
        return None
    return Lateness(following, (now - wanted) // _MINUTE)


def next_look(assignment: Assignment, now: datetime) -> datetime | None:
    """When a timer must look at an assignment next; None when it is over."""
    if not assignment.status.is_live:
        return None
    moments = [_next_step(assignment)]
    if assignment.status in _WAITING and assignment.unstarted_at is None:
        moments.append(assignment.starts_at + GRACE)
    if assignment.status.is_under_way:
        moments.append(now + OFTEN)
        if assignment.may_drive_until is not None and assignment.hours_exceeded_at is None:
            moments.append(assignment.may_drive_until + _MINUTE)
    ahead = [moment for moment in moments if moment is not None and moment > now]
    return min(ahead, default=now + OFTEN)


def _next_step(assignment: Assignment) -> datetime | None:
    """When the lateness that was told last has grown by another quarter of an hour, should nothing happen."""
    progress = told(assignment.stops)
    steps = late_step(assignment.late_minutes) + 1
    if progress.stop >= len(assignment.stops) or steps > MOST_STEPS:
        return None
    stop = assignment.stops[progress.stop]
    wanted = stop.departure if progress.there else planned(stop)
    return wanted + steps * _STEP if wanted is not None else None
