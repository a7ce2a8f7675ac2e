"""Driving times of trips whose route a map service calculated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coachway.core.types.geo import Coordinates, RoadLeg
from coachway.hours.itinerary import check_itinerary
from coachway.hours.model import Legality
from coachway.hours.trip import HoursStop, HoursTrip, build_driven_legs, build_legs, estimate_road_leg

START = datetime(2027, 3, 3, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)


def build_trip(legs: list[tuple[float, int]], *hours: float | None) -> HoursTrip:
    """A trip with `legs` of (miles, minutes) that arrives at its stops after `hours`."""
    arrivals = [None if hour is None else START + hour * HOUR for hour in hours]
    stops = (HoursStop(departure=START), *(HoursStop(arrival=arrival) for arrival in arrivals))
    return HoursTrip(stops=stops, legs=tuple(RoadLeg(miles=miles, driving_minutes=each) for miles, each in legs))


@pytest.mark.parametrize(
    ("leg", "hours"),
    [
        ((100, 90), 2),  # 50 miles an hour are slower than the route
        ((100, 180), 3),  # the route is slower: mountains
    ],
)
def test_missing_arrival_is_the_later_of_average_speed_and_route(leg: tuple[float, int], hours: int) -> None:
    (driven,) = build_legs(build_trip([leg], None)) or []
    assert driven.arrives == START + hours * HOUR


def test_timetable_shorter_than_the_route_is_driven_as_long_as_the_route() -> None:
    trip = build_trip([(200, 11 * 60)], 5)
    (driven,) = build_driven_legs(trip) or []
    assert driven.driving == 11 * HOUR
    check = check_itinerary(trip)
    assert check.verdict is Legality.BLOCK
    assert "as long as the route takes" in check.explanation


def test_timetable_longer_than_the_route_stays() -> None:
    (driven,) = build_driven_legs(build_trip([(200, 240)], 5)) or []
    assert driven.driving == 5 * HOUR


def test_miles_of_legs_are_those_of_the_route() -> None:
    legs = build_legs(build_trip([(30, 60), (90, 100)], None, None)) or []
    assert [leg.miles for leg in legs] == [30, 90]


def test_trip_with_another_number_of_legs_is_invalid() -> None:
    with pytest.raises(ValidationError, match="one fewer than the stops"):
        build_trip([(30, 60)], 1, 2)


@given(
    st.lists(st.tuples(st.floats(0, 500), st.integers(0, 600)), min_size=1, max_size=6),
    st.floats(0, 30),
)
def test_driving_is_never_shorter_than_the_route_or_the_miles_allow(
    legs: list[tuple[float, int]], last_arrival: float
) -> None:
    trip = build_trip(legs, *[None] * (len(legs) - 1), last_arrival)
    driven = build_driven_legs(trip)
    if driven is None:  # a timetable without any driving time
        assert check_itinerary(trip).verdict is Legality.UNKNOWN
        return
    required = sum((max(miles / 50 * HOUR, minutes * timedelta(minutes=1)) for miles, minutes in legs), timedelta())
    assert sum((leg.driving for leg in driven), timedelta()) >= required - timedelta(minutes=1)


def test_estimate_road_leg_is_1_3_times_the_straight_line_at_average_speed() -> None:
    leg = estimate_road_leg(Coordinates(42.36, -71.06), Coordinates(41.82, -71.41))
    assert leg.miles == pytest.approx(53.9, abs=0.5)
    assert leg.driving_minutes == pytest.approx(leg.miles / 50 * 60, abs=1)
