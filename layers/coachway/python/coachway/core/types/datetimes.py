"""Field types for dates and times in ISO 8601.

Pydantic alone would also accept a number, or a string of digits, as seconds since 1970: `20270303` as a day in 1970.
"""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

_DATE_FORMAT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP_FORMAT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:.+")


def _parse_date(value: object) -> object:
    if isinstance(value, date):
        return value
    try:
        if isinstance(value, str) and _DATE_FORMAT.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:  # no such date, such as February 30
        pass
    raise ValueError("must be a date such as 2027-03-03")


def _parse_timestamp(value: object) -> object:
    if isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str) and _TIMESTAMP_FORMAT.fullmatch(value):
            moment = datetime.fromisoformat(value.upper())
            moment.astimezone(UTC)  # raises OverflowError in the first hours of year 1 and the last of year 9999
            return moment
    except (ValueError, OverflowError):
        pass
    raise ValueError("must be a time with a UTC offset, such as 2027-03-03T09:00:00-05:00")


def _to_utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def sortable(at: datetime) -> str:
    """Return a time as it is written in keys: in UTC, to the second, such as `2027-03-03T14:00:00Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def sortable_hour(at: datetime) -> str:
    """Return the hour of a time as it is written in keys: in UTC, such as `2027-03-03T14`."""
    return sortable(at)[:13]


def sortable_day(at: datetime) -> str:
    """Return the day of a time as it is written in keys: in UTC, such as `2027-03-03`."""
    return sortable(at)[:10]


Day = Annotated[date, BeforeValidator(_parse_date)]
"""A date, `YYYY-MM-DD`."""
Timestamp = Annotated[AwareDatetime, BeforeValidator(_parse_timestamp), AfterValidator(_to_utc)]
"""A point in time that a caller sends with any UTC offset (RFC 3339). It is kept and returned in UTC."""


class LocalTimeMarker:
    """Marks the time of a trip: a response returns it with the offset of the nearest `timezone` field."""

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema: dict[str, Any] = handler(core_schema)
        return {**schema, "x-local-time": True}


LOCAL: Final = LocalTimeMarker()
LocalTime = Annotated[AwareDatetime, LOCAL]
"""A time of a trip in a record or response; see `persistence.responses.local_times`. All other times are in UTC."""
LocalTimeInput = Annotated[AwareDatetime, BeforeValidator(_parse_timestamp), LOCAL]
"""A time of a trip that a caller sends with any UTC offset (RFC 3339)."""
