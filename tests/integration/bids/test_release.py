"""Releases of awards through their route, on the table in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.bids.model.bid import BID
from coachway.bookings.charters import coverage
from coachway.bookings.charters import queries as charter_queries
from coachway.core import store
from coachway.core.runtime import clock
from tests.integration.bids.builders import (
    SYSTEM,
    create_booked_charter,
    create_organizations,
    create_submitted_bid,
    create_vendor,
    get_charter,
    send_ok,
    send_request,
)
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG

WHY = {"reason": "Your coach broke down"}


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 2, 1, 12, tzinfo=UTC)):
        create_organizations()
        yield


def create_awarded_bid(charter_id: str, vendor_id: str, **fields: Any) -> str:
    bid = str(create_submitted_bid(charter_id, vendor_id, **fields)["id"])
    send_ok("POST", f"/bids/{bid}/accept", {"decision": "accept"})
    return bid


def test_release_bid_frees_its_vehicles_for_another_award() -> None:
    trip, vendor_id, other_id = create_booked_charter()["id"], create_vendor("One"), create_vendor("Two")
    first = create_awarded_bid(trip, vendor_id)
    assert get_charter(trip)["status"] == "confirmed"
    released = send_ok("POST", f"/bids/{first}/release", WHY)
    assert (released["status"], released["award_release_reason"]) == ("accepted", "Your coach broke down")
    charter = get_charter(trip)
    assert (charter["status"], charter["vehicles"], charter["vendor_id"]) == ("confirmed", [], None)
    second = create_awarded_bid(trip, other_id)
    assert [cover["bid_id"] for cover in get_charter(trip)["vehicles"]] == [second]
    events = [each for each in store.list_history(BID.key(org=ORG, id=first)) if each.type == "bid.called_off"]
    assert [each.data["reason"] for each in events] == ["Your coach broke down"]


def test_release_bid_keeps_other_awards_of_the_charter() -> None:
    trip = create_booked_charter(vehicle_count=2, passengers=80)["id"]
    first, second = (
        create_awarded_bid(trip, create_vendor("One"), vehicle_count=1),
        create_awarded_bid(trip, create_vendor("Two"), vehicle_count=1),
    )
    send_ok("POST", f"/bids/{first}/release", WHY)
    assert [cover["bid_id"] for cover in get_charter(trip)["vehicles"]] == [second]


def test_release_bid_twice_or_without_an_award_returns_409() -> None:
    trip, vendor_id = create_booked_charter()["id"], create_vendor("One")
    open_ = create_submitted_bid(trip, vendor_id)["id"]
    assert send_request("POST", f"/bids/{open_}/release", WHY).json()["title"] == "The award cannot be released"
    send_ok("POST", f"/bids/{open_}/accept", {"decision": "accept"})
    assert send_request("POST", f"/bids/{open_}/release", {}).status == 422
    assert send_request("POST", f"/bids/{open_}/release", WHY, vendor_id=vendor_id).status == 403
    send_ok("POST", f"/bids/{open_}/release", WHY)
    assert send_request("POST", f"/bids/{open_}/release", WHY).status == 409


def test_release_bid_with_an_assigned_driver_returns_409() -> None:
    trip, vendor_id = create_booked_charter()["id"], create_vendor("One")
    bid = create_awarded_bid(trip, vendor_id)
    before = charter_queries.get_charter(SYSTEM, trip)
    driven = before.vehicles[0].model_copy(update={"assignment_id": "asg_1", "driver_id": "drv_1"})
    store.commit(SYSTEM, *coverage.set_coverage_ops(SYSTEM, before, [driven], "assigned"))
    reply = send_request("POST", f"/bids/{bid}/release", WHY)
    assert (reply.status, reply.json()["detail"]) == (409, "Release asg_1 first.")
    assert get_charter(trip)["vendor_id"] == vendor_id


def test_release_bid_of_a_cancelled_charter_returns_409() -> None:
    trip, vendor_id = create_booked_charter()["id"], create_vendor("One")
    bid = create_awarded_bid(trip, vendor_id)
    booking_builders.send_request("POST", f"/charters/{trip}/cancel", {"reason": "off"})
    assert send_request("POST", f"/bids/{bid}/release", WHY).status == 409
    assert get_charter(trip)["vendor_id"] == vendor_id
