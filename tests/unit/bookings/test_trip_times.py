"""Schedules of trips, and shifting them."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from coachway.bookings.charters import trip_times
from coachway.bookings.charters.trip_model import CHARTER_EXAMPLE, CharterInput, Stop, StopType
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


TEXTS = st.one_of(
    *(st.text("abc ,>→\u00e9\u4e00\u200b\U0001f68c", min_size=1, max_size=size) for size in (10, 200)),
    st.text(st.characters(codec="utf-8"), max_size=210),
)


@st.composite
def stop_fields(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """The fields of a stop as a caller sends them."""
    fields: dict[str, Any] = {
        "address": draw(TEXTS),
        "timezone": draw(st.sampled_from([None, "Asia/Tokyo", "America/Phoenix"]) | st.just("EST")),
        "latitude": draw(st.floats(-90, 90)),
        "longitude": draw(st.floats(-180, 180)),
    }
    for hour, name in ((0, "estimated_arrival"), (12, "estimated_departure")):
        if (number, name) == (0, "estimated_departure") or draw(st.booleans()):
            at = datetime(2027, 11, 1, hour, tzinfo=UTC) + timedelta(days=6 * number, hours=draw(st.integers(0, 12)))
            fields[name] = at.astimezone(NEW_YORK).isoformat()
    return fields


@settings(max_examples=60, deadline=None)
@given(
    stops=st.integers(2, 5).flatmap(lambda size: st.tuples(*(stop_fields(number) for number in range(size)))),
    route=st.none() | TEXTS,
    miles=st.sampled_from([0, 0.01, 20_000, None]),
)
def test_every_accepted_trip_is_priced_or_refused(
    stops: Sequence[dict[str, Any]], route: str | None, miles: float | None
) -> None:
    try:
        request = charter_input(stops=list(stops), route=route, miles=miles)
    except ValidationError:
        return  # refused by the outer type
    try:
        schedule = trip_times.build_trip_schedule(request, "America/New_York")
    except errors.Invalid:
        return
    priced = trip_times.build_quote_request(request, schedule)
    assert priced.timezone == schedule.zone.key
    departure = schedule.starts_at.astimezone(UTC) + timedelta(days=7)
    assert trip_times.move_trip(schedule.stops, departure)[0].estimated_departure == departure


def zoned(*stops: Stop, zone: str = "America/New_York") -> list[Stop]:
    """The stops in a time zone; a stop can have another one."""
    return trip_times.complete_stops(stops, zone)


def list_times(stops: list[Stop]) -> list[tuple[str | None, str | None]]:
    return [
        (at.isoformat() if at else None, leaves.isoformat() if leaves else None)
        for at, leaves in ((stop.estimated_arrival, stop.estimated_departure) for stop in stops)
    ]


def at_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("departs", "moved_to"),
    [
        ("2027-03-07T09:00:00-05:00", "2027-03-14T09:00:00-04:00"),
        ("2027-03-07T02:30:00-05:00", "2027-03-14T03:30:00-04:00"),
        ("2027-10-31T09:00:00-04:00", "2027-11-07T09:00:00-05:00"),
        ("2027-10-31T01:30:00-04:00", "2027-11-07T01:30:00-05:00"),
    ],
)
def test_move_trip_leaves_at_the_requested_moment(departs: str, moved_to: str) -> None:
    stops = zoned(*round_trip(local_time(departs[:16]), HOUR, local_time(departs[:16]) + 9 * HOUR))
    (moved, *_) = trip_times.move_trip(stops, at_time(moved_to))
    assert moved.estimated_departure is not None
    assert moved.estimated_departure.isoformat() == moved_to


def test_move_trip_across_dst_keeps_local_times_of_later_days() -> None:
    weekend = zoned(
        Stop(address="Home", estimated_departure=local_time("2027-03-05T09:00")),
        Stop(
            address="Hotel",
            estimated_arrival=local_time("2027-03-05T13:00"),
            estimated_departure=local_time("2027-03-07T12:00"),
        ),
        Stop(address="Home", estimated_arrival=local_time("2027-03-07T16:00")),
    )
    assert list_times(trip_times.move_trip(weekend, at_time("2027-03-12T09:00:00-05:00"))) == [
        (None, "2027-03-12T09:00:00-05:00"),
        ("2027-03-12T13:00:00-05:00", "2027-03-14T12:00:00-04:00"),
        ("2027-03-14T16:00:00-04:00", None),
    ]
    without_hotel = [weekend[0], weekend[2]]
    assert list_times(trip_times.move_trip(without_hotel, at_time("2027-03-12T09:00:00-05:00")))[-1] == (
        "2027-03-14T16:00:00-04:00",
        None,
    )


def test_move_trip_keeps_local_times_in_the_zone_of_each_stop() -> None:
    stops = zoned(
        Stop(address="Los Angeles", estimated_departure=at_time("2027-03-12T08:00:00-08:00")),
        Stop(
            address="Phoenix",
            timezone="America/Phoenix",
            estimated_arrival=at_time("2027-03-12T16:00:00-07:00"),
            estimated_departure=at_time("2027-03-13T09:00:00-07:00"),
        ),
        Stop(address="Los Angeles", estimated_arrival=at_time("2027-03-13T15:00:00-08:00")),
        zone="America/Los_Angeles",
    )
    assert list_times(trip_times.move_trip(stops, at_time("2027-03-19T08:00:00-07:00"))) == [
        (None, "2027-03-19T08:00:00-07:00"),
        ("2027-03-19T15:00:00-07:00", "2027-03-20T09:00:00-07:00"),
        ("2027-03-20T16:00:00-07:00", None),
    ]


def test_move_trip_keeps_second_of_two_equal_hours() -> None:
    night = zoned(
        Stop(address="Bar", estimated_departure=at_time("2027-11-07T00:50:00-04:00")),
        Stop(
            address="Club",
            estimated_arrival=at_time("2027-11-07T01:10:00-05:00"),
            estimated_departure=at_time("2027-11-07T01:40:00-05:00"),
        ),
        Stop(address="Hotel", estimated_arrival=at_time("2027-11-07T02:00:00-05:00")),
    )
    assert list_times(trip_times.move_trip(night, at_time("2027-11-07T00:50:00-04:00"))) == list_times(night)


def test_move_trip_keeps_driving_time_across_dst_change() -> None:
    stops = zoned(*round_trip(local_time("2027-03-06T22:00"), 6 * HOUR, local_time("2027-03-08T10:00")))
    first, middle, last = trip_times.move_trip(stops, local_time("2027-03-13T22:00"))
    assert first.estimated_departure == local_time("2027-03-13T22:00")
    assert middle.estimated_arrival == local_time("2027-03-14T05:00")
    assert middle.estimated_departure == local_time("2027-03-15T10:00")
    assert last.estimated_arrival == local_time("2027-03-15T16:00")


def test_move_trip_delays_departure_until_arrival() -> None:
    stops = zoned(*round_trip(local_time("2027-03-06T22:00"), 6 * HOUR, local_time("2027-03-07T04:10")))
    _, middle, last = trip_times.move_trip(stops, local_time("2027-03-13T22:00"))
    assert middle.estimated_arrival == local_time("2027-03-14T05:00")
    assert middle.estimated_departure == local_time("2027-03-14T05:00")
    assert last.estimated_arrival == local_time("2027-03-14T11:00")


@given(
    minutes=st.integers(0, 2 * 365 * 24 * 60),
    later=st.integers(0, 400 * 24 * 60),
    driving_hours=st.integers(1, 20),
    waiting_hours=st.integers(0, 72),
)
def test_move_trip_returns_valid_trip(minutes: int, later: int, driving_hours: int, waiting_hours: int) -> None:
    departs = (datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)).astimezone(NEW_YORK)
    returns = (departs.astimezone(UTC) + (driving_hours + waiting_hours) * HOUR).astimezone(NEW_YORK)
    stops = zoned(*round_trip(departs, driving_hours * HOUR, returns))
    departure = departs.astimezone(UTC) + timedelta(minutes=later)
    first, middle, last = trip_times.move_trip(stops, departure)
    assert first.estimated_departure == departure
    assert middle.estimated_arrival is not None
    assert middle.estimated_departure is not None
    assert last.estimated_arrival is not None
    assert middle.estimated_arrival - departure == driving_hours * HOUR
    assert last.estimated_arrival - middle.estimated_departure == driving_hours * HOUR
    assert middle.estimated_departure >= middle.estimated_arrival
    if later == 0:
        assert [stop.time for stop in (first, middle, last)] == [
            stop.time and stop.time.astimezone(UTC) for stop in stops
        ]
