"""The emulator is restarted while flows wait: they are taken up again, and have their effect once."""

from __future__ import annotations

import pytest

from tests.stack import Stack, eventually
from tests.workflows.bidding import Exchange
from tests.workflows.faults import made, recorded

pytestmark = pytest.mark.xdist_group("restart")


def awarded_once(exchange: Exchange, trip: str, vendor_id: str) -> None:
    """One vendor has it, and everything that follows from the award happened once."""
    known = exchange.charter(trip)
    assert (known["status"], known["vendor_ids"]) == ("confirmed", [vendor_id])
    told = [each["type"] for each in exchange.carrier.history(trip)]
    assert told.count("charter.confirmed") == 1
    types = [each.type for each in recorded(exchange.carrier)]
    assert [types.count(each) for each in ("bidding.awarded", "bid.accepted")] == [1, 1]


def waiting_for_a_manager(exchange: Exchange) -> tuple[str, str, str, str]:
    """A charter whose manager was asked: the charter, its request, the vendor, its bid."""
    vendor_id, trip = exchange.vendor("Undecided"), exchange.booked()["id"]
    request = exchange.asked(trip, vendor_id)["id"]
    bid = exchange.bid(trip, vendor_id, 1000)
    exchange.carrier.ask("POST", f"/bid-requests/{request}/close", {"reason": "All have answered"})
    exchange.under_review(bid)
    return trip, request, vendor_id, bid


def accept(exchange: Exchange, bid: str) -> None:
    exchange.carrier.ask("POST", f"/bids/{bid}/accept", {"decision": "accept"})


def ended_well_at_last(exchange: Exchange, request_id: str) -> None:
    """The execution that was taken up again has succeeded; the one that was cut off has not."""

    def look() -> bool:
        return [each["status"] for each in exchange.executions(request_id)] == ["SUCCEEDED", "FAILED"]

    eventually(look, 60, f"the flow did not end: {exchange.executions(request_id)}")


def test_flows_that_wait_when_the_emulator_stops_are_taken_up_again(own: Stack) -> None:
    before, after, by_itself = (Exchange.opened(own) for _ in range(3))
    decided, asked = waiting_for_a_manager(before), waiting_for_a_manager(after)
    cheap, dear = (by_itself.vendor(name, is_preferred=True) for name in ("Cheap", "Dear"))
    trip = by_itself.booked()["id"]
    request = by_itself.asked(trip, cheap, dear, hours=38, target_price=2000)["id"]
    low, high = by_itself.bid(trip, cheap, 1000), by_itself.bid(trip, dear, 1100)

    own.restart()
    flows = ((before, decided[1]), (after, asked[1]), (by_itself, request))
    assert [each["status"] for exchange, flow in flows for each in exchange.executions(flow)] == ["FAILED"] * 3
    accept(before, decided[3])
    for _ in range(2):
        made(own, "redrive")
    assert [len(exchange.executions(flow)) for exchange, flow in flows] == [2, 2, 2]
    accept(after, asked[3])
    by_itself.becomes(request, "awarded", 120)

    assert [by_itself.status_of(each) for each in (low, high)] == ["accepted", "rejected"]
    awarded_once(by_itself, trip, cheap)
    awarded_once(before, decided[0], decided[2])
    awarded_once(after, asked[0], asked[2])
    for exchange, flow in flows:
        ended_well_at_last(exchange, flow)
