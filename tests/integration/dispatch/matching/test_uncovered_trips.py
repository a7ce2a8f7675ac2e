"""The slim copies of charters that the dispatch board reads, and charters that earlier releases stored."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest

from coachway.bookings.charters.charter_summary import CharterSummary
from coachway.bookings.charters.model import BY_MONTH, CHARTER, Charter
from coachway.core import store
from coachway.core.persistence.queries import iterate_by_month
from coachway.core.persistence.records import slim_copy_key
from coachway.core.runtime import settings
from coachway.dispatch import uncovered_trips
from coachway.identity import organization_queries
from coachway.identity.organizations.service import mark_data_current
from tests.integration import previous_release_data
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch import builders
from tests.integration.dispatch.builders import create_driver, create_trip, create_vehicle, send_ok, send_request

DAY = date(2027, 3, 3)


@pytest.fixture(autouse=True)
def organization() -> None:
    builders.create_organization()


def list_trips() -> list[CharterSummary]:
    return uncovered_trips.list_uncovered_trips(organization_queries.get_organization(ORG), DAY)


def list_expected_trips() -> list[CharterSummary]:
    """List the slim copies of all charters as the charters are now."""
    copies = [charter.slim_copy() for charter in iterate_by_month(Charter, BY_MONTH, ORG)]
    trips = [copy for copy in copies if copy is not None and copy.trip_date == DAY]
    return sorted(trips, key=lambda trip: (trip.starts_at, trip.charter_id))


def get_board() -> dict[str, Any]:
    columns: dict[str, Any] = send_ok("GET", "/dispatch/board", query={"day": str(DAY)})["columns"]
    return columns


def make_old(dynamodb: Any, *charter_ids: str) -> None:
    """Store charters as an earlier release stored them."""
    previous_release_data.set_data_version(ORG)
    for charter_id in charter_ids:
        key = slim_copy_key(CHARTER.key(org=ORG, id=charter_id))
        dynamodb.delete_item(TableName=settings.table_name(), Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})


def test_uncovered_trip_lists_vehicles_until_they_have_drivers() -> None:
    charter_id, rosa = create_trip(vehicle_count=2, passengers=80), create_driver()
    booking_builders.create_charter()
    [trip] = list_trips()
    assert (trip.charter_id, [vehicle.number for vehicle in trip.vehicles]) == (charter_id, [1, 2])
    builders.create_assignment(charter_id, rosa, create_vehicle())
    [trip] = list_trips()
    assert [vehicle.number for vehicle in trip.vehicles] == [2]
    assert list_trips() == list_expected_trips()


@pytest.mark.parametrize("seed", range(2))
def test_uncovered_trips_equal_charters_after_any_order_of_assignments(seed: int) -> None:
    dice = random.Random(seed)
    trips = [create_trip(departure=f"{hour:02d}:00") for hour in (6, 12, 18)]
    trips.append(create_trip(day="2027-03-04"))
    drivers, vehicles = [create_driver(f"Rosa {n}") for n in range(3)], [create_vehicle() for _ in range(3)]
    assignments: list[str] = []
    for _ in range(12):
        if assignments and dice.random() < 0.5:
            path = f"/dispatch/assignments/{assignments.pop(dice.randrange(len(assignments)))}"
            action = dice.choice(("release", "decline", "accept"))
            send_request("POST", f"{path}/{action}", {"reason": "ill"} if action != "accept" else {})
        else:
            body = {
                "charter_id": dice.choice(trips),
                "driver_id": dice.choice(drivers),
                "vehicle_id": dice.choice(vehicles),
            }
            response = send_request("POST", "/dispatch/assignments", body)
            assignments += [response.json()["id"]] if response.status < 300 else []
        assert list_trips() == list_expected_trips()
    board = get_board()
    previous_release_data.set_data_version(ORG)
    assert get_board() == board


def test_board_of_earlier_release_is_equal_before_and_after_rebuild(dynamodb: Any) -> None:
    covered, half, open_id = create_trip(), create_trip(vehicle_count=2, passengers=80), create_trip(departure="05:00")
    expected_columns = {covered: "offered", half: "uncovered", open_id: "uncovered"}
    builders.create_assignment(covered, create_driver(), create_vehicle())
    builders.create_assignment(half, create_driver("Emil Sand"), create_vehicle("Coach 9"))
    make_old(dynamodb, *expected_columns)
    before = get_board()
    for charter_id, column in expected_columns.items():
        assert charter_id in {card["charter_id"] for card in before[column]}
    charters = [store.get(Charter, CHARTER.key(org=ORG, id=charter_id)) for charter_id in expected_columns]
    assert uncovered_trips.refresh_uncovered_trips(ORG) == 3
    mark_data_current(ORG)
    assert get_board() == before
    assert list_trips() == list_expected_trips()
    assert [store.get(Charter, charter.key()) for charter in charters] == charters
