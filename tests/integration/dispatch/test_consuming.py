"""What assignments make of events elsewhere, on moto's table."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core import ids
from coachway.core.consuming import Delivery
from coachway.core.events import Envelope
from coachway.core.listing import everything
from coachway.dispatch import charters
from coachway.dispatch.model import ASSIGNMENT
from tests.integration.bookings.asking import ORG
from tests.integration.dispatch.yard import SYSTEM, assigned, charter, done, driver, found, trip, vehicle


@pytest.fixture(autouse=True)
def organization() -> None:
    found()


def told(kind: str, aggregate_id: str, **data: Any) -> None:
    """An event reaches the consumer."""
    delivery = Delivery(
        event_id=ids.ulid(), type=kind, org_id=ORG, aggregate_id=aggregate_id, correlation_id="c", data=data
    )
    charters.CONSUMERS[kind](SYSTEM, delivery)


def now_of(assignment_id: str) -> dict[str, Any]:
    return done("GET", f"/dispatch/assignments/{assignment_id}")


def facts(assignment_id: str, kind: str) -> list[dict[str, Any]]:
    key = ASSIGNMENT.key(org=ORG, id=assignment_id)
    return [each.data for each in everything(Envelope, key.pk, prefix="EVENT#") if each.type == kind]


@pytest.mark.parametrize("kind", ["charter.cancelled", "charter.deleted", "quote.declined", "quote.expired"])
def test_a_trip_that_does_not_take_place_frees_its_driver_who_is_told(kind: str) -> None:
    rosa, coach, run = driver(phone="+12125550177"), vehicle(), trip()
    made = assigned(run, rosa, coach)
    for _ in range(2):
        told(kind, run)
    assert now_of(made["id"])["status"] == "released"
    [fact] = facts(made["id"], "assignment.released")
    assert (fact["driver_phone"], fact["pickup"]) == ("+12125550177", "11 Wall St, New York, NY")
    assert charter(run)["vehicles"] == []
    assigned(trip(), rosa, coach)


def test_a_trip_that_was_revised_is_offered_anew() -> None:
    made = assigned(run := trip(), driver(), vehicle())
    told("charter.modified", run, revised=False)
    assert now_of(made["id"])["status"] == "offered"
    told("charter.modified", run, revised=True)
    assert (now_of(made["id"])["status"], now_of(made["id"])["reason"]) == ("released", "The trip was changed")


def test_what_a_driver_on_leave_has_ahead_is_marked_until_they_are_back() -> None:
    rosa = driver()
    made = assigned(trip(), rosa, vehicle())
    for _ in range(2):
        told("driver.status_changed", rosa, driver_id=rosa, old_status="active", new_status="on_leave")
    assert now_of(made["id"])["concern"] == "The driver is on leave"
    assert [each["reason"] for each in facts(made["id"], "assignment.endangered")] == ["The driver is on leave"]
    told("driver.status_changed", rosa, driver_id=rosa, old_status="on_leave", new_status="active")
    assert now_of(made["id"])["concern"] == ""


def test_what_a_vehicle_in_maintenance_has_ahead_is_marked() -> None:
    coach = vehicle()
    made = assigned(trip(), driver(), coach)
    told("vehicle.status_changed", coach, vehicle_id=coach, old_status="in_service", new_status="maintenance")
    assert now_of(made["id"])["concern"] == "The vehicle is in maintenance"
