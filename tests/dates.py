"""Days for the trips of tests. They are made when the tests run, so that they are always ahead."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

NEW_YORK: Final = ZoneInfo("America/New_York")
WEDNESDAY, SATURDAY = 2, 5
_DAYS_AHEAD: Final = 90


def next_weekday(weekday: int, now: datetime | None = None) -> date:
    """The first such weekday that is at least ninety days ahead in New York."""
    earliest = (now or datetime.now(NEW_YORK)).astimezone(NEW_YORK).date() + timedelta(days=_DAYS_AHEAD)
    return earliest + timedelta(days=(weekday - earliest.weekday()) % 7)


TRIP_DAY: Final = next_weekday(WEDNESDAY)
"""A Wednesday about three months ahead: the same one throughout a run."""
EXPIRY_DAY: Final = TRIP_DAY + timedelta(days=2 * 365)
"""The expiry day of documents that are valid long after the trips."""


def trip_day(later: int = 0) -> date:
    """The day of a trip, `later` days after the usual one."""
    return TRIP_DAY + timedelta(days=later)


def at(clock: str, day: date = TRIP_DAY) -> str:
    """A time of day in New York, such as `09:00`, in the format of the API."""
    return datetime.combine(day, time.fromisoformat(clock), NEW_YORK).isoformat()


def long_date(day: date) -> str:
    """A day in the format of mails and pages: `Wednesday, March 3, 2027`."""
    return f"{day:%A, %B} {day.day}, {day.year}"


def zone_name(clock: str, day: date = TRIP_DAY) -> str:
    """The abbreviation of New York's time zone at that time: `EST` or `EDT`."""
    return datetime.combine(day, time.fromisoformat(clock), NEW_YORK).strftime("%Z")
