"""A vendor that won cannot come after all: what it won is taken back, and somebody else runs the trip."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.bids.model import BID
from coachway.bookings.charters import coverage
from coachway.bookings.charters import queries as charter_queries
from coachway.core import store
from coachway.core.runtime import clock
from tests.integration.bids.office import SYSTEM, ask, bid, booked, done, found, now_of, vendor
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG

WHY = {"reason": "Your coach broke down"}


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 2, 1, 12, tzinfo=UTC)):
        found()
        yield


def won(charter_id: str, vendor_id: str, **fields: Any) -> str:
    made = str(bid(charter_id, vendor_id, **fields)["id"])
    done("POST", f"/bids/{made}/accept", {"decision": "accept"})
    return made


def test_what_a_vendor_won_is_free_again_and_another_wins_it() -> None:
    trip, one, two = booked()["id"], vendor("One"), vendor("Two")
    first = won(trip, one)
    assert now_of(trip)["status"] == "confirmed"
    released = done("POST", f"/bids/{first}/release", WHY)
    assert (released["status"], released["called_off_reason"]) == ("accepted", "Your coach broke down")
    charter = now_of(trip)
    assert (charter["status"], charter["vehicles"], charter["vendor_id"]) == ("confirmed", [], None)
    second = won(trip, two)
    assert [cover["bid_id"] for cover in now_of(trip)["vehicles"]] == [second]
    told = [each for each in store.history(BID.key(org=ORG, id=first)) if each.type == "bid.called_off"]
    assert [each.data["reason"] for each in told] == ["Your coach broke down"]


def test_the_others_of_a_trip_keep_theirs() -> None:
    trip = booked(vehicle_count=2, passengers=80)["id"]
    first, second = won(trip, vendor("One"), vehicle_count=1), won(trip, vendor("Two"), vehicle_count=1)
    done("POST", f"/bids/{first}/release", WHY)
    assert [cover["bid_id"] for cover in now_of(trip)["vehicles"]] == [second]


def test_it_is_taken_back_once_and_only_from_who_won_it() -> None:
    trip, one = booked()["id"], vendor("One")
    open_ = bid(trip, one)["id"]
    assert ask("POST", f"/bids/{open_}/release", WHY).json()["title"] == "The award cannot be released"
    done("POST", f"/bids/{open_}/accept", {"decision": "accept"})
    assert ask("POST", f"/bids/{open_}/release", {}).status == 422
    assert ask("POST", f"/bids/{open_}/release", WHY, vendor=one).status == 403
    done("POST", f"/bids/{open_}/release", WHY)
    assert ask("POST", f"/bids/{open_}/release", WHY).status == 409


def test_a_vehicle_that_has_its_driver_is_not_taken_away_under_it() -> None:
    trip, one = booked()["id"], vendor("One")
    made = won(trip, one)
    before = charter_queries.get_charter(SYSTEM, trip)
    driven = before.vehicles[0].model_copy(update={"assignment_id": "asg_1", "driver_id": "drv_1"})
    store.commit(SYSTEM, *coverage.cover_ops(SYSTEM, before, [driven], "assigned"))
    refused = ask("POST", f"/bids/{made}/release", WHY)
    assert (refused.status, refused.json()["detail"]) == (409, "Release asg_1 first.")
    assert now_of(trip)["vendor_id"] == one


def test_a_trip_that_has_begun_stays_whose_it_is() -> None:
    trip, one = booked()["id"], vendor("One")
    made = won(trip, one)
    booking_builders.ask("POST", f"/charters/{trip}/cancel", {"reason": "off"})
    assert ask("POST", f"/bids/{made}/release", WHY).status == 409
    assert now_of(trip)["vendor_id"] == one
