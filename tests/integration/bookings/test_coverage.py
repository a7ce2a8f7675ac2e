"""Coverage of vehicles by vendors and drivers."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.bookings.charters import coverage, lifecycle
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import Charter, Cover
from coachway.bookings.charters.rules import CharterChanged
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.types import ids
from tests.integration.bookings.builders import ORG, ask, create_charter, create_organizations, set_status

CALLER = Caller(org_id=ORG, user_id="usr_1", role="admin")


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()


def create_charter_with_status(*statuses: str, vehicles: int = 2) -> Charter:
    charter_id = str(create_charter(vehicle_count=vehicles)["id"])
    for status in statuses:
        assert set_status(charter_id, status).status == 200
    return charter_queries.get_charter(CALLER, charter_id)


def cover_vehicles(before: Charter, *covers: Cover) -> Charter:
    store.commit(CALLER, *coverage.cover_ops(CALLER, before, covers, "assigned"))
    return charter_queries.get_charter(CALLER, before.id)


def test_cover_ops_confirm_booked_charter_with_last_vehicle() -> None:
    half = cover_vehicles(create_charter_with_status("booked"), Cover(vehicle=2, vendor_id="ven_1", bid_id="bid_1"))
    assert (half.status, half.uncovered_vehicles, half.vendor_ids) == ("booked", [1], ["ven_1"])
    whole = cover_vehicles(half, Cover(vehicle=1, assignment_id="asg_1", driver_id="drv_1"))
    assert (whole.status, whole.uncovered_vehicles, whole.driver_id) == ("confirmed", [], "drv_1")
    assert [cover.vehicle for cover in whole.vehicles] == [1, 2]


def test_list_charters_finds_charter_by_each_vendor_and_driver() -> None:
    ven, other, drv = ids.new("ven"), ids.new("ven"), ids.new("drv")
    covers = [Cover(vehicle=1, vendor_id=ven), Cover(vehicle=2, vendor_id=other, assignment_id="asg_1", driver_id=drv)]
    whole = cover_vehicles(create_charter_with_status("booked"), *covers)

    def found(**query: str) -> list[str]:
        return [each["id"] for each in ask("GET", "/charters", query=query).json()["items"]]

    assert [found(vendor_id=ven), found(vendor_id=other), found(driver_id=drv)] == [[whole.id]] * 3
    assert found(vendor_id=other, driver_id=ids.new("drv")) == []


def test_covered_quote_is_confirmed_once_booked() -> None:
    quote = cover_vehicles(create_charter_with_status(vehicles=1), Cover(vehicle=1, vendor_id="ven_1"))
    assert (quote.status, coverage.confirm_if_covered_ops(CALLER, quote)) == ("quote", [])
    set_status(quote.id, "booked")
    store.commit(CALLER, *coverage.confirm_if_covered_ops(CALLER, charter_queries.get_charter(CALLER, quote.id)))
    assert charter_queries.get_charter(CALLER, quote.id).status == "confirmed"


def test_release_assignment_uncovers_vehicle_and_keeps_status() -> None:
    whole = cover_vehicles(
        create_charter_with_status("booked", vehicles=1), Cover(vehicle=1, assignment_id="asg_1", driver_id="drv_1")
    )
    assert coverage.release_assignment_ops(whole, "asg_other") == []
    store.commit(CALLER, *coverage.release_assignment_ops(whole, "asg_1"))
    left = charter_queries.get_charter(CALLER, whole.id)
    assert (left.status, left.uncovered_vehicles, left.driver_id) == ("confirmed", [1], None)


def test_release_assignment_keeps_vendor() -> None:
    both = Cover(vehicle=1, vendor_id="ven_1", bid_id="bid_1", assignment_id="asg_1", driver_id="drv_1")
    run = cover_vehicles(create_charter_with_status("booked", vehicles=1), both)
    store.commit(CALLER, *coverage.release_assignment_ops(run, "asg_1"))
    left = coverage.find_cover(charter_queries.get_charter(CALLER, run.id), 1)
    assert left == Cover(vehicle=1, vendor_id="ven_1", bid_id="bid_1")


def test_concurrent_cover_ops_of_same_vehicle_one_succeeds() -> None:
    before = create_charter_with_status("booked", vehicles=1)
    late = coverage.cover_ops(CALLER, before, [Cover(vehicle=1, vendor_id="ven_2")], "awarded")
    cover_vehicles(before, Cover(vehicle=1, vendor_id="ven_1"))
    with pytest.raises(CharterChanged):
        store.commit(CALLER, *late)
    assert charter_queries.get_charter(CALLER, before.id).vendor_ids == ["ven_1"]


def test_start_and_complete_ops_change_status_in_callers_transaction() -> None:
    confirmed = cover_vehicles(
        create_charter_with_status("booked", vehicles=1), Cover(vehicle=1, assignment_id="asg_1", driver_id="drv_1")
    )
    store.commit(CALLER, *lifecycle.start_ops(CALLER, confirmed, "left its first stop"))
    under_way = charter_queries.get_charter(CALLER, confirmed.id)
    store.commit(CALLER, *lifecycle.complete_ops(CALLER, under_way, "reached its last stop"))
    assert charter_queries.get_charter(CALLER, confirmed.id).status == "completed"


STAFF_ONLY = "charters:read charters:write"


@pytest.mark.parametrize("status", ["confirmed", "in_progress"])
def test_set_status_with_uncovered_vehicles_requires_override_and_reason(status: str) -> None:
    one = Cover(vehicle=1, assignment_id="asg_1", driver_id="drv_1")
    half = cover_vehicles(
        create_charter_with_status("booked", *(["confirmed"] if status == "in_progress" else [])), one
    )
    store.commit(CALLER, *coverage.release_assignment_ops(half, "asg_1"))
    path, step = f"/charters/{half.id}/status", {"status": status, "reason": "The client's own bus is the second"}
    refused = ask("POST", path, step, permissions=STAFF_ONLY)
    assert (refused.status, refused.json()["code"]) == (409, "vehicles_uncovered")
    assert refused.json()["detail"].startswith("Assign or award vehicles 1, 2, ")
    silent = ask("POST", path, {"status": status, "reason": " "})
    assert (silent.status, silent.json()["errors"][0]["field"]) == (422, "reason")
    assert charter_queries.get_charter(CALLER, half.id).status == half.status
    made = ask("POST", path, step).json()
    assert (made["status"], made["status_reason"]) == (status, step["reason"])
    fact = store.history(half.key())[-1]
    assert fact.data["uncovered"] == [1, 2]
    assert fact.actor.user_id


def test_set_status_confirms_covered_charter_by_staff() -> None:
    whole = cover_vehicles(create_charter_with_status(vehicles=1), Cover(vehicle=1, vendor_id="ven_1"))
    assert set_status(whole.id, "booked").status == 200
    made = set_status(whole.id, "confirmed", permissions=STAFF_ONLY)
    assert (made.status, made.json()["status"]) == (200, "confirmed")
    assert store.history(whole.key())[-1].data["uncovered"] == []


def test_revision_removes_drivers_and_keeps_vendors() -> None:
    both = Cover(vehicle=1, vendor_id="ven_1", bid_id="bid_1", assignment_id="asg_1", driver_id="drv_1")
    own = Cover(vehicle=2, assignment_id="asg_2", driver_id="drv_2")
    quote = cover_vehicles(create_charter_with_status(), both, own)
    made = ask("PUT", f"/charters/{quote.id}", {"miles": 140})
    assert made.status == 200, made.text
    after = charter_queries.get_charter(CALLER, quote.id)
    assert after.vehicles == [Cover(vehicle=1, vendor_id="ven_1", bid_id="bid_1")]
    assert (after.driver_id, after.vendor_ids) == (None, ["ven_1"])
