"""Ranges of dates in queries."""

from datetime import date, timedelta


def complete_date_range(first: date | None, last: date | None, length: timedelta) -> tuple[date, date]:
    """Return both ends of a range. An omitted end is `length` away from the other one.

    Raises ValueError if both ends are omitted.
    """
    return first or _shift_date(last, -length), last or _shift_date(first, length)


def _shift_date(day: date | None, offset: timedelta) -> date:
    if day is None:
        raise ValueError("a range needs a start or an end")
    return date.fromordinal(min(max(day.toordinal() + offset.days, 1), date.max.toordinal()))


def list_months(first: date, last: date) -> list[str]:
    """Return the months from `first` to `last`: `2027-03`."""
    return [
        f"{month // 12:04d}-{month % 12 + 1:02d}"
        for month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    ]
