"""The roster of the fleet, which makes the fleet calendar three calls, and fleets that earlier releases stored."""

from __future__ import annotations

import random
from typing import Any

import pytest

from coachway.core import store
from coachway.core.party_reference import DRIVER
from coachway.core.persistence.operations import Update
from coachway.core.persistence.table import call_stats
from coachway.dispatch.calendars import service
from coachway.dispatch.calendars.schemas import FleetQuery
from coachway.fleet import roster
from coachway.fleet.model import VEHICLE, Driver, Vehicle
from coachway.identity.organizations.service import mark_data_current
from tests.integration import previous_release_data
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch import builders, tracking_builders

MARCH = FleetQuery.model_validate({"date_from": "2027-03-01", "date_to": "2027-03-07"})
STATUSES = {
    Driver: ("active", "on_leave", "inactive"),
    Vehicle: ("in_service", "maintenance", "out_of_service", "retired"),
}


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def list_rows(**changes: Any) -> list[tuple[str, str, int]]:
    """Return the id, status and number of trips of each row of the fleet calendar."""
    calendar = service.get_fleet_calendar(builders.SYSTEM, MARCH.model_copy(update=changes))
    return [(row.id, row.status, len(row.jobs)) for row in calendar.rows]


def count_calls(**changes: Any) -> int:
    before = call_stats.calls
    list_rows(**changes)
    return call_stats.calls - before


def load(resource_id: str) -> Driver | Vehicle:
    if resource_id.startswith("drv"):
        return store.get(Driver, DRIVER.key(org=ORG, id=resource_id))
    return store.get(Vehicle, VEHICLE.key(org=ORG, id=resource_id))


def set_status(resource_id: str, status: str) -> None:
    before = load(resource_id)
    after = type(before).model_validate({**before.model_dump(), "status": status})
    store.commit(builders.SYSTEM, Update(before, after))


def test_fleet_calendar_takes_three_calls() -> None:
    rosa, coach = builders.create_driver(), builders.create_vehicle()
    builders.create_assignment(builders.create_trip(), rosa, coach)
    assert list_rows() == [(rosa, "active", 1), (coach, "in_service", 1)]
    assert list_rows(kind="driver") == [(rosa, "active", 1)]
    assert list_rows(kind="vehicle") == [(coach, "in_service", 1)]
    assert [count_calls(), count_calls(kind="driver"), count_calls(kind="vehicle")] == [3, 3, 3]


@pytest.mark.parametrize("seed", range(3))
def test_roster_equals_lists_by_status_after_any_order_of_changes(seed: int) -> None:
    dice = random.Random(seed)
    fleet = [builders.create_driver(f"Rosa {n}") for n in range(3)] + [builders.create_vehicle() for _ in range(3)]
    for _ in range(20):
        resource = dice.choice(fleet)
        set_status(resource, dice.choice(STATUSES[type(load(resource))]))
        rows = list_rows()
        previous_release_data.set_data_version(ORG)
        assert list_rows() == rows
        mark_data_current(ORG)
    expected = {resource for resource in fleet if load(resource).status not in ("inactive", "retired")}
    assert {resource for resource, *_ in rows} == expected


def test_fleet_of_earlier_release_is_listed_before_and_after_rebuild(dynamodb: Any) -> None:
    previous_release_data.set_data_version(ORG)
    rosa, gone = builders.create_driver(), builders.create_driver("Gone Away", status="inactive")
    coach = builders.create_vehicle()
    before = {resource: load(resource) for resource in (rosa, gone, coach)}
    for record in before.values():
        previous_release_data.remove_attributes(dynamodb, record.key(), "gsi4pk", "gsi4sk")
    rows = [(rosa, "active", 0), (coach, "in_service", 0)]
    assert (list_rows(), count_calls()) == (rows, 7)
    assert roster.refresh_roster(ORG) == 3
    mark_data_current(ORG)
    assert (list_rows(), count_calls()) == (rows, 3)
    assert {resource: load(resource) for resource in before} == before
