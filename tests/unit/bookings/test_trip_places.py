"""The places of stops when a trip is edited."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.bookings.charters.trip_model import Stop
from coachway.bookings.charters.trip_places import carry_places

ZONE = "America/New_York"
FOUND: dict[str, Any] = {
    "address": "233 N Michigan Ave, Chicago",
    "latitude": 41.9,
    "longitude": -87.6,
    "geocoded_address": "233 N Michigan Ave, Chicago, IL 60601",
    "timezone": "America/Chicago",
}
ENTERED: dict[str, Any] = {"address": "The old depot", "latitude": 40.7, "longitude": -74.0, "timezone": ZONE}
UNKNOWN: dict[str, Any] = {"address": "Depot", "timezone": ZONE}


def carry(stop: dict[str, Any], *previous: dict[str, Any]) -> dict[str, Any]:
    before = [Stop.model_validate(each) for each in previous]
    (carried,) = carry_places([Stop.model_validate(stop)], before, ZONE)
    return {name: value for name, value in carried.model_dump().items() if name in FOUND and value is not None}


@pytest.mark.parametrize("previous", [(FOUND,), (ENTERED, FOUND, UNKNOWN)])
def test_same_address_gets_the_place_that_was_found_for_it(previous: tuple[dict[str, Any], ...]) -> None:
    assert carry({"address": FOUND["address"]}, *previous) == FOUND
    assert carry(FOUND, *previous) == FOUND


def test_other_coordinates_of_the_same_address_stay() -> None:
    assert carry({**FOUND, "latitude": 42.0}, FOUND)["latitude"] == 42.0


def test_other_zone_of_the_same_address_stays() -> None:
    assert carry({"address": FOUND["address"], "timezone": "America/Denver"}, FOUND)["timezone"] == "America/Denver"


def test_changed_address_loses_the_place_of_the_old_one() -> None:
    assert carry({**FOUND, "address": "1 Navy Pier, Chicago"}, FOUND) == {"address": "1 Navy Pier, Chicago"}


def test_changed_address_keeps_coordinates_and_zone_that_were_changed_too() -> None:
    changes = {"address": "1 Navy Pier, Chicago", "latitude": 41.89, "longitude": -87.61}
    assert carry({**FOUND, **changes}, FOUND) == {**changes, "timezone": "America/Chicago"}


def test_changed_wording_keeps_entered_coordinates() -> None:
    assert carry({**ENTERED, "address": "Old depot, gate 2"}, ENTERED) == {**ENTERED, "address": "Old depot, gate 2"}


def test_stop_that_was_not_found_loses_only_the_zone_that_was_assumed() -> None:
    assert carry(UNKNOWN, UNKNOWN) == {"address": "Depot"}
    assert carry({**UNKNOWN, "timezone": "America/Denver"}, UNKNOWN)["timezone"] == "America/Denver"
    assert carry(ENTERED, ENTERED) == ENTERED


def test_new_stop_keeps_what_was_entered() -> None:
    assert carry(ENTERED, FOUND) == ENTERED
    assert carry({**UNKNOWN, "address": "Elsewhere"}, FOUND) == {"address": "Elsewhere", "timezone": ZONE}
