"""Assignments and holds for charters with vehicles of several classes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.dispatch import builders, tracking_builders
from tests.integration.dispatch.holds.test_holds import create_quote
from tests.integration.dispatch.holds.test_holds import hold as place_hold
from tests.integration.dispatch.holds.test_holds import send as send_hold

MIXED: dict[str, Any] = {
    "vehicle_groups": [{"vehicle_class": "coach", "count": 1}, {"vehicle_class": "minibus", "count": 2}],
    "vehicle_count": 3,
    "passengers": 100,
}


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def create_minibus(name: str = "Minibus 3", capacity: int = 30) -> str:
    return builders.create_vehicle(name, vehicle_class="minibus", capacity=capacity)


def test_vehicle_is_assigned_to_a_place_of_its_class() -> None:
    trip = builders.create_trip(**MIXED)
    minibus, coach = create_minibus(), builders.create_vehicle()
    first = builders.create_assignment(trip, builders.create_driver("Emil Sand"), minibus)
    assert (first["vehicle_number"], first["vehicle_class"], first["passengers"]) == (2, "minibus", 28)
    second = builders.create_assignment(trip, builders.create_driver(), coach)
    assert (second["vehicle_number"], second["vehicle_class"], second["passengers"]) == (1, "coach", 45)
    assert builders.get_charter(trip)["status"] == "booked"
    third = builders.create_assignment(trip, builders.create_driver("Ana Ruiz"), create_minibus("Minibus 4"))
    assert third["vehicle_number"] == 3
    assert builders.get_charter(trip)["status"] == "confirmed"


def test_vehicle_of_another_class_or_with_too_few_seats_is_refused() -> None:
    trip, driver = builders.create_trip(**MIXED), builders.create_driver()
    coach = builders.create_vehicle()
    wrong = builders.post_assignment(trip, driver, coach, vehicle_number=2)
    assert (wrong.status, "but the trip needs class minibus" in wrong.text) == (409, True)
    small = builders.post_assignment(trip, driver, create_minibus(capacity=27))
    assert (small.status, "has 27 seats, but the trip needs 28" in small.text) == (409, True)
    builders.create_assignment(trip, driver, coach)
    second_coach = builders.post_assignment(
        trip, builders.create_driver("Emil Sand"), builders.create_vehicle("Coach 13")
    )
    assert (second_coach.status, "but the trip needs class minibus" in second_coach.text) == (409, True)


def test_automatic_assignment_chooses_a_vehicle_of_the_class() -> None:
    trip = builders.create_trip(**MIXED)
    for name in ("Rosa Delgado", "Emil Sand", "Ana Ruiz"):
        builders.create_driver(name)
    builders.create_vehicle()
    create_minibus()
    create_minibus("Minibus 4")
    chosen = [
        builders.send_ok("POST", "/dispatch/assignments/auto", {"charter_id": trip})["assignment"] for _ in range(3)
    ]
    assert [(each["vehicle_number"], each["vehicle_class"]) for each in chosen] == [
        (1, "coach"),
        (2, "minibus"),
        (3, "minibus"),
    ]


def test_board_names_the_class_of_each_vehicle() -> None:
    trip = builders.create_trip(**MIXED)
    builders.create_assignment(trip, builders.create_driver(), create_minibus())
    board = builders.send_ok("GET", "/dispatch/board", query={"day": "2027-03-03"})
    cards = [card for column in board["columns"].values() for card in column]
    assert sorted((card["vehicle_number"], card["vehicle_class"]) for card in cards) == [
        (1, "coach"),
        (2, "minibus"),
        (3, "minibus"),
    ]


def test_holds_are_for_vehicles_of_the_classes() -> None:
    quote = create_quote(**MIXED)
    coach, second_coach, minibus = builders.create_vehicle(), builders.create_vehicle("Coach 13"), create_minibus()
    van = builders.create_vehicle("Van 1", vehicle_class="van", capacity=60)
    too_many = send_hold("POST", quote, body={"vehicle_ids": [coach, second_coach]})
    assert (too_many.status, "the charter needs 1 of class coach" in too_many.text) == (422, True)
    wrong = send_hold("POST", quote, body={"vehicle_ids": [van]})
    assert (wrong.status, "is of class van" in wrong.text) == (409, True)
    small = send_hold("POST", quote, body={"vehicle_ids": [create_minibus("Minibus 9", 27)]})
    assert (small.status, "has 27 seats, but the trip needs 28" in small.text) == (409, True)
    held = place_hold(quote, coach, minibus)
    assert [each["vehicle_id"] for each in held["vehicles"]] == [coach, minibus]
