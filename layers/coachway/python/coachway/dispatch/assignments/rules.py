"""Statuses of assignments, and the time between two duty blocks. Pure: no clock, no I/O.

Distances are miles, times elapsed.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from coachway.core.state_machine import Transitions
from coachway.core.types.geo import Coordinates, miles_between

EARLIEST_CHECK_IN: Final = timedelta(hours=4)
"""How long before the planned start of duty a driver may check in."""
GRACE: Final = timedelta(minutes=15)
"""How long after the planned start of duty a driver may check in before the trip counts as not started."""


class AssignmentStatus(StrEnum):
    """Status of an assignment."""

    OFFERED = "offered"
    """The driver was notified, and has not answered."""
    ACCEPTED = "accepted"
    CHECKED_IN = "checked_in"
    """The driver has checked in."""
    IN_PROGRESS = "in_progress"
    """The vehicle has left its first stop."""
    COMPLETED = "completed"
    DECLINED = "declined"
    """The driver declined it."""
    RELEASED = "released"
    """The driver was released from it."""

    @property
    def is_live(self) -> bool:
        """Whether the driver and the vehicle are still committed to it."""
        return bool(TRANSITIONS.allowed[self])

    @property
    def is_under_way(self) -> bool:
        """Whether the driver is on duty for it."""
        return self in {AssignmentStatus.CHECKED_IN, AssignmentStatus.IN_PROGRESS}


TRANSITIONS: Final = Transitions(
    "assignment",
    {
        AssignmentStatus.OFFERED: (
            AssignmentStatus.ACCEPTED,
            AssignmentStatus.DECLINED,
            AssignmentStatus.RELEASED,
            AssignmentStatus.CHECKED_IN,
        ),
        AssignmentStatus.ACCEPTED: (
            AssignmentStatus.CHECKED_IN,
            AssignmentStatus.DECLINED,
            AssignmentStatus.RELEASED,
        ),
        AssignmentStatus.CHECKED_IN: (
            AssignmentStatus.IN_PROGRESS,
            AssignmentStatus.RELEASED,
            AssignmentStatus.ACCEPTED,  # the check-in was a mistake
        ),
        AssignmentStatus.IN_PROGRESS: (AssignmentStatus.COMPLETED, AssignmentStatus.RELEASED),
        AssignmentStatus.COMPLETED: (),
        AssignmentStatus.DECLINED: (),
        AssignmentStatus.RELEASED: (),
    },
)
"""Checking in also accepts the offer. Only a recovery can release a trip that is in progress."""


REACH: Final = timedelta(days=9)
"""The longest time between two duty blocks that affect each other: the eight days of the hours rules, plus one."""

MILES_PER_HOUR: Final = 50.0
ROAD_FACTOR: Final = 1.3
_EPOCH_MONDAY: Final = datetime(1970, 1, 5, tzinfo=UTC)
_WEEK: Final = timedelta(days=7)


def estimate_travel_time(one: Coordinates | None, other: Coordinates | None) -> timedelta:
    """The driving time between two places; zero if one of them is unknown. At most `REACH`."""
    if one is None or other is None:
        return timedelta()
    hours = miles_between(one, other) * ROAD_FACTOR / MILES_PER_HOUR
    return min(REACH, timedelta(seconds=round(hours * 3600)))


def iso_week(at: datetime) -> str:
    """The ISO week of a moment in UTC: `2027-W09`."""
    year, week, _ = at.astimezone(UTC).isocalendar()
    return f"{year:04d}-W{week:02d}"


def list_iso_weeks(start: datetime, end: datetime) -> list[str]:
    """Every ISO week (UTC) that overlaps [start, end], oldest first."""
    monday = _EPOCH_MONDAY + (start.astimezone(UTC) - _EPOCH_MONDAY) // _WEEK * _WEEK
    result = []
    while monday <= end:
        result.append(iso_week(monday))
        monday += _WEEK
    return result
