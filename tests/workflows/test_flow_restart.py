"""The emulator is restarted while a flow waits: it is taken up again, and has its effect once."""

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


def taken_up(exchange: Exchange, request_id: str) -> None:
    """Have what the restart cut off started anew: once, however often it is asked for."""
    assert [each["status"] for each in exchange.executions(request_id)] == ["FAILED"]
    for _ in range(2):
        made(exchange.stack, "redrive")
    assert len(exchange.executions(request_id)) == 2


def ended_well_at_last(exchange: Exchange, request_id: str) -> None:
    """The execution that was taken up again has succeeded."""

    def look() -> bool:
        return [each["status"] for each in exchange.executions(request_id)] == ["SUCCEEDED", "FAILED"]

    eventually(look, 60, f"the flow did not end: {exchange.executions(request_id)}")


def test_a_flow_that_waits_for_its_deadline_goes_on_after_a_restart(own: Stack) -> None:
    exchange = Exchange.opened(own)
    one, two = exchange.vendor("Steady", is_preferred=True), exchange.vendor("Dearer", is_preferred=True)
    trip = exchange.booked()["id"]
    request = exchange.asked(trip, one, two, hours=20, target_price=2000)
    low, high = exchange.bid(trip, one, 1000), exchange.bid(trip, two, 1100)
    own.restart()
    assert exchange.request(request["id"])["status"] == "open"
    taken_up(exchange, request["id"])
    exchange.becomes(request["id"], "awarded", 120)
    awarded_once(exchange, trip, one)
    assert [exchange.status_of(each) for each in (low, high)] == ["accepted", "rejected"]
    ended_well_at_last(exchange, request["id"])


def test_a_flow_that_waits_for_a_manager_goes_on_after_a_restart(own: Stack) -> None:
    exchange = Exchange.opened(own)
    one = exchange.vendor("Undecided")
    trip = exchange.booked()["id"]
    request = exchange.asked(trip, one)
    bid = exchange.bid(trip, one, 1000)
    exchange.carrier.ask("POST", f"/bid-requests/{request['id']}/close", {"reason": "All have answered"})
    exchange.under_review(bid)
    own.restart()
    taken_up(exchange, request["id"])
    exchange.carrier.ask("POST", f"/bids/{bid}/accept", {"decision": "accept"})
    awarded_once(exchange, trip, one)
    ended_well_at_last(exchange, request["id"])


def test_what_a_manager_decides_before_the_flow_is_taken_up_counts(own: Stack) -> None:
    exchange = Exchange.opened(own)
    one = exchange.vendor("Decided")
    trip = exchange.booked()["id"]
    request = exchange.asked(trip, one)
    bid = exchange.bid(trip, one, 1000)
    exchange.carrier.ask("POST", f"/bid-requests/{request['id']}/close", {"reason": "All have answered"})
    exchange.under_review(bid)
    own.restart()
    exchange.carrier.ask("POST", f"/bids/{bid}/accept", {"decision": "accept"})
    taken_up(exchange, request["id"])
    ended_well_at_last(exchange, request["id"])
    awarded_once(exchange, trip, one)
