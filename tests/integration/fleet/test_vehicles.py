"""Vehicles through the API, on the in-memory table."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core import store
from coachway.core.types import ids
from coachway.fleet import assignment_counter, resource_queries, vehicles
from coachway.fleet.model import VEHICLE_EXAMPLE
from tests.integration.client import call
from tests.integration.fleet.builders import APIS, FleetClient


@pytest.fixture
def fleet() -> FleetClient:
    return FleetClient()


def test_vehicle_is_created_read_and_updated(fleet: FleetClient) -> None:
    vehicle = fleet.create_vehicle()
    assert {name: vehicle[name] for name in VEHICLE_EXAMPLE} == VEHICLE_EXAMPLE
    assert (vehicle["status"], vehicle["is_ada_compliant"], vehicle["gross_weight_pounds"]) == (
        "in_service",
        False,
        None,
    )
    profile = fleet.send("GET", f"/vehicles/{vehicle['id']}").json()
    assert profile["missing_documents"] == ["vehicle_registration", "insurance_certificate", "safety_inspection"]
    for kind in profile["missing_documents"]:
        fleet.approve_document(kind, vehicle_id=vehicle["id"])
    assert fleet.send("GET", f"/vehicles/{vehicle['id']}").json()["is_compliant"] is True
    reply = fleet.send("PUT", f"/vehicles/{vehicle['id']}", {"name": "Coach 9", "status": "maintenance"})
    assert (reply.status, reply.json()["name"], reply.json()["version"]) == (200, "Coach 9", 2)
    assert fleet.send("PUT", f"/vehicles/{vehicle['id']}", {"name": "x"}, headers={"if-match": '"1"'}).status == 412
    history = store.list_history(vehicles.get_vehicle(fleet.caller, vehicle["id"]).key())
    assert [each.type for each in history] == ["vehicle.added", "vehicle.updated", "vehicle.status_changed"]


def test_list_vehicles_filters_by_status_class_vendor_and_name(fleet: FleetClient) -> None:
    vendor = fleet.create(
        "/vendors",
        {"business_name": "Ridgeline", "vendor_type": "broker", "primary_email": "v@ridgeline.example"},
    )["id"]
    fleet.create_vehicle(name="Coach 1")
    fleet.create_vehicle(name="Minibus 1", vehicle_class="minibus", capacity=28)
    fleet.create_vehicle(name="Coach 2", status="retired", vendor_id=vendor)
    fleet.create_vehicle(name="Van 1", vehicle_class="van", status="maintenance")

    def names(**query: str) -> list[str]:
        return [each["name"] for each in fleet.send("GET", "/vehicles", query=query).json()["items"]]

    assert names() == ["Van 1", "Coach 2", "Minibus 1", "Coach 1"]
    assert names(status="in_service") == ["Minibus 1", "Coach 1"]
    assert names(vehicle_class="coach", status="in_service") == ["Coach 1"]
    assert names(vendor_id=vendor) == ["Coach 2"]
    assert names(q="coach") == ["Coach 2", "Coach 1"]
    assert names(q="bus 1") == []
    assert names(q="1 mini") == ["Minibus 1"]
    assert names(q="MINI", vehicle_class="coach") == []
    assert [each.name for each in resource_queries.list_assignable_vehicles(fleet.caller)] == [
        "Coach 1",
        "Minibus 1",
        "Van 1",
    ]


@pytest.mark.parametrize(
    "wrong",
    [{"capacity": 0}, {"garage_latitude": 40.0}, {"status": "lost"}, {"plate": ""}, {"gross_weight_pounds": 0}],
)
def test_vehicle_with_invalid_field_is_refused(fleet: FleetClient, wrong: dict[str, Any]) -> None:
    assert fleet.send("POST", "/vehicles", {**VEHICLE_EXAMPLE, **wrong}).status == 422


def test_create_with_unknown_vendor_is_not_found(fleet: FleetClient) -> None:
    assert fleet.send("POST", "/vehicles", {**VEHICLE_EXAMPLE, "vendor_id": ids.new("ven")}).status == 404


def test_vehicle_with_upcoming_trips_cannot_be_deleted_or_retired(fleet: FleetClient) -> None:
    vehicle = fleet.create_vehicle()
    store.commit(fleet.caller, assignment_counter.increment_op(fleet.org.id, vehicle["id"]))
    for method, body in (("DELETE", None), ("PUT", {"status": "retired"})):
        refused = fleet.send(method, f"/vehicles/{vehicle['id']}", body)
        assert (refused.status, refused.json()["title"]) == (409, "The driver or vehicle has upcoming trips")
    assert fleet.send("PUT", f"/vehicles/{vehicle['id']}", {"status": "out_of_service"}).status == 200
    store.commit(fleet.caller, assignment_counter.decrement_op(fleet.org.id, vehicle["id"]))
    assert fleet.send("DELETE", f"/vehicles/{vehicle['id']}").status == 204
    assert fleet.send("GET", f"/vehicles/{vehicle['id']}").status == 404


def test_routes_without_permission_or_of_another_tenant_are_refused(fleet: FleetClient) -> None:
    vehicle = fleet.create_vehicle()
    stranger = FleetClient("other")
    for method, body in (("GET", None), ("PUT", {"name": "Mine"}), ("DELETE", None)):
        path = f"/vehicles/{vehicle['id']}"
        assert call(APIS["fleet"], method, f"/api/v1{path}", body).status == 401
        assert stranger.send(method, path, body).status == 404
        assert fleet.send(method, path, body, token=fleet.staff_token("charters:read")).status == 403
