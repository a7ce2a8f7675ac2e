"""When a trip becomes a lead again, and for which day. Pure: no clock, no I/O."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from coachway.bookings.charters.rules import CharterStatus

MONTHS: Final = 11
TIME_OF_DAY: Final = time(9)
OLDEST: Final = timedelta(days=30)
"""A re-quote that would have been due longer ago is dropped: events can be published again years later."""
_YEAR: Final = timedelta(weeks=52)
_NEWER: Final = frozenset(
    {
        CharterStatus.QUOTE,
        CharterStatus.BOOKED,
        CharterStatus.CONFIRMED,
        CharterStatus.IN_PROGRESS,
        CharterStatus.COMPLETED,
    }
)
"""The statuses of charters that show that the client has come back. Others were not wanted, or did not take place."""


class OtherTrip(NamedTuple):
    """A trip of the same client."""

    charter_id: str
    trip_date: date
    status: CharterStatus


def find_due_time(ends_at: datetime, timezone: str) -> datetime:
    """When a trip becomes a lead: at 9 o'clock, 11 months after its last day, in the time zone of its first stop.

    The last day of a month that is too short stands for later days.
    """
    zone = ZoneInfo(timezone)
    last_day = ends_at.astimezone(zone).date()
    month = last_day.month - 1 + MONTHS
    year, month = last_day.year + month // 12, month % 12 + 1
    day = date(year, month, min(last_day.day, monthrange(year, month)[1]))
    return datetime.combine(day, TIME_OF_DAY, tzinfo=zone)


def find_next_date(trip_date: date) -> date:
    """The day that the client may want: 52 weeks later, because most trips depend on the day of the week."""
    return trip_date + _YEAR


def has_newer_trip(charter_id: str, trip_date: date, others: Iterable[OtherTrip]) -> bool:
    """Whether the client has a later trip. Of several on the same day, the one that was created last is the latest."""
    return any(each.status in _NEWER and (each.trip_date, each.charter_id) > (trip_date, charter_id) for each in others)
