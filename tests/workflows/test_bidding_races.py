"""What happens to a charter at the same moment as its award, on the deployed stack."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.stack import Stack, eventually
from tests.workflows.bidding import Exchange
from tests.workflows.carrier import at_once, statuses


@pytest.fixture(scope="module")
def exchange(stack: Stack) -> Exchange:
    return Exchange.opened(stack)


def test_of_bids_that_are_for_too_many_vehicles_together_one_wins(exchange: Exchange) -> None:
    trip = exchange.booked(vehicle_count=3, passengers=120)
    vendors = [exchange.vendor(f"Pair {n}") for n in range(4)]
    bids = [exchange.bid(trip["id"], each, 2000 + n, vehicle_count=2) for n, each in enumerate(vendors)]
    answers = at_once(4, lambda n: exchange.carrier.send("POST", f"/bids/{bids[n]}/accept", {"decision": "accept"}))
    assert statuses(answers) == {200: 1, 409: 3}
    known = exchange.charter(trip["id"])
    [won] = [each for each in bids if exchange.status_of(each) == "accepted"]
    assert [(each["vehicle"], each["bid_id"]) for each in known["vehicles"]] == [(1, won), (2, won)]
    assert (known["status"], len(known["vendor_ids"])) == ("booked", 1)


def test_an_award_and_a_cancellation_at_once_leave_no_vendor_waiting(exchange: Exchange) -> None:
    trip, one = exchange.booked(), exchange.vendor("Torn")
    made = exchange.bid(trip["id"], one, 1000)

    def act(number: int) -> httpx.Response:
        if number:
            return exchange.carrier.send("POST", f"/charters/{trip['id']}/cancel", {"reason": "off"})
        return exchange.carrier.send("POST", f"/bids/{made}/accept", {"decision": "accept"})

    accepted, cancelled = at_once(2, act)
    if cancelled.status_code == 409:
        exchange.carrier.ask("POST", f"/charters/{trip['id']}/cancel", {"reason": "off"})
    assert exchange.charter(trip["id"])["status"] == "cancelled"

    def told() -> dict[str, Any] | None:
        known = exchange.carrier.ask("GET", f"/bids/{made}")
        return known if known["called_off_at"] or known["status"] == "rejected" else None

    known = eventually(told, 60, "the vendor was not told")
    assert (known["status"] == "accepted") == (accepted.status_code == 200)
    mail = exchange.stack.wait_for_mail(f"torn@{exchange.carrier.slug}.example", "^Called off|was not accepted")
    assert ("job is called off" in mail["BodyText"]) == (known["status"] == "accepted")


def test_a_quote_that_is_declined_ends_its_bidding_and_its_flow(exchange: Exchange) -> None:
    one = exchange.vendor("Unwanted")
    trip = exchange.carrier.ask("POST", "/charters", exchange.carrier.trip())
    request = exchange.asked(trip["id"], one)
    made = exchange.bid(trip["id"], one, 1000)
    exchange.carrier.ask("POST", f"/charters/{trip['id']}/status", {"status": "declined"})
    exchange.becomes(request["id"], "cancelled")
    exchange.ended_well(request["id"])
    eventually(lambda: exchange.status_of(made) == "rejected", 30, "the vendor was not told")
    assert exchange.carrier.ask("GET", f"/bids/{made}")["quoted_price"] is None


def test_who_bid_for_a_trip_that_was_changed_is_told_to_bid_anew(exchange: Exchange) -> None:
    one = exchange.vendor("Again")
    trip = exchange.carrier.ask("POST", "/charters", exchange.carrier.trip())
    exchange.asked(trip["id"], one)
    made = exchange.bid(trip["id"], one, 1000)
    exchange.carrier.ask("PUT", f"/charters/{trip['id']}", {"passengers": 41})
    eventually(lambda: exchange.status_of(made) == "rejected", 30, "the vendor was not told")
    mail = exchange.stack.wait_for_mail(f"again@{exchange.carrier.slug}.example", "was not accepted")
    assert "please bid anew" in mail["BodyText"]
    exchange.bid(trip["id"], one, 1100)
