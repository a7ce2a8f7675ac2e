"""Visibility of prices while a bid request is sealed, on the table in memory."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from coachway.bids.awards import rejection
from coachway.bids.evaluation import vendor_candidates
from coachway.core.runtime import clock
from tests.integration.bids.builders import (
    SYSTEM,
    bid_body,
    close_bid_request,
    create_booked_charter,
    create_organizations,
    create_submitted_bid,
    create_vendor,
    open_bid_request,
    send_ok,
    send_request,
)


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organizations()


def fetch_all_responses(trip: str, bid_id: str) -> str:
    """All responses about a bid that a manager can get, as text."""
    replies = [
        send_request("GET", f"/bids/{bid_id}"),
        send_request("GET", "/bids"),
        send_request("GET", "/bids", query={"charter_id": trip}),
        send_request("GET", f"/charters/{trip}/bids/comparison"),
    ]
    assert [each.status for each in replies] == [200] * 4
    return " ".join(each.text for each in replies)


def test_draft_created_before_a_sealed_request_is_sealed() -> None:
    trip, vendor_id = create_booked_charter()["id"], create_vendor("One")
    draft = send_ok("POST", "/bids", bid_body(trip, 1234.56), vendor_id=vendor_id)["id"]
    assert "1234.56" in fetch_all_responses(trip, draft)
    open_bid_request(trip, vendor_id)
    assert "1234.56" not in fetch_all_responses(trip, draft)
    assert send_ok("GET", f"/bids/{draft}", vendor_id=vendor_id)["quoted_price"] == 1234.56
    updated = send_ok("PUT", f"/bids/{draft}", {"driver_name": "Rosa"})
    assert (updated["quoted_price"], updated["is_sealed"]) == (None, True)
    assert send_ok("POST", f"/bids/{draft}/withdraw", vendor_id=vendor_id)["status"] == "withdrawn"
    assert "1234.56" not in fetch_all_responses(trip, draft)


def test_draft_for_a_cancelled_request_is_sealed_by_the_next_request() -> None:
    trip, vendor_id = create_booked_charter()["id"], create_vendor("One")
    first = open_bid_request(trip, vendor_id, sealed=False)
    draft = send_ok("POST", "/bids", bid_body(trip, 1234.56), vendor_id=vendor_id)["id"]
    send_ok("POST", f"/bid-requests/{first['id']}/cancel", {"reason": "Wrong vendors"})
    open_bid_request(trip, vendor_id)
    assert "1234.56" not in fetch_all_responses(trip, draft)


def test_bid_on_a_request_cancelled_while_sealed_stays_sealed() -> None:
    trip, vendor_id = create_booked_charter()["id"], create_vendor("One")
    request = open_bid_request(trip, vendor_id)
    bid = create_submitted_bid(trip, vendor_id, 1234.56)["id"]
    assert send_ok("POST", f"/bid-requests/{request['id']}/cancel", {"reason": "off"})["is_sealed"] is True
    assert "1234.56" not in fetch_all_responses(trip, bid)
    reply = send_request("POST", f"/bids/{bid}/accept", {"decision": "accept"})
    assert (reply.status, reply.json()["title"]) == (409, "Bids are sealed")
    rejection.reject_remaining_bids(SYSTEM, trip)
    rejected = send_ok("GET", f"/bids/{bid}")
    assert (rejected["status"], rejected["quoted_price"], rejected["is_sealed"]) == ("rejected", None, True)
    assert send_ok("GET", f"/bids/{bid}", vendor_id=vendor_id)["quoted_price"] == 1234.56


def test_bid_on_a_request_closed_before_cancellation_is_visible() -> None:
    trip, vendor_id = create_booked_charter()["id"], create_vendor("One")
    request = open_bid_request(trip, vendor_id)
    bid = create_submitted_bid(trip, vendor_id, 1234.56)["id"]
    send_ok("POST", f"/bid-requests/{request['id']}/close", {"reason": "All have answered"})
    send_ok("POST", f"/bid-requests/{request['id']}/cancel", {"reason": "too dear"})
    assert send_ok("GET", f"/bids/{bid}")["quoted_price"] == 1234.56


def test_get_bid_with_a_current_etag_after_closing_returns_the_price() -> None:
    trip, vendor_id, other_id = create_booked_charter()["id"], create_vendor("One"), create_vendor("Two")
    request = open_bid_request(trip, vendor_id, other_id)
    bid = create_submitted_bid(trip, vendor_id, 1234.56)["id"]
    sealed = send_request("GET", f"/bids/{bid}")
    close_bid_request(request["id"])
    again = send_request("GET", f"/bids/{bid}", headers={"if-none-match": sealed.headers["ETag"]})
    assert (again.status, again.json()["quoted_price"], again.json()["rank"]) == (200, 1234.56, 1)


def test_submit_bid_at_the_deadline_of_an_open_request_returns_409() -> None:
    trip, vendor_id, other_id = create_booked_charter()["id"], create_vendor("One"), create_vendor("Two")
    request = open_bid_request(trip, vendor_id, other_id)
    draft = send_ok("POST", "/bids", bid_body(trip), vendor_id=other_id)["id"]
    deadline = datetime.fromisoformat(request["deadline"])
    with clock.frozen(deadline - timedelta(microseconds=1)):
        assert create_submitted_bid(trip, vendor_id)["status"] == "submitted"
    with clock.frozen(deadline):
        late = send_request("POST", f"/bids/{draft}/submit", vendor_id=other_id)
        assert (late.status, late.json()["title"]) == (409, "Bidding is closed")
        ended = send_ok("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    assert (ended["status"], ended["closed_early"]) == ("closed", False)


def test_submit_bid_while_the_request_is_closed_returns_409(monkeypatch: pytest.MonkeyPatch) -> None:
    trip, vendor_id = create_booked_charter()["id"], create_vendor("One")
    request = open_bid_request(trip, vendor_id)
    find, raced = vendor_candidates.build_candidates, list[str]()

    def close_request_first(*arguments: Any) -> Any:
        if not raced:
            raced.append("once")
            close_bid_request(request["id"])
        return find(*arguments)

    draft = send_ok("POST", "/bids", bid_body(trip), vendor_id=vendor_id)["id"]
    monkeypatch.setattr(vendor_candidates, "build_candidates", close_request_first)
    late = send_request("POST", f"/bids/{draft}/submit", vendor_id=vendor_id)
    assert (late.status, late.json()["title"]) == (409, "Bidding is closed")
    assert send_ok("GET", f"/bids/{draft}", vendor_id=vendor_id)["status"] == "draft"


def test_compare_bids_rounds_the_average_price_half_up() -> None:
    trip, vendor_id, other_id = create_booked_charter()["id"], create_vendor("One"), create_vendor("Two")
    create_submitted_bid(trip, vendor_id, 1000.00)
    create_submitted_bid(trip, other_id, 1000.01)
    compared = send_ok("GET", f"/charters/{trip}/bids/comparison")
    assert (compared["average_price"], compared["total_bids"]) == (1000.01, 2)
