"""Dates and times as callers write them: ISO 8601.

Pydantic also reads a number, or a text of digits, as seconds since 1970; `20270303` would be a day of that year.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator


def _written(value: object) -> object:
    if isinstance(value, str) and value.strip().lstrip("+-").replace(".", "", 1).isdigit():
        raise ValueError("must be written like 2027-03-03, or with a time 2027-03-03T09:00:00-05:00")
    return value


Day = Annotated[date, BeforeValidator(_written)]
"""A date, `YYYY-MM-DD`."""
Moment = Annotated[AwareDatetime, BeforeValidator(_written)]
"""A point in time with its offset, RFC 3339."""
