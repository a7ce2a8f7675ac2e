"""Rules about answers of the map service."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core.types.geo import Coordinates, RoadLeg
from coachway.places.model import Place
from coachway.places.rules import AddressMatch, LookupProblem, choose_place, is_plausible_route, normalize_address

BOSTON, PROVIDENCE, HARTFORD = Coordinates(42.36, -71.06), Coordinates(41.82, -71.41), Coordinates(41.76, -72.67)


def build_place(position: Coordinates = BOSTON, **fields: Any) -> Place:
    values = {"label": "a place", "latitude": position.latitude, "longitude": position.longitude, "is_exact": True}
    return Place.model_validate({**values, **fields})


def test_choose_place_without_candidates_finds_none() -> None:
    assert choose_place([]) == AddressMatch(None, LookupProblem.NOT_FOUND)


def test_choose_place_ignores_bad_matches() -> None:
    assert choose_place([build_place(score=0.79)]) == AddressMatch(None, LookupProblem.NOT_FOUND)
    assert choose_place([build_place(score=0.8)]).place is not None


def test_choose_place_of_equal_matches_far_apart_is_ambiguous() -> None:
    candidates = [build_place(), build_place(PROVIDENCE, score=0.99)]
    assert choose_place(candidates) == AddressMatch(None, LookupProblem.AMBIGUOUS)


def test_choose_place_prefers_a_clearly_better_match() -> None:
    best = build_place()
    assert choose_place([best, build_place(PROVIDENCE, score=0.9)]) == AddressMatch(best, None)


def test_choose_place_takes_the_first_of_equal_matches_at_one_place() -> None:
    best = build_place()
    assert choose_place([best, build_place(Coordinates(42.37, -71.06))]) == AddressMatch(best, None)


@pytest.mark.parametrize("address", ["11 Wall St., New York", "11  wall st.,new york", " 11 WALL ST. , New York,"])
def test_normalize_address_of_equal_addresses_is_equal(address: str) -> None:
    assert normalize_address(address) == "11 wall st. new york"


@given(st.text())
def test_normalize_address_is_idempotent(address: str) -> None:
    once = normalize_address(address)
    assert normalize_address(once) == once


@pytest.mark.parametrize(
    ("legs", "is_plausible"),
    [
        ([(50, 55)], True),
        ([(50, 30)], False),  # 100 miles an hour
        ([(30, 55)], False),  # shorter than the straight line of 41 miles
        ([(5_000, 6_000)], False),
        ([(0, 0)], False),
        ([(50, 55), (80, 90)], False),
        ([], False),
    ],
)
def test_is_plausible_route_compares_with_the_straight_line(legs: list[tuple[int, int]], is_plausible: bool) -> None:
    road_legs = [RoadLeg(miles=miles, driving_minutes=minutes) for miles, minutes in legs]
    assert is_plausible_route([BOSTON, PROVIDENCE], road_legs) is is_plausible


def test_is_plausible_route_accepts_stops_at_one_place() -> None:
    assert is_plausible_route([BOSTON, BOSTON], [RoadLeg(miles=0, driving_minutes=0)])
