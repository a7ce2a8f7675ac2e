"""Awards of bids through their routes, on the in-memory table."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from coachway.bids.awards import award
from coachway.bids.model import BID, Bid
from coachway.core import errors, store
from coachway.core.persistence.operations import Create
from coachway.core.persistence.table import call_stats
from coachway.core.types import ids
from tests.integration import vendor_builders
from tests.integration.bids.office import (
    SYSTEM,
    ask,
    bid,
    booked,
    charter,
    closed,
    done,
    found,
    now_of,
    offer,
    opened,
    ranked,
    vendor,
)
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG


@pytest.fixture(autouse=True)
def organization() -> None:
    found()


def calls_of(method: str, path: str, body: Any = None, *, vendor: str = "") -> int:
    """How many calls to the table a request makes; each token that is made for it looks up the signing keys."""
    tokens = 2 if vendor else 1
    before = call_stats.calls
    done(method, path, body, vendor=vendor)
    return call_stats.calls - before - tokens


def test_accept_bid_rejects_other_bids_with_reason() -> None:
    trip, one, two = booked(), vendor("One"), vendor("Two")
    low, high = bid(trip["id"], one, 1000), bid(trip["id"], two, 1100)
    done("POST", f"/bids/{low['id']}/accept", {"decision": "accept", "reason": "Best"})
    lost = done("GET", f"/bids/{high['id']}", vendor=two)
    assert (lost["status"], lost["decision_reason"]) == ("rejected", "A lower bid was chosen")
    again = ask("POST", f"/bids/{high['id']}/accept", {"decision": "accept"})
    assert again.status == 409


def test_accept_bid_awards_each_vehicle_once() -> None:
    trip = booked(vehicle_count=3, passengers=120)
    one, two, three = vendor("One"), vendor("Two"), vendor("Three")
    for_two = bid(trip["id"], one, 2000, vehicle_count=2)
    for_one = bid(trip["id"], two, 1100, vehicle_count=1)
    for_all = bid(trip["id"], three, 3300)
    assert [for_two["rank"], for_all["vehicle_count"]] == [1, 3]
    done("POST", f"/bids/{for_two['id']}/accept", {"decision": "accept"})
    half = now_of(trip["id"])
    assert (half["status"], half["vendor_ids"]) == ("booked", [one])
    too_many = ask("POST", f"/bids/{for_all['id']}/accept", {"decision": "accept"})
    assert (too_many.status, too_many.json()["title"]) == (409, "Too few vehicles left to award")
    last = done("POST", f"/bids/{for_one['id']}/accept", {"decision": "accept"})
    assert last["vehicles_awarded"] == [3]
    whole = now_of(trip["id"])
    assert (whole["status"], whole["vendor_ids"]) == ("confirmed", [one, two])
    assert done("GET", f"/bids/{for_all['id']}")["status"] == "rejected"


def test_award_of_unbooked_charter_confirms_it_when_booked() -> None:
    trip, ven = charter(), vendor()
    made = bid(trip["id"], ven)
    done("POST", f"/bids/{made['id']}/accept", {"decision": "accept"})
    assert now_of(trip["id"])["status"] == "quote"
    booking_builders.ask("POST", f"/charters/{trip['id']}/status", {"status": "booked", "accepted_by": "Dana"})
    award.confirm_if_covered(SYSTEM, trip["id"])
    assert now_of(trip["id"])["status"] == "confirmed"


def test_automatic_award_cheap_bid_of_trusted_vendor_wins() -> None:
    trip, one, two = booked(), vendor("One", is_preferred=True), vendor("Two")
    request = opened(trip["id"], target_price=1400)
    bid(trip["id"], one, 1260)
    bid(trip["id"], two, 1300)
    closed(request["id"])
    assert ranked(request["id"]).go == "settle"
    known = done("GET", f"/bid-requests/{request['id']}")
    assert known["status"] == "awarded"
    assert now_of(trip["id"])["vendor_id"] == one


@pytest.mark.parametrize(("price", "preferred"), [(1260.01, True), (1260, False)])
def test_automatic_award_other_bid_needs_manager(price: float, preferred: bool) -> None:
    trip, one = booked(), vendor("One", is_preferred=preferred)
    request = opened(trip["id"], one, target_price=1400)
    made = bid(trip["id"], one, price)
    closed(request["id"])
    assert ranked(request["id"]).go == "ask"
    done("POST", f"/bids/{made['id']}/accept", {"decision": "accept"})
    assert done("GET", f"/bid-requests/{request['id']}")["status"] == "awarded"


def test_accept_bid_of_suspended_vendor_is_refused() -> None:
    trip, one, two = booked(), vendor("One", is_preferred=True), vendor("Two", is_preferred=True)
    request = opened(trip["id"], target_price=2000)
    low, high = bid(trip["id"], one, 1000), bid(trip["id"], two, 1100)
    vendor_builders.send_request("PATCH", f"/vendors/{one}/status", query={"new_status": "suspended"})
    closed(request["id"])
    refused = ask("POST", f"/bids/{low['id']}/accept", {"decision": "accept"})
    assert (refused.status, "suspended" in refused.text) == (409, True)
    assert ranked(request["id"]).go == "settle"
    assert now_of(trip["id"])["vendor_id"] == two
    lost = done("GET", f"/bids/{low['id']}")
    assert (lost["status"], "suspended" in lost["decision_reason"]) == ("rejected", True)
    assert done("GET", f"/bids/{high['id']}")["status"] == "accepted"


def test_award_with_hundred_losing_bids_rejects_all() -> None:
    trip, winner = booked(), vendor("Winner")
    made = bid(trip["id"], winner, 500)
    kept = store.get(Bid, BID.key(org=ORG, id=made["id"]))
    for number in range(100):
        other = kept.model_copy(update={"id": ids.new("bid"), "vendor_id": f"ven_{number}", "version": 0})
        store.commit(SYSTEM, Create(other))
    done("POST", f"/bids/{made['id']}/accept", {"decision": "accept"})
    pages, cursor = list[Any](), None
    while True:
        query = {"charter_id": trip["id"], "limit": "100", **({"cursor": cursor} if cursor else {})}
        page = done("GET", "/bids", query=query)
        pages, cursor = pages + page["items"], page["next_cursor"]
        if cursor is None:
            break
    assert Counter(each["status"] for each in pages) == {"accepted": 1, "rejected": 100}
    assert all(each["decision_reason"] for each in pages if each["status"] == "rejected")


def test_accept_bid_two_at_once_awards_one(monkeypatch: pytest.MonkeyPatch) -> None:
    trip, one, two = booked(), vendor("One"), vendor("Two")
    first, second = bid(trip["id"], one), bid(trip["id"], two, 1300)
    commit, raced = store.commit, list[str]()

    def racing(*given: Any, **more: Any) -> None:
        if not raced:
            raced.append("once")
            award.award(SYSTEM, [second["id"]], "faster")
        commit(*given, **more)

    monkeypatch.setattr(store, "commit", racing)
    with pytest.raises(errors.Conflict):
        award.award(SYSTEM, [first["id"]], "slower")
    assert now_of(trip["id"])["vendor_ids"] == [two]


def test_submit_and_accept_bid_make_four_and_five_calls() -> None:
    trip, first, second = booked()["id"], vendor("One"), vendor("Two")
    cheap = done("POST", "/bids", offer(trip, 700), vendor=first)["id"]
    dear = done("POST", "/bids", offer(trip, 800), vendor=second)["id"]
    assert calls_of("POST", f"/bids/{cheap}/submit", vendor=first) == 4
    assert calls_of("POST", f"/bids/{dear}/submit", vendor=second) == 4
    assert calls_of("POST", f"/bids/{cheap}/accept", {}) == 5
    assert [done("GET", f"/bids/{bid_id}")["status"] for bid_id in (cheap, dear)] == ["accepted", "rejected"]
