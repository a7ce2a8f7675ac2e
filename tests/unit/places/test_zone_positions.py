"""Where time zones are."""

from __future__ import annotations

import pytest

from coachway.core.types.geo import Coordinates, miles_between
from coachway.places.zone_positions import find_zone_position


@pytest.mark.parametrize(
    ("zone", "city"),
    [
        ("America/New_York", Coordinates(40.71, -74.01)),
        ("America/Chicago", Coordinates(41.85, -87.65)),
        ("Australia/Sydney", Coordinates(-33.87, 151.21)),
        ("Atlantic/Reykjavik", Coordinates(64.15, -21.85)),
    ],
)
def test_find_zone_position_is_the_city_of_the_zone(zone: str, city: Coordinates) -> None:
    position = find_zone_position(zone)
    assert position is not None
    assert miles_between(position, city) < 2


@pytest.mark.parametrize("zone", ["UTC", "US/Eastern", "", "Nowhere/City"])
def test_find_zone_position_of_other_zones_is_none(zone: str) -> None:
    assert find_zone_position(zone) is None
