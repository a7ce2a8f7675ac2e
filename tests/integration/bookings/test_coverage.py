"""Whoever runs a charter's vehicles lies on the charter, and confirms it when nothing is left to give away."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.bookings import charters, coverage, lifecycle
from coachway.bookings.model import Charter, Cover
from coachway.core import ids, store
from coachway.core.caller import Caller
from tests.integration.bookings.asking import ORG, ask, found, moved, quoted

CALLER = Caller(org_id=ORG, user_id="usr_1", role="admin")


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    found()


def a_charter(*statuses: str, vehicles: int = 2) -> Charter:
    charter_id = str(quoted(vehicle_count=vehicles)["id"])
    for status in statuses:
        assert moved(charter_id, status).status == 200
    return charters.get(CALLER, charter_id)


def given(before: Charter, *covers: Cover) -> Charter:
    store.commit(CALLER, *coverage.covered(CALLER, before, covers, "assigned"))
    return charters.get(CALLER, before.id)


def test_a_booked_charter_is_confirmed_when_its_last_vehicle_is_given_away() -> None:
    half = given(a_charter("booked"), Cover(vehicle=2, vendor_id="ven_1", bid_id="bid_1"))
    assert (half.status, coverage.free(half), half.vendor_ids) == ("booked", [1], ["ven_1"])
    whole = given(half, Cover(vehicle=1, assignment_id="asg_1", driver_id="drv_1"))
    assert (whole.status, coverage.free(whole), whole.driver_id) == ("confirmed", [], "drv_1")
    assert [cover.vehicle for cover in whole.vehicles] == [1, 2]


def test_a_charter_is_found_by_each_vendor_and_driver_that_runs_a_part_of_it() -> None:
    ven, other, drv = ids.new("ven"), ids.new("ven"), ids.new("drv")
    covers = [Cover(vehicle=1, vendor_id=ven), Cover(vehicle=2, vendor_id=other, assignment_id="asg_1", driver_id=drv)]
    whole = given(a_charter("booked"), *covers)

    def found(**query: str) -> list[str]:
        return [each["id"] for each in ask("GET", "/charters", query=query).json()["items"]]

    assert [found(vendor_id=ven), found(vendor_id=other), found(driver_id=drv)] == [[whole.id]] * 3
    assert found(vendor_id=other, driver_id=ids.new("drv")) == []


def test_one_that_was_given_away_as_a_quote_is_confirmed_once_it_is_booked() -> None:
    quote = given(a_charter(vehicles=1), Cover(vehicle=1, vendor_id="ven_1"))
    assert (quote.status, coverage.confirm_if_whole(CALLER, quote)) == ("quote", [])
    moved(quote.id, "booked")
    store.commit(CALLER, *coverage.confirm_if_whole(CALLER, charters.get(CALLER, quote.id)))
    assert charters.get(CALLER, quote.id).status == "confirmed"


def test_a_vehicle_that_loses_its_driver_is_free_again_and_the_charter_keeps_its_status() -> None:
    whole = given(a_charter("booked", vehicles=1), Cover(vehicle=1, assignment_id="asg_1", driver_id="drv_1"))
    assert coverage.uncovered(whole, "asg_other") == []
    store.commit(CALLER, *coverage.uncovered(whole, "asg_1"))
    left = charters.get(CALLER, whole.id)
    assert (left.status, coverage.free(left), left.driver_id) == ("confirmed", [1], None)


def test_a_vendor_that_was_awarded_a_vehicle_still_has_it_without_its_driver() -> None:
    both = Cover(vehicle=1, vendor_id="ven_1", bid_id="bid_1", assignment_id="asg_1", driver_id="drv_1")
    run = given(a_charter("booked", vehicles=1), both)
    store.commit(CALLER, *coverage.uncovered(run, "asg_1"))
    left = coverage.of_vehicle(charters.get(CALLER, run.id), 1)
    assert left == Cover(vehicle=1, vendor_id="ven_1", bid_id="bid_1")


def test_of_two_who_give_the_same_vehicle_away_one_wins() -> None:
    before = a_charter("booked", vehicles=1)
    late = coverage.covered(CALLER, before, [Cover(vehicle=1, vendor_id="ven_2")], "awarded")
    given(before, Cover(vehicle=1, vendor_id="ven_1"))
    with pytest.raises(lifecycle.ChangedMeanwhile):
        store.commit(CALLER, *late)
    assert charters.get(CALLER, before.id).vendor_ids == ["ven_1"]


def test_a_charter_starts_and_is_completed_in_the_transaction_that_moves_its_vehicles() -> None:
    confirmed = given(a_charter("booked", vehicles=1), Cover(vehicle=1, assignment_id="asg_1", driver_id="drv_1"))
    store.commit(CALLER, *lifecycle.starting(CALLER, confirmed, "left its first stop"))
    under_way = charters.get(CALLER, confirmed.id)
    store.commit(CALLER, *lifecycle.completing(CALLER, under_way, "reached its last stop"))
    assert charters.get(CALLER, confirmed.id).status == "completed"
