"""Rewording of the addresses of a booked trip."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import cos, radians
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.bookings.charters.address_edits import (
    MAX_METERS,
    is_elsewhere,
    list_unconfirmed,
    needs_coordinates,
    reword_stops,
)
from coachway.bookings.charters.trip_model import Stop
from coachway.places.model import Place
from coachway.places.rules import AddressMatch, LookupProblem

DEPARTURE = datetime.fromisoformat("2027-03-03T09:00:00-05:00")
LATITUDE, LONGITUDE = 40.7074, -74.0113
METERS_PER_DEGREE = 111_195.0
"""On the sphere that distances are measured on."""


def build_stop(**fields: Any) -> Stop:
    values = {
        "stop_type": "pickup",
        "address": "11 Wall St",
        "latitude": LATITUDE,
        "longitude": LONGITUDE,
        "estimated_departure": DEPARTURE,
        "timezone": "America/New_York",
    }
    return Stop.model_validate({**values, **fields})


def north(meters: float) -> float:
    return LATITUDE + meters / METERS_PER_DEGREE


def east(meters: float) -> float:
    return LONGITUDE + meters / METERS_PER_DEGREE / cos(radians(LATITUDE))


BEFORE = [build_stop(), build_stop(stop_type="dropoff", address="1901 Boardwalk", latitude=39.356, longitude=-74.431)]


def reword(**fields: Any) -> list[Stop] | None:
    return reword_stops(BEFORE, [build_stop(**fields), BEFORE[1]])


@pytest.mark.parametrize(
    "fields",
    [
        {"address": "Pier 11"},
        {"address": "Pier 11", "latitude": north(199)},
        {"address": "Pier 11", "longitude": east(-199)},
        {"address": "Pier 11", "estimated_departure": None, "timezone": None},
        {"latitude": north(150)},
        {"address": "11 Wall St", "latitude": None, "longitude": None},
    ],
)
def test_reword_stops_within_200_m_keeps_the_place(fields: dict[str, Any]) -> None:
    reworded = reword(**fields)
    assert reworded is not None
    assert reworded[0].address == fields.get("address", "11 Wall St")
    assert (reworded[0].latitude, reworded[0].longitude) == (LATITUDE, LONGITUDE)
    assert reworded[0].estimated_departure == DEPARTURE


@pytest.mark.parametrize(
    "fields",
    [
        {"address": "Pier 11", "latitude": north(201)},
        {"address": "Pier 11", "longitude": east(201)},
        {"address": "Pier 11", "latitude": None, "longitude": None},
        {"address": "Pier 11", "estimated_departure": DEPARTURE + timedelta(seconds=1)},
        {"address": "Pier 11", "stop_type": "waypoint"},
        {"address": "Pier 11", "timezone": "America/Chicago"},
        {"address": "Pier 11", "estimated_arrival": DEPARTURE - timedelta(hours=1)},
    ],
)
def test_reword_stops_refuses_what_changes_the_trip(fields: dict[str, Any]) -> None:
    assert reword(**fields) is None


def test_reword_stops_refuses_another_number_or_order_of_stops() -> None:
    assert reword_stops(BEFORE, [*BEFORE, BEFORE[1]]) is None
    assert reword_stops(BEFORE, list(reversed(BEFORE))) is None


@given(st.floats(0, 400, allow_nan=False), st.lists(st.integers(1, 3), min_size=1, max_size=5))
def test_repeated_rewording_never_moves_the_place(meters: float, steps: list[int]) -> None:
    stops = BEFORE
    for number in steps:
        reworded = reword_stops(stops, [build_stop(address=f"Gate {number}", latitude=north(meters)), BEFORE[1]])
        if abs(meters - MAX_METERS) > 1:
            assert (reworded is not None) is (meters < MAX_METERS)
        stops = reworded or stops
    assert (stops[0].latitude, stops[0].longitude) == (LATITUDE, LONGITUDE)


def test_only_a_changed_address_without_coordinates_needs_them() -> None:
    assert needs_coordinates(BEFORE, [build_stop(address="Pier 11", latitude=None, longitude=None), BEFORE[1]])
    assert not needs_coordinates(BEFORE, [build_stop(address="Pier 11"), BEFORE[1]])
    assert not needs_coordinates(BEFORE, [build_stop(latitude=None, longitude=None), BEFORE[1]])


def match(meters_north: float, *, is_exact: bool = True) -> AddressMatch:
    place = Place(label="x", latitude=north(meters_north), longitude=LONGITUDE, is_exact=is_exact)
    return AddressMatch(place, None)


UNKNOWN = AddressMatch(None, LookupProblem.NOT_FOUND)


@pytest.mark.parametrize(
    ("found_old", "found_new", "expected"),
    [
        (match(0), match(199), False),
        (match(0), match(201), True),
        (match(5_000), match(5_199), False),  # the stop is elsewhere than the map has it
        (match(5_000), match(0), True),
        (match(0), UNKNOWN, False),
        (UNKNOWN, match(29_000), False),
        (UNKNOWN, match(31_000), True),
        (match(0), match(29_000, is_exact=False), False),
        (match(0), match(31_000, is_exact=False), True),
    ],
)
def test_address_is_elsewhere_if_the_map_knows_it_far_away(
    found_old: AddressMatch, found_new: AddressMatch, expected: bool
) -> None:
    assert is_elsewhere(build_stop(), found_old, found_new) is expected


def test_changed_address_with_the_same_coordinates_is_unconfirmed() -> None:
    same, moved, both = build_stop(), build_stop(latitude=north(10)), build_stop(address="Pier 11", latitude=north(10))
    reworded = build_stop(address="Pier 11")
    assert list_unconfirmed([same] * 4, [same, moved, both, reworded]) == [(same, reworded)]
