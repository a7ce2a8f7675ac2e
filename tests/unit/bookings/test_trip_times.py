"""Schedules of trips, and shifting them."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.bookings.charters import trip_times
from coachway.bookings.charters.model import CHARTER_EXAMPLE, CharterInput, Stop, StopType
from coachway.core import errors
from coachway.hours.model import Law
from coachway.hours.rulesets import US_PROPERTY

NEW_YORK = ZoneInfo("America/New_York")
HOUR = timedelta(hours=1)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def charter_input(**fields: Any) -> CharterInput:
    return CharterInput.model_validate({**deepcopy(CHARTER_EXAMPLE), **fields})


def round_trip(leaves: datetime, drives: timedelta, back: datetime) -> list[Stop]:
    return [
        Stop(address="Home", estimated_departure=leaves),
        Stop(address="There", estimated_arrival=leaves.astimezone(UTC) + drives, estimated_departure=back),
        Stop(address="Home", estimated_arrival=back.astimezone(UTC) + drives),
    ]


def test_complete_stops_fills_in_missing_types_and_zones() -> None:
    stops = [
        Stop(address="A", timezone="America/Chicago"),
        Stop(address="B"),
        Stop(address="C", timezone="America/Denver"),
    ]
    found = trip_times.complete_stops(stops, "America/New_York")
    assert [stop.stop_type for stop in found] == [StopType.PICKUP, StopType.WAYPOINT, StopType.DROPOFF]
    assert [stop.timezone for stop in found] == ["America/Chicago", "America/Chicago", "America/Denver"]
    assert trip_times.complete_stops(found, "UTC") == found


def test_build_trip_schedule_lasts_from_first_departure_to_last_arrival() -> None:
    trip = trip_times.build_trip_schedule(charter_input(), "America/New_York")
    assert (trip.starts_at, trip.ends_at) == (local("2027-03-03T09:00"), local("2027-03-03T12:00"))
    assert (trip.miles, trip.miles_estimated) == (Decimal(130), False)
    assert trip.notices == []


def test_build_trip_schedule_estimates_missing_arrival() -> None:
    first, last = charter_input().stops
    trip = trip_times.build_trip_schedule(
        charter_input(stops=[first, last.model_copy(update={"estimated_arrival": None})], miles=100), "America/New_York"
    )
    assert trip.ends_at - trip.starts_at == 2 * HOUR


def test_build_trip_schedule_rejects_stops_too_far_apart() -> None:
    first, last = charter_input().stops
    around = [first.model_copy(update={"latitude": 0.0, "longitude": 180.0 * (n % 2)}) for n in range(1, 49)]
    with pytest.raises(errors.Invalid, match="at most 20,000"):
        trip_times.build_trip_schedule(
            charter_input(
                stops=[first, *(s.model_copy(update={"estimated_departure": None}) for s in around), last], miles=None
            ),
            "America/New_York",
        )


def test_build_trip_schedule_applies_given_ruleset() -> None:
    nine = round_trip(local("2027-03-03T06:00"), 4.5 * HOUR, local("2027-03-03T10:30"))
    with_passengers = trip_times.build_trip_schedule(charter_input(stops=nine, miles=400), "America/New_York")
    assert with_passengers.notices == []
    with_goods = trip_times.build_trip_schedule(
        charter_input(stops=nine, miles=400), "America/New_York", Law(US_PROPERTY)
    )
    assert [(notice.code, notice.blocking) for notice in with_goods.notices] == [("hours_of_service", True)]


def test_build_trip_schedule_warns_of_timetable_too_fast() -> None:
    (notice,) = trip_times.build_trip_schedule(charter_input(miles=400), "America/New_York").notices
    assert (notice.code, notice.blocking) == ("timetable_too_fast", False)


@pytest.mark.parametrize(
    ("leaves", "days", "expected"),
    [
        ("2027-03-07T09:00", 7, "2027-03-14T09:00:00-04:00"),
        ("2027-03-07T02:30", 7, "2027-03-14T03:30:00-04:00"),
        ("2027-10-31T09:00", 7, "2027-11-07T09:00:00-05:00"),
        ("2027-10-31T01:30", 7, "2027-11-07T01:30:00-04:00"),
    ],
)
def test_shift_by_days_keeps_local_departure_times(leaves: str, days: int, expected: str) -> None:
    (moved, *_) = trip_times.shift_by_days(round_trip(local(leaves), HOUR, local(leaves) + 9 * HOUR), days, NEW_YORK)
    assert moved.estimated_departure is not None
    assert moved.estimated_departure.isoformat() == expected


def test_shift_by_days_keeps_driving_time_across_dst_change() -> None:
    stops = round_trip(local("2027-03-06T22:00"), 6 * HOUR, local("2027-03-08T10:00"))
    first, middle, last = trip_times.shift_by_days(stops, 7, NEW_YORK)
    assert first.estimated_departure == local("2027-03-13T22:00")
    assert middle.estimated_arrival == local("2027-03-14T05:00")
    assert middle.estimated_departure == local("2027-03-15T10:00")
    assert last.estimated_arrival == local("2027-03-15T16:00")


def test_shift_by_days_delays_departure_until_arrival() -> None:
    stops = round_trip(local("2027-03-06T22:00"), 6 * HOUR, local("2027-03-07T04:10"))
    _, middle, last = trip_times.shift_by_days(stops, 7, NEW_YORK)
    assert middle.estimated_arrival == local("2027-03-14T05:00")
    assert middle.estimated_departure == local("2027-03-14T05:00")
    assert last.estimated_arrival == local("2027-03-14T11:00")


@given(
    minutes=st.integers(0, 2 * 365 * 24 * 60),
    days=st.integers(0, 400),
    drives=st.integers(1, 20),
    waits=st.integers(0, 72),
)
def test_shift_by_days_returns_valid_trip(minutes: int, days: int, drives: int, waits: int) -> None:
    leaves = (datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)).astimezone(NEW_YORK)
    back = (leaves.astimezone(UTC) + (drives + waits) * HOUR).astimezone(NEW_YORK)
    stops = round_trip(leaves, drives * HOUR, back)
    first, middle, last = trip_times.shift_by_days(stops, days, NEW_YORK)
    assert first.estimated_departure is not None
    assert middle.estimated_arrival is not None
    assert middle.estimated_departure is not None
    assert last.estimated_arrival is not None
    assert middle.estimated_arrival.astimezone(UTC) - first.estimated_departure.astimezone(UTC) == drives * HOUR
    assert last.estimated_arrival.astimezone(UTC) - middle.estimated_departure.astimezone(UTC) == drives * HOUR
    assert middle.estimated_departure >= middle.estimated_arrival
    if days == 0:
        assert [stop.time for stop in (first, middle, last)] == [stop.time for stop in stops]
