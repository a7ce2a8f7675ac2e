"""Awards of bids through their routes, on the in-memory table."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from coachway.bids.awards import acceptance
from coachway.bids.model.bid import BID, Bid
from coachway.core import errors, store
from coachway.core.persistence.operations import Create
from coachway.core.persistence.table import call_stats
from coachway.core.types import ids
from tests.integration import vendor_builders
from tests.integration.bids.builders import (
    SYSTEM,
    bid_body,
    close_bid_request,
    create_booked_charter,
    create_charter,
    create_organizations,
    create_submitted_bid,
    create_vendor,
    decide_bid_request,
    get_charter,
    open_bid_request,
    send_ok,
    send_request,
)
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organizations()


def count_calls(method: str, path: str, body: Any = None, *, vendor_id: str = "") -> int:
    """Send a request; returns the number of calls to the table, without the reads of signing keys for its tokens."""
    before = call_stats.calls
    send_ok(method, path, body, vendor_id=vendor_id)
    return call_stats.calls - before - 1


def test_accept_bid_rejects_other_bids_with_reason() -> None:
    trip, vendor_id, other_id = create_booked_charter(), create_vendor("One"), create_vendor("Two")
    low, high = create_submitted_bid(trip["id"], vendor_id, 1000), create_submitted_bid(trip["id"], other_id, 1100)
    send_ok("POST", f"/bids/{low['id']}/accept", {"decision": "accept", "reason": "Best"})
    rejected = send_ok("GET", f"/bids/{high['id']}", vendor_id=other_id)
    assert (rejected["status"], rejected["message_to_vendor"]) == ("rejected", "A lower bid was chosen.")
    assert (rejected["decision_reason"], rejected["decided_by"]) == ("", None), "these are internal"
    again = send_request("POST", f"/bids/{high['id']}/accept", {"decision": "accept"})
    assert again.status == 409


def test_accept_bid_awards_each_vehicle_once() -> None:
    trip = create_booked_charter(vehicle_count=3, passengers=120)
    vendor_id, other_id, third_id = create_vendor("One"), create_vendor("Two"), create_vendor("Three")
    for_two = create_submitted_bid(trip["id"], vendor_id, 2000, vehicle_count=2)
    for_one = create_submitted_bid(trip["id"], other_id, 1100, vehicle_count=1)
    for_all = create_submitted_bid(trip["id"], third_id, 3300)
    assert [for_two["rank"], for_all["vehicle_count"]] == [1, 3]
    send_ok("POST", f"/bids/{for_two['id']}/accept", {"decision": "accept"})
    half = get_charter(trip["id"])
    assert (half["status"], half["vendor_ids"]) == ("booked", [vendor_id])
    too_many = send_request("POST", f"/bids/{for_all['id']}/accept", {"decision": "accept"})
    assert (too_many.status, too_many.json()["title"]) == (409, "Too few vehicles left to award")
    last = send_ok("POST", f"/bids/{for_one['id']}/accept", {"decision": "accept"})
    assert last["vehicles_awarded"] == [3]
    whole = get_charter(trip["id"])
    assert (whole["status"], whole["vendor_ids"]) == ("confirmed", [vendor_id, other_id])
    assert send_ok("GET", f"/bids/{for_all['id']}")["status"] == "rejected"


def test_award_of_unbooked_charter_confirms_it_when_booked() -> None:
    trip, vendor_id = create_charter(), create_vendor()
    bid = create_submitted_bid(trip["id"], vendor_id)
    send_ok("POST", f"/bids/{bid['id']}/accept", {"decision": "accept"})
    assert get_charter(trip["id"])["status"] == "quote"
    booking_builders.send_request("POST", f"/charters/{trip['id']}/status", {"status": "booked", "accepted_by": "Dana"})
    acceptance.confirm_if_covered(SYSTEM, trip["id"])
    assert get_charter(trip["id"])["status"] == "confirmed"


def test_automatic_award_cheap_bid_of_trusted_vendor_wins() -> None:
    trip, vendor_id, other_id = create_booked_charter(), create_vendor("One", is_preferred=True), create_vendor("Two")
    request = open_bid_request(trip["id"], target_price=1400)
    create_submitted_bid(trip["id"], vendor_id, 1260)
    create_submitted_bid(trip["id"], other_id, 1300)
    close_bid_request(request["id"])
    assert decide_bid_request(request["id"]).go == "settle"
    stored = send_ok("GET", f"/bid-requests/{request['id']}")
    assert stored["status"] == "awarded"
    assert get_charter(trip["id"])["vendor_id"] == vendor_id


@pytest.mark.parametrize(("price", "preferred"), [(1260.01, True), (1260, False)])
def test_automatic_award_other_bid_needs_manager(price: float, preferred: bool) -> None:
    trip, vendor_id = create_booked_charter(), create_vendor("One", is_preferred=preferred)
    request = open_bid_request(trip["id"], vendor_id, target_price=1400)
    bid = create_submitted_bid(trip["id"], vendor_id, price)
    close_bid_request(request["id"])
    assert decide_bid_request(request["id"]).go == "ask"
    send_ok("POST", f"/bids/{bid['id']}/accept", {"decision": "accept"})
    assert send_ok("GET", f"/bid-requests/{request['id']}")["status"] == "awarded"


def test_accept_bid_of_suspended_vendor_is_refused() -> None:
    trip, vendor_id, other_id = (
        create_booked_charter(),
        create_vendor("One", is_preferred=True),
        create_vendor("Two", is_preferred=True),
    )
    request = open_bid_request(trip["id"], target_price=2000)
    low, high = create_submitted_bid(trip["id"], vendor_id, 1000), create_submitted_bid(trip["id"], other_id, 1100)
    vendor_builders.send_request("PATCH", f"/vendors/{vendor_id}/status", query={"new_status": "suspended"})
    close_bid_request(request["id"])
    reply = send_request("POST", f"/bids/{low['id']}/accept", {"decision": "accept"})
    assert (reply.status, "suspended" in reply.text) == (409, True)
    assert decide_bid_request(request["id"]).go == "settle"
    assert get_charter(trip["id"])["vendor_id"] == other_id
    rejected = send_ok("GET", f"/bids/{low['id']}")
    assert (rejected["status"], "suspended" in rejected["decision_reason"]) == ("rejected", True)
    assert send_ok("GET", f"/bids/{high['id']}")["status"] == "accepted"


def test_award_with_hundred_losing_bids_rejects_all() -> None:
    trip, winner = create_booked_charter(), create_vendor("Winner")
    bid = create_submitted_bid(trip["id"], winner, 500)
    winning_bid = store.get(Bid, BID.key(org=ORG, id=bid["id"]))
    for number in range(100):
        losing_bid = winning_bid.model_copy(update={"id": ids.new("bid"), "vendor_id": f"ven_{number}", "version": 0})
        store.commit(SYSTEM, Create(losing_bid))
    send_ok("POST", f"/bids/{bid['id']}/accept", {"decision": "accept"})
    pages, cursor = list[Any](), None
    while True:
        query = {"charter_id": trip["id"], "limit": "100", **({"cursor": cursor} if cursor else {})}
        page = send_ok("GET", "/bids", query=query)
        pages, cursor = pages + page["items"], page["next_cursor"]
        if cursor is None:
            break
    assert Counter(each["status"] for each in pages) == {"accepted": 1, "rejected": 100}
    assert all(each["decision_reason"] for each in pages if each["status"] == "rejected")


def test_accept_bid_two_at_once_awards_one(monkeypatch: pytest.MonkeyPatch) -> None:
    trip, vendor_id, other_id = create_booked_charter(), create_vendor("One"), create_vendor("Two")
    first, second = create_submitted_bid(trip["id"], vendor_id), create_submitted_bid(trip["id"], other_id, 1300)
    commit, raced = store.commit, list[str]()

    def commit_after_other_award(*arguments: Any, **more: Any) -> None:
        if not raced:
            raced.append("once")
            acceptance.award_bids(SYSTEM, [second["id"]], "faster")
        commit(*arguments, **more)

    monkeypatch.setattr(store, "commit", commit_after_other_award)
    with pytest.raises(errors.Conflict):
        acceptance.award_bids(SYSTEM, [first["id"]], "slower")
    assert get_charter(trip["id"])["vendor_ids"] == [other_id]


def test_submit_and_accept_bid_make_four_and_five_calls() -> None:
    trip, first, second = create_booked_charter()["id"], create_vendor("One"), create_vendor("Two")
    cheap = send_ok("POST", "/bids", bid_body(trip, 700), vendor_id=first)["id"]
    dear = send_ok("POST", "/bids", bid_body(trip, 800), vendor_id=second)["id"]
    assert count_calls("POST", f"/bids/{cheap}/submit", vendor_id=first) == 4
    assert count_calls("POST", f"/bids/{dear}/submit", vendor_id=second) == 4
    assert count_calls("POST", f"/bids/{cheap}/accept", {}) == 5
    assert [send_ok("GET", f"/bids/{bid_id}")["status"] for bid_id in (cheap, dear)] == ["accepted", "rejected"]
