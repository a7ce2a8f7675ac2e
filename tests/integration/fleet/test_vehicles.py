"""Vehicles through their routes, on the table in memory."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core import store
from coachway.core.types import ids
from coachway.fleet import dispatch_access, job_counter, vehicles
from coachway.fleet.model import VEHICLE_EXAMPLE
from tests.integration.client import call
from tests.integration.fleet.garage import APIS, Garage


@pytest.fixture
def garage() -> Garage:
    return Garage()


def test_a_vehicle_is_added_found_and_changed(garage: Garage) -> None:
    made = garage.vehicle()
    assert {name: made[name] for name in VEHICLE_EXAMPLE} == VEHICLE_EXAMPLE
    assert (made["status"], made["is_ada_compliant"], made["gross_weight_pounds"]) == ("in_service", False, None)
    found = garage.ask("GET", f"/vehicles/{made['id']}").json()
    assert found["missing_documents"] == ["vehicle_registration", "insurance_certificate", "safety_inspection"]
    for kind in found["missing_documents"]:
        garage.paper(kind, vehicle_id=made["id"])
    assert garage.ask("GET", f"/vehicles/{made['id']}").json()["is_compliant"] is True
    done = garage.ask("PUT", f"/vehicles/{made['id']}", {"name": "Coach 9", "status": "maintenance"})
    assert (done.status, done.json()["name"], done.json()["version"]) == (200, "Coach 9", 2)
    assert garage.ask("PUT", f"/vehicles/{made['id']}", {"name": "x"}, headers={"if-match": '"1"'}).status == 412
    history = store.history(vehicles.get_vehicle(garage.caller, made["id"]).key())
    assert [each.type for each in history] == ["vehicle.added", "vehicle.updated", "vehicle.status_changed"]


def test_vehicles_are_listed_by_status_class_vendor_and_name(garage: Garage) -> None:
    vendor = garage.made(
        "/vendors",
        {"business_name": "Ridgeline", "vendor_type": "broker", "primary_email": "v@ridgeline.example"},
    )["id"]
    garage.vehicle(name="Coach 1")
    garage.vehicle(name="Minibus 1", vehicle_class="minibus", capacity=28)
    garage.vehicle(name="Coach 2", status="retired", vendor_id=vendor)
    garage.vehicle(name="Van 1", vehicle_class="van", status="maintenance")

    def names(**query: str) -> list[str]:
        return [each["name"] for each in garage.ask("GET", "/vehicles", query=query).json()["items"]]

    assert names() == ["Van 1", "Coach 2", "Minibus 1", "Coach 1"]
    assert names(status="in_service") == ["Minibus 1", "Coach 1"]
    assert names(vehicle_class="coach", status="in_service") == ["Coach 1"]
    assert names(vendor_id=vendor) == ["Coach 2"]
    assert names(q="coach") == ["Coach 1", "Coach 2"]
    assert names(q="MINI", vehicle_class="coach") == []
    assert [each.name for each in dispatch_access.list_vehicles(garage.caller)] == ["Coach 1", "Minibus 1", "Van 1"]


@pytest.mark.parametrize(
    "wrong",
    [{"capacity": 0}, {"garage_latitude": 40.0}, {"status": "lost"}, {"plate": ""}, {"gross_weight_pounds": 0}],
)
def test_what_is_no_vehicle_is_refused(garage: Garage, wrong: dict[str, Any]) -> None:
    assert garage.ask("POST", "/vehicles", {**VEHICLE_EXAMPLE, **wrong}).status == 422


def test_a_vendor_that_is_not_there_is_refused(garage: Garage) -> None:
    assert garage.ask("POST", "/vehicles", {**VEHICLE_EXAMPLE, "vendor_id": ids.new("ven")}).status == 404


def test_a_vehicle_with_jobs_ahead_stays(garage: Garage) -> None:
    made = garage.vehicle()
    store.commit(garage.caller, job_counter.increment_op(garage.org.id, made["id"]))
    for method, body in (("DELETE", None), ("PUT", {"status": "retired"})):
        refused = garage.ask(method, f"/vehicles/{made['id']}", body)
        assert (refused.status, refused.json()["title"]) == (409, "The driver or vehicle has trips ahead")
    assert garage.ask("PUT", f"/vehicles/{made['id']}", {"status": "out_of_service"}).status == 200
    store.commit(garage.caller, job_counter.decrement_op(garage.org.id, made["id"]))
    assert garage.ask("DELETE", f"/vehicles/{made['id']}").status == 204
    assert garage.ask("GET", f"/vehicles/{made['id']}").status == 404


def test_nobody_without_the_permission_and_no_other_tenant_gets_in(garage: Garage) -> None:
    made = garage.vehicle()
    stranger = Garage("other")
    for method, body in (("GET", None), ("PUT", {"name": "Mine"}), ("DELETE", None)):
        path = f"/vehicles/{made['id']}"
        assert call(APIS["fleet"], method, f"/api/v1{path}", body).status == 401
        assert stranger.ask(method, path, body).status == 404
        assert garage.ask(method, path, body, token=garage.staff("charters:read")).status == 403
