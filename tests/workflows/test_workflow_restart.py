"""Restart the emulator while workflows wait: they are resumed and have their effect once."""

from __future__ import annotations

import pytest

from infra.local.emulator import emulator_process
from infra.local.stack import start_stack
from tests.stack import Stack, eventually
from tests.workflows.bidding_builders import BiddingOrganization
from tests.workflows.faults import list_stored_events, run_command

pytestmark = pytest.mark.xdist_group("restart")


def assert_awarded_once(bidding: BiddingOrganization, trip: str, vendor_id: str) -> None:
    """Require that one vendor won, and that the award happened once."""
    charter = bidding.get_charter(trip)
    assert (charter["status"], charter["vendor_ids"]) == ("confirmed", [vendor_id])
    event_types = [each["type"] for each in bidding.operator.list_history(trip)]
    assert event_types.count("charter.confirmed") == 1
    types = [each.type for each in list_stored_events(bidding.operator)]
    assert [types.count(each) for each in ("bidding.awarded", "bid.accepted")] == [1, 1]


def create_bid_under_review(bidding: BiddingOrganization) -> tuple[str, str, str, str]:
    """Create a bid under review; returns the ids of the charter, the request, the vendor and the bid."""
    vendor_id, trip = bidding.create_vendor("Undecided"), bidding.create_booked_charter()["id"]
    request = bidding.create_bid_request(trip, vendor_id)["id"]
    bid = bidding.create_submitted_bid(trip, vendor_id, 1000)
    bidding.operator.call("POST", f"/bid-requests/{request}/close", {"reason": "All have answered"})
    bidding.wait_until_under_review(bid)
    return trip, request, vendor_id, bid


def accept_bid(bidding: BiddingOrganization, bid: str) -> None:
    bidding.operator.call("POST", f"/bids/{bid}/accept", {"decision": "accept"})


def wait_for_resumed_execution(bidding: BiddingOrganization, request_id: str) -> None:
    """Wait until the resumed execution has succeeded; the interrupted one has failed."""

    def has_succeeded() -> bool:
        return [each["status"] for each in bidding.list_executions(request_id)] == ["SUCCEEDED", "FAILED"]

    eventually(has_succeeded, 60, f"the workflow did not end: {bidding.list_executions(request_id)}")


def test_restart_resumes_waiting_workflows(restart_stack: Stack) -> None:
    before, after, by_itself = (BiddingOrganization.create(restart_stack) for _ in range(3))
    decided, undecided = create_bid_under_review(before), create_bid_under_review(after)
    cheap, dear = (by_itself.create_vendor(name, is_preferred=True) for name in ("Cheap", "Dear"))
    trip = by_itself.create_booked_charter()["id"]
    request = by_itself.create_bid_request(trip, cheap, dear, hours=38, target_price=2000)["id"]
    low, high = by_itself.create_submitted_bid(trip, cheap, 1000), by_itself.create_submitted_bid(trip, dear, 1100)

    emulator_process.stop(restart_stack.config)
    start_stack(restart_stack.config, with_demo=False)
    requests = ((before, decided[1]), (after, undecided[1]), (by_itself, request))
    accept_bid(before, decided[3])
    run_command(restart_stack, "redrive")  # Repeats nothing.
    assert [len(bidding.list_executions(request_id)) for bidding, request_id in requests] == [2, 2, 2]
    accept_bid(after, undecided[3])
    by_itself.wait_for_request_status(request, "awarded", 120)

    assert [by_itself.get_bid_status(each) for each in (low, high)] == ["accepted", "rejected"]
    assert_awarded_once(by_itself, trip, cheap)
    assert_awarded_once(before, decided[0], decided[2])
    assert_awarded_once(after, undecided[0], undecided[2])
    for bidding, request_id in requests:
        wait_for_resumed_execution(bidding, request_id)
