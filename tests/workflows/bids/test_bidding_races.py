"""Changes of a charter at the same time as its award, on the deployed stack."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.stack import Stack, eventually
from tests.workflows.bidding_builders import BiddingOrganization
from tests.workflows.organization_builders import count_statuses, run_concurrently

pytestmark = pytest.mark.xdist_group("races")


@pytest.fixture(scope="module")
def bidding(stack: Stack) -> BiddingOrganization:
    return BiddingOrganization.create(stack)


def test_accept_bids_exceeding_vehicles_at_once_accepts_one(bidding: BiddingOrganization) -> None:
    trip = bidding.create_booked_charter(vehicle_count=3, passengers=120)
    vendors = [bidding.create_vendor(f"Pair {n}") for n in range(4)]
    bids = [bidding.create_submitted_bid(trip["id"], each, 2000 + n, vehicle_count=2) for n, each in enumerate(vendors)]
    answers = run_concurrently(
        4, lambda n: bidding.operator.send("POST", f"/bids/{bids[n]}/accept", {"decision": "accept"})
    )
    assert count_statuses(answers) == {200: 1, 409: 3}
    charter = bidding.get_charter(trip["id"])
    [accepted_bid] = [each for each in bids if bidding.get_bid_status(each) == "accepted"]
    assert [(each["vehicle"], each["bid_id"]) for each in charter["vehicles"]] == [(1, accepted_bid), (2, accepted_bid)]
    assert (charter["status"], len(charter["vendor_ids"])) == ("booked", 1)


def test_accept_bid_and_cancel_charter_at_once_notifies_vendor(bidding: BiddingOrganization) -> None:
    trip, vendor = bidding.create_booked_charter(), bidding.create_vendor("Torn")
    bid = bidding.create_submitted_bid(trip["id"], vendor, 1000)

    def accept_or_cancel(number: int) -> httpx.Response:
        if number:
            return bidding.operator.send("POST", f"/charters/{trip['id']}/cancel", {"reason": "off"})
        return bidding.operator.send("POST", f"/bids/{bid}/accept", {"decision": "accept"})

    accepted, cancelled = run_concurrently(2, accept_or_cancel)
    if cancelled.status_code == 409:
        bidding.operator.call("POST", f"/charters/{trip['id']}/cancel", {"reason": "off"})
    assert bidding.get_charter(trip["id"])["status"] == "cancelled"

    def find_decided_bid() -> dict[str, Any] | None:
        decided_bid = bidding.operator.call("GET", f"/bids/{bid}")
        return decided_bid if decided_bid["award_released_at"] or decided_bid["status"] == "rejected" else None

    decided_bid = eventually(find_decided_bid, 60, "the bid was not rejected")
    assert (decided_bid["status"] == "accepted") == (accepted.status_code == 200)
    mail = bidding.stack.wait_for_mail(f"torn@{bidding.operator.slug}.example", "^Cancelled|^Not accepted")
    assert ("no longer need you" in mail["BodyText"]) == (decided_bid["status"] == "accepted")


def test_decline_quote_ends_bidding_and_workflow(bidding: BiddingOrganization) -> None:
    vendor = bidding.create_vendor("Unwanted")
    trip = bidding.operator.call("POST", "/charters", bidding.operator.charter_body())
    request = bidding.create_bid_request(trip["id"], vendor)
    bid = bidding.create_submitted_bid(trip["id"], vendor, 1000)
    bidding.operator.call("POST", f"/charters/{trip['id']}/status", {"status": "declined"})
    bidding.wait_for_request_status(request["id"], "cancelled")
    bidding.wait_until_workflow_succeeded(request["id"])
    eventually(lambda: bidding.get_bid_status(bid) == "rejected", 30, "the bid was not rejected")
    assert bidding.operator.call("GET", f"/bids/{bid}")["quoted_price"] is None


def test_change_charter_rejects_bids_and_asks_for_new_ones(bidding: BiddingOrganization) -> None:
    vendor = bidding.create_vendor("Again")
    trip = bidding.operator.call("POST", "/charters", bidding.operator.charter_body())
    bidding.create_bid_request(trip["id"], vendor)
    bid = bidding.create_submitted_bid(trip["id"], vendor, 1000)
    bidding.operator.call("PUT", f"/charters/{trip['id']}", {"passengers": 41})
    eventually(lambda: bidding.get_bid_status(bid) == "rejected", 30, "the bid was not rejected")
    mail = bidding.stack.wait_for_mail(f"again@{bidding.operator.slug}.example", "^Not accepted")
    assert "please bid again" in mail["BodyText"]
    bidding.create_submitted_bid(trip["id"], vendor, 1100)
