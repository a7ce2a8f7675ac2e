"""Coverage of vehicles by vendors and drivers."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.bookings.charters import coverage, lifecycle
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import Charter, VehicleCoverage
from coachway.bookings.charters.rules import CharterChanged
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.types import ids
from tests.integration.bookings.builders import ORG, create_charter, create_organizations, send_request, set_status

CALLER = Caller(org_id=ORG, user_id="usr_1", role="admin")
FIRST_BY_DRIVER = VehicleCoverage(vehicle=1, assignment_id="asg_1", driver_id="drv_1")
FIRST_BY_VENDOR = VehicleCoverage(vehicle=1, vendor_id="ven_1", bid_id="bid_1")
FIRST_BY_VENDOR_AND_DRIVER = VehicleCoverage(
    vehicle=1, vendor_id="ven_1", bid_id="bid_1", assignment_id="asg_1", driver_id="drv_1"
)


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()


def create_charter_with_status(*statuses: str, vehicles: int = 2) -> Charter:
    charter_id = str(create_charter(vehicle_count=vehicles)["id"])
    for status in statuses:
        assert set_status(charter_id, status).status == 200
    return charter_queries.get_charter(CALLER, charter_id)


def cover_vehicles(before: Charter, *covers: VehicleCoverage) -> Charter:
    store.commit(CALLER, *coverage.set_coverage_ops(CALLER, before, covers, "assigned"))
    return charter_queries.get_charter(CALLER, before.id)


def test_cover_ops_confirm_booked_charter_with_last_vehicle() -> None:
    partly_covered = cover_vehicles(
        create_charter_with_status("booked"), VehicleCoverage(vehicle=2, vendor_id="ven_1", bid_id="bid_1")
    )
    assert (partly_covered.status, partly_covered.uncovered_vehicles, partly_covered.vendor_ids) == (
        "booked",
        [1],
        ["ven_1"],
    )
    covered = cover_vehicles(partly_covered, FIRST_BY_DRIVER)
    assert (covered.status, covered.uncovered_vehicles, covered.driver_id) == ("confirmed", [], "drv_1")
    assert [cover.vehicle for cover in covered.vehicles] == [1, 2]


def test_list_charters_finds_charter_by_each_vendor_and_driver() -> None:
    vendor_id, other_vendor_id, driver_id = ids.new("ven"), ids.new("ven"), ids.new("drv")
    covers = [
        VehicleCoverage(vehicle=1, vendor_id=vendor_id),
        VehicleCoverage(vehicle=2, vendor_id=other_vendor_id, assignment_id="asg_1", driver_id=driver_id),
    ]
    charter = cover_vehicles(create_charter_with_status("booked"), *covers)

    def list_ids(**query: str) -> list[str]:
        return [each["id"] for each in send_request("GET", "/charters", query=query).json()["items"]]

    for query in ({"vendor_id": vendor_id}, {"vendor_id": other_vendor_id}, {"driver_id": driver_id}):
        assert list_ids(**query) == [charter.id]
    assert list_ids(vendor_id=other_vendor_id, driver_id=ids.new("drv")) == []


def test_covered_quote_is_confirmed_once_booked() -> None:
    covered_quote = cover_vehicles(create_charter_with_status(vehicles=1), FIRST_BY_VENDOR)
    assert (covered_quote.status, coverage.confirm_if_covered_ops(CALLER, covered_quote)) == ("quote", [])
    set_status(covered_quote.id, "booked")
    store.commit(
        CALLER, *coverage.confirm_if_covered_ops(CALLER, charter_queries.get_charter(CALLER, covered_quote.id))
    )
    assert charter_queries.get_charter(CALLER, covered_quote.id).status == "confirmed"


def test_release_assignment_uncovers_vehicle_and_keeps_status() -> None:
    covered = cover_vehicles(
        create_charter_with_status("booked", vehicles=1),
        FIRST_BY_DRIVER,
    )
    assert coverage.release_assignment_ops(covered, "asg_other") == []
    store.commit(CALLER, *coverage.release_assignment_ops(covered, "asg_1"))
    after = charter_queries.get_charter(CALLER, covered.id)
    assert (after.status, after.uncovered_vehicles, after.driver_id) == ("confirmed", [1], None)


def test_release_assignment_keeps_vendor() -> None:
    covered = cover_vehicles(create_charter_with_status("booked", vehicles=1), FIRST_BY_VENDOR_AND_DRIVER)
    store.commit(CALLER, *coverage.release_assignment_ops(covered, "asg_1"))
    after = coverage.find_coverage(charter_queries.get_charter(CALLER, covered.id), 1)
    assert after == FIRST_BY_VENDOR


def test_concurrent_cover_ops_of_same_vehicle_one_succeeds() -> None:
    before = create_charter_with_status("booked", vehicles=1)
    late_ops = coverage.set_coverage_ops(CALLER, before, [VehicleCoverage(vehicle=1, vendor_id="ven_2")], "awarded")
    cover_vehicles(before, FIRST_BY_VENDOR)
    with pytest.raises(CharterChanged):
        store.commit(CALLER, *late_ops)
    assert charter_queries.get_charter(CALLER, before.id).vendor_ids == ["ven_1"]


def test_start_and_complete_ops_change_status_in_callers_transaction() -> None:
    confirmed = cover_vehicles(
        create_charter_with_status("booked", vehicles=1),
        FIRST_BY_DRIVER,
    )
    store.commit(CALLER, *lifecycle.start_ops(CALLER, confirmed, "left its first stop"))
    under_way = charter_queries.get_charter(CALLER, confirmed.id)
    store.commit(CALLER, *lifecycle.complete_ops(CALLER, under_way, "reached its last stop"))
    assert charter_queries.get_charter(CALLER, confirmed.id).status == "completed"


STAFF_ONLY = "charters:read charters:write"


@pytest.mark.parametrize("status", ["confirmed", "in_progress"])
def test_set_status_with_uncovered_vehicles_requires_override_and_reason(status: str) -> None:
    partly_covered = cover_vehicles(
        create_charter_with_status("booked", *(["confirmed"] if status == "in_progress" else [])), FIRST_BY_DRIVER
    )
    store.commit(CALLER, *coverage.release_assignment_ops(partly_covered, "asg_1"))
    path, change = (
        f"/charters/{partly_covered.id}/status",
        {"status": status, "reason": "The client uses its own bus as second vehicle"},
    )
    rejected = send_request("POST", path, change, permissions=STAFF_ONLY)
    assert (rejected.status, rejected.json()["code"]) == (409, "vehicles_uncovered")
    assert rejected.json()["detail"].startswith("Assign or award vehicles 1, 2, ")
    without_reason = send_request("POST", path, {"status": status, "reason": " "})
    assert (without_reason.status, without_reason.json()["errors"][0]["field"]) == (422, "reason")
    assert charter_queries.get_charter(CALLER, partly_covered.id).status == partly_covered.status
    changed = send_request("POST", path, change).json()
    assert (changed["status"], changed["status_reason"]) == (status, change["reason"])
    event = store.list_history(partly_covered.key())[-1]
    assert event.data["uncovered"] == [1, 2]
    assert event.actor.user_id


def test_set_status_confirms_covered_charter_by_staff() -> None:
    covered = cover_vehicles(create_charter_with_status(vehicles=1), FIRST_BY_VENDOR)
    assert set_status(covered.id, "booked").status == 200
    reply = set_status(covered.id, "confirmed", permissions=STAFF_ONLY)
    assert (reply.status, reply.json()["status"]) == (200, "confirmed")
    assert store.list_history(covered.key())[-1].data["uncovered"] == []


def test_revision_removes_drivers_and_keeps_vendors() -> None:
    own = VehicleCoverage(vehicle=2, assignment_id="asg_2", driver_id="drv_2")
    covered_quote = cover_vehicles(create_charter_with_status(), FIRST_BY_VENDOR_AND_DRIVER, own)
    reply = send_request("PUT", f"/charters/{covered_quote.id}", {"miles": 140})
    assert reply.status == 200, reply.text
    after = charter_queries.get_charter(CALLER, covered_quote.id)
    assert after.vehicles == [FIRST_BY_VENDOR]
    assert (after.driver_id, after.vendor_ids) == (None, ["ven_1"])
