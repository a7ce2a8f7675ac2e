"""What nobody but the vendor is told while a request is sealed, however the bid came to be and the request ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from coachway.bids import vendor_candidates
from coachway.bids.awards import award
from coachway.core.runtime import clock
from tests.integration.bids.office import (
    SYSTEM,
    ask,
    bid,
    booked,
    closed,
    done,
    found,
    offer,
    opened,
    vendor,
)


@pytest.fixture(autouse=True)
def organization() -> None:
    found()


def everywhere(trip: str, bid_id: str) -> str:
    """All that a manager can ask about a bid, as it is told."""
    replies = [
        ask("GET", f"/bids/{bid_id}"),
        ask("GET", "/bids"),
        ask("GET", "/bids", query={"charter_id": trip}),
        ask("GET", f"/charters/{trip}/bids/comparison"),
    ]
    assert [each.status for each in replies] == [200] * 4
    return " ".join(each.text for each in replies)


def test_a_draft_from_before_a_sealed_request_is_sealed_with_it() -> None:
    trip, one = booked()["id"], vendor("One")
    draft = done("POST", "/bids", offer(trip, 1234.56), vendor=one)["id"]
    assert "1234.56" in everywhere(trip, draft)
    opened(trip, one)
    assert "1234.56" not in everywhere(trip, draft)
    assert done("GET", f"/bids/{draft}", vendor=one)["quoted_price"] == 1234.56
    seen = done("PUT", f"/bids/{draft}", {"driver_name": "Rosa"})
    assert (seen["quoted_price"], seen["is_sealed"]) == (None, True)
    assert done("POST", f"/bids/{draft}/withdraw", vendor=one)["status"] == "withdrawn"
    assert "1234.56" not in everywhere(trip, draft)


def test_a_draft_for_a_request_that_was_cancelled_is_sealed_with_the_next() -> None:
    trip, one = booked()["id"], vendor("One")
    first = opened(trip, one, sealed=False)
    draft = done("POST", "/bids", offer(trip, 1234.56), vendor=one)["id"]
    done("POST", f"/bid-requests/{first['id']}/cancel", {"reason": "Wrong vendors"})
    opened(trip, one)
    assert "1234.56" not in everywhere(trip, draft)


def test_what_was_bid_on_a_request_that_was_cancelled_while_sealed_stays_a_secret() -> None:
    trip, one = booked()["id"], vendor("One")
    request = opened(trip, one)
    made = bid(trip, one, 1234.56)["id"]
    assert done("POST", f"/bid-requests/{request['id']}/cancel", {"reason": "off"})["is_sealed"] is True
    assert "1234.56" not in everywhere(trip, made)
    refused = ask("POST", f"/bids/{made}/accept", {"decision": "accept"})
    assert (refused.status, refused.json()["title"]) == (409, "Bids are sealed")
    award.reject_remaining_bids(SYSTEM, trip)
    lost = done("GET", f"/bids/{made}")
    assert (lost["status"], lost["quoted_price"], lost["is_sealed"]) == ("rejected", None, True)
    assert done("GET", f"/bids/{made}", vendor=one)["quoted_price"] == 1234.56


def test_what_was_bid_on_a_request_that_was_closed_before_it_was_cancelled_is_known() -> None:
    trip, one = booked()["id"], vendor("One")
    request = opened(trip, one)
    made = bid(trip, one, 1234.56)["id"]
    done("POST", f"/bid-requests/{request['id']}/close", {"reason": "All have answered"})
    done("POST", f"/bid-requests/{request['id']}/cancel", {"reason": "too dear"})
    assert done("GET", f"/bids/{made}")["quoted_price"] == 1234.56


def test_who_asks_again_with_an_etag_is_told_what_closing_has_opened() -> None:
    trip, one, two = booked()["id"], vendor("One"), vendor("Two")
    request = opened(trip, one, two)
    made = bid(trip, one, 1234.56)["id"]
    sealed = ask("GET", f"/bids/{made}")
    closed(request["id"])
    again = ask("GET", f"/bids/{made}", headers={"if-none-match": sealed.headers["ETag"]})
    assert (again.status, again.json()["quoted_price"], again.json()["rank"]) == (200, 1234.56, 1)


def test_nobody_bids_from_the_deadline_on_though_nothing_has_closed_it_yet() -> None:
    trip, one, two = booked()["id"], vendor("One"), vendor("Two")
    request = opened(trip, one, two)
    draft = done("POST", "/bids", offer(trip), vendor=two)["id"]
    deadline = datetime.fromisoformat(request["deadline"])
    with clock.frozen(deadline - timedelta(microseconds=1)):
        assert bid(trip, one)["status"] == "submitted"
    with clock.frozen(deadline):
        late = ask("POST", f"/bids/{draft}/submit", vendor=two)
        assert (late.status, late.json()["title"]) == (409, "Bidding is closed")
        ended = done("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    assert (ended["status"], ended["closed_early"]) == ("closed", False)


def test_a_bid_does_not_slip_into_a_request_that_is_being_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    trip, one = booked()["id"], vendor("One")
    request = opened(trip, one)
    find, raced = vendor_candidates.candidates_in, list[str]()

    def racing(*given: Any) -> Any:
        if not raced:
            raced.append("once")
            closed(request["id"])
        return find(*given)

    draft = done("POST", "/bids", offer(trip), vendor=one)["id"]
    monkeypatch.setattr(vendor_candidates, "candidates_in", racing)
    late = ask("POST", f"/bids/{draft}/submit", vendor=one)
    assert (late.status, late.json()["title"]) == (409, "Bidding is closed")
    assert done("GET", f"/bids/{draft}", vendor=one)["status"] == "draft"


def test_prices_are_averaged_half_up() -> None:
    trip, one, two = booked()["id"], vendor("One"), vendor("Two")
    bid(trip, one, 1000.00)
    bid(trip, two, 1000.01)
    compared = done("GET", f"/charters/{trip}/bids/comparison")
    assert (compared["average_price"], compared["total_bids"]) == (1000.01, 2)
