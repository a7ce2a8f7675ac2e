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
from coachway.hours.model import CarrierRuleset
from coachway.hours.rulesets import US_PROPERTY

NEW_YORK = ZoneInfo("America/New_York")
HOUR = timedelta(hours=1)


def local_time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def charter_input(**fields: Any) -> CharterInput:
    return CharterInput.model_validate({**deepcopy(CHARTER_EXAMPLE), **fields})


def round_trip(departs: datetime, driving: timedelta, returns: datetime) -> list[Stop]:
    return [
        Stop(address="Home", estimated_departure=departs),
        Stop(address="There", estimated_arrival=departs.astimezone(UTC) + driving, estimated_departure=returns),
        Stop(address="Home", estimated_arrival=returns.astimezone(UTC) + driving),
    ]


def test_complete_stops_fills_in_missing_types_and_zones() -> None:
    stops = [
        Stop(address="A", timezone="America/Chicago"),
        Stop(address="B"),
        Stop(address="C", timezone="America/Denver"),
    ]
    completed = trip_times.complete_stops(stops, "America/New_York")
    assert [stop.stop_type for stop in completed] == [StopType.PICKUP, StopType.WAYPOINT, StopType.DROPOFF]
    assert [stop.timezone for stop in completed] == ["America/Chicago", "America/Chicago", "America/Denver"]
    assert trip_times.complete_stops(completed, "UTC") == completed


def test_build_trip_schedule_lasts_from_first_departure_to_last_arrival() -> None:
    trip = trip_times.build_trip_schedule(charter_input(), "America/New_York")
    assert (trip.starts_at, trip.ends_at) == (local_time("2027-03-03T09:00"), local_time("2027-03-03T12:00"))
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
    far_apart = [first.model_copy(update={"latitude": 0.0, "longitude": 180.0 * (n % 2)}) for n in range(1, 49)]
    without_times = [stop.model_copy(update={"estimated_departure": None}) for stop in far_apart]
    request = charter_input(stops=[first, *without_times, last], miles=None)
    with pytest.raises(errors.Invalid, match="at most 20,000"):
        trip_times.build_trip_schedule(request, "America/New_York")


def test_build_trip_schedule_applies_ruleset() -> None:
    nine_hours = round_trip(local_time("2027-03-03T06:00"), 4.5 * HOUR, local_time("2027-03-03T10:30"))
    with_passengers = trip_times.build_trip_schedule(charter_input(stops=nine_hours, miles=400), "America/New_York")
    assert with_passengers.notices == []
    with_goods = trip_times.build_trip_schedule(
        charter_input(stops=nine_hours, miles=400), "America/New_York", CarrierRuleset(US_PROPERTY)
    )
    assert [(notice.code, notice.blocking) for notice in with_goods.notices] == [("hours_of_service", True)]


def test_build_trip_schedule_warns_of_timetable_too_fast() -> None:
    (notice,) = trip_times.build_trip_schedule(charter_input(miles=400), "America/New_York").notices
    assert (notice.code, notice.blocking) == ("timetable_too_fast", False)


@pytest.mark.parametrize(
    ("departs", "days", "expected"),
    [
        ("2027-03-07T09:00", 7, "2027-03-14T09:00:00-04:00"),
        ("2027-03-07T02:30", 7, "2027-03-14T03:30:00-04:00"),
        ("2027-10-31T09:00", 7, "2027-11-07T09:00:00-05:00"),
        ("2027-10-31T01:30", 7, "2027-11-07T01:30:00-04:00"),
    ],
)
def test_shift_by_days_keeps_local_departure_times(departs: str, days: int, expected: str) -> None:
    (shifted, *_) = trip_times.shift_by_days(
        round_trip(local_time(departs), HOUR, local_time(departs) + 9 * HOUR), days, NEW_YORK
    )
    assert shifted.estimated_departure is not None
    assert shifted.estimated_departure.isoformat() == expected


def test_shift_by_days_keeps_driving_time_across_dst_change() -> None:
    stops = round_trip(local_time("2027-03-06T22:00"), 6 * HOUR, local_time("2027-03-08T10:00"))
    first, middle, last = trip_times.shift_by_days(stops, 7, NEW_YORK)
    assert first.estimated_departure == local_time("2027-03-13T22:00")
    assert middle.estimated_arrival == local_time("2027-03-14T05:00")
    assert middle.estimated_departure == local_time("2027-03-15T10:00")
    assert last.estimated_arrival == local_time("2027-03-15T16:00")


def test_shift_by_days_delays_departure_until_arrival() -> None:
    stops = round_trip(local_time("2027-03-06T22:00"), 6 * HOUR, local_time("2027-03-07T04:10"))
    _, middle, last = trip_times.shift_by_days(stops, 7, NEW_YORK)
    assert middle.estimated_arrival == local_time("2027-03-14T05:00")
    assert middle.estimated_departure == local_time("2027-03-14T05:00")
    assert last.estimated_arrival == local_time("2027-03-14T11:00")


@given(
    minutes=st.integers(0, 2 * 365 * 24 * 60),
    days=st.integers(0, 400),
    driving_hours=st.integers(1, 20),
    waiting_hours=st.integers(0, 72),
)
def test_shift_by_days_returns_valid_trip(minutes: int, days: int, driving_hours: int, waiting_hours: int) -> None:
    departs = (datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)).astimezone(NEW_YORK)
    returns = (departs.astimezone(UTC) + (driving_hours + waiting_hours) * HOUR).astimezone(NEW_YORK)
    stops = round_trip(departs, driving_hours * HOUR, returns)
    first, middle, last = trip_times.shift_by_days(stops, days, NEW_YORK)
    assert first.estimated_departure is not None
    assert middle.estimated_arrival is not None
    assert middle.estimated_departure is not None
    assert last.estimated_arrival is not None
    assert middle.estimated_arrival.astimezone(UTC) - first.estimated_departure.astimezone(UTC) == driving_hours * HOUR
    assert last.estimated_arrival.astimezone(UTC) - middle.estimated_departure.astimezone(UTC) == driving_hours * HOUR
    assert middle.estimated_departure >= middle.estimated_arrival
    if days == 0:
        assert [stop.time for stop in (first, middle, last)] == [stop.time for stop in stops]
