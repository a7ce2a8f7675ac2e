"""The field type of a time zone, and local times."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from coachway.core.types.stored_values import STORED
from coachway.core.types.time_zones import TimeZone, at_same_local_time, resolve_local_time, shift_local_time

TIME_ZONE = TypeAdapter(TimeZone)
MOMENTS = st.integers(0, 2 * 366 * 24 * 60).map(lambda n: datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=n))
NEW_YORK = ZoneInfo("America/New_York")
ZONES = st.sampled_from(
    ["America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu", "UTC"]
)


@pytest.mark.parametrize("name", ["America/New_York", "Europe/Berlin", "UTC", "Pacific/Kiritimati", "US/Eastern"])
def test_time_zone_with_area_and_location_is_accepted(name: str) -> None:
    assert TIME_ZONE.validate_python(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "EST5EDT",
        "EST5EDT4",
        "EST",
        "GMT",
        "Factory",
        "localtime",
        "America",
        "America/Nowhere",
        "America/../America/New_York",
        "../etc/passwd",
        "/etc/localtime",
        "posix/UTC",
        "posix/America/New_York",
        "right/America/New_York",
        "a\x00b/c",
        "x" * 99,
    ],
)
def test_time_zone_with_another_name_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        TIME_ZONE.validate_python(name)


def test_time_zone_that_was_stored_stays_readable() -> None:
    assert TIME_ZONE.validate_python("EST5EDT", context=STORED) == "EST5EDT"


@pytest.mark.parametrize(
    ("local", "fold", "expected"),
    [
        ("2027-03-14T01:30", 0, "2027-03-14T01:30:00-05:00"),
        ("2027-03-14T02:30", 0, "2027-03-14T03:30:00-04:00"),
        ("2027-03-14T02:30", 1, "2027-03-14T03:30:00-04:00"),
        ("2027-11-07T01:30", 0, "2027-11-07T01:30:00-04:00"),
        ("2027-11-07T01:30", 1, "2027-11-07T01:30:00-05:00"),
        ("2027-07-01T01:30", 1, "2027-07-01T01:30:00-04:00"),
    ],
)
def test_resolve_local_time_at_dst_change(local: str, fold: int, expected: str) -> None:
    assert resolve_local_time(datetime.fromisoformat(local).replace(fold=fold), NEW_YORK).isoformat() == expected


@given(at=MOMENTS, zone=ZONES)
def test_resolve_local_time_agrees_with_dateutil(at: datetime, zone: str) -> None:
    local = at.replace(tzinfo=None)
    expected = tz.resolve_imaginary(local.replace(tzinfo=tz.gettz(zone)))
    assert resolve_local_time(local, ZoneInfo(zone)) == expected


@given(at=MOMENTS, zone=ZONES)
def test_shift_local_time_by_nothing_is_the_same_moment(at: datetime, zone: str) -> None:
    assert shift_local_time(at, timedelta(), ZoneInfo(zone)) == at


def test_at_same_local_time_on_another_repeated_hour_stays_second() -> None:
    second = datetime.fromisoformat("2027-11-07T01:30:00-05:00")
    assert at_same_local_time(second, date(2027, 11, 14), NEW_YORK).isoformat() == "2027-11-14T01:30:00-05:00"
    assert at_same_local_time(second, date(2028, 11, 5), NEW_YORK).isoformat() == "2028-11-05T01:30:00-05:00"
