"""The field type of a time zone, and local times in a time zone.

Every time zone that a caller can send has the type `TimeZone`.
"""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo

from coachway.core.types.stored_values import is_stored


def is_time_zone(name: str) -> bool:
    """Whether a name is `UTC`, or has an area and a location.

    Names without an area are refused: `EST` has no daylight saving time, `localtime` is the server's. `posix/` and
    `right/` are directories of some systems.
    """
    if name != "UTC" and ("/" not in name or name.startswith(("posix/", "right/"))):
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the name of a directory raises OSError
        return False
    return True


def _validate_time_zone(name: str, info: ValidationInfo) -> str:
    if not is_stored(info) and not is_time_zone(name):
        raise ValueError("must be an IANA time zone with area and location, such as America/New_York, or UTC")
    return name


TimeZone = Annotated[
    str, StringConstraints(max_length=64), AfterValidator(_validate_time_zone), Field(examples=["America/New_York"])
]
"""An IANA time zone: `UTC`, or a name with area and location, such as `America/New_York`."""


def with_fixed_offset(at: datetime) -> datetime:
    """The same time with a fixed UTC offset, because Python ignores DST when it compares times of one named zone."""
    return at.replace(tzinfo=timezone(at.utcoffset() or timedelta()))


def resolve_local_time(local: datetime, zone: tzinfo) -> datetime:
    """The moment of a local time without an offset, with the fixed UTC offset of that moment.

    Of two equal local times at the end of DST, `local.fold` chooses: 0 the first, 1 the second. A local time that is
    skipped when DST begins has the offset before the change (RFC 5545, 3.3.5): 02:30 is 03:30 DST.
    """
    first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    is_repeated = (second.utcoffset() or timedelta()) < (first.utcoffset() or timedelta())
    moment = second if is_repeated and local.fold else first
    return with_fixed_offset(moment.astimezone(UTC).astimezone(zone))


def shift_local_time(at: datetime, difference: timedelta, zone: tzinfo) -> datetime:
    """A time whose local time differs by `difference`. The second of two equal local times stays the second."""
    local = at.astimezone(zone)
    return resolve_local_time((local.replace(tzinfo=None) + difference).replace(fold=local.fold), zone)


def at_same_local_time(at: datetime, day: date, zone: tzinfo) -> datetime:
    """The same local time as `at` on another day."""
    return shift_local_time(at, day - at.astimezone(zone).date(), zone)
