"""Dates and times as callers write them: ISO 8601.

Pydantic also reads a number, or a text of digits, as seconds since 1970; `20270303` would be a day of that year.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Final

from pydantic import AwareDatetime, BeforeValidator

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:.+")


def _day(value: object) -> object:
    if isinstance(value, date):
        return value
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:  # the 30th of February
        pass
    raise ValueError("must be a date such as 2027-03-03")


def _moment(value: object) -> object:
    if isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str) and _MOMENT.fullmatch(value):
            moment = datetime.fromisoformat(value.upper())
            moment.astimezone(UTC)  # in the first and the last hours of time there may be none
            return moment
    except (ValueError, OverflowError):
        pass
    raise ValueError("must be a time with its offset, such as 2027-03-03T09:00:00-05:00")


def sortable(at: datetime) -> str:
    """`2027-03-03T14:00:00Z`: a point in time as it stands in keys, in UTC and to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


Day = Annotated[date, BeforeValidator(_day)]
"""A date, `YYYY-MM-DD`."""
Timestamp = Annotated[AwareDatetime, BeforeValidator(_moment)]
"""A point in time with its offset, RFC 3339."""
