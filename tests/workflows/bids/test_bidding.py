"""The bidding workflow on the deployed stack: each of its outcomes."""

from __future__ import annotations

import time

import pytest

from infra.local import aws_clients
from infra.local.operations import workflow_redrive
from tests.stack import Stack, eventually
from tests.workflows.bidding_builders import SECONDS_PER_HOUR, BiddingOrganization
from tests.workflows.organization_builders import count_statuses, run_concurrently


@pytest.fixture(scope="module")
def bidding(stack: Stack) -> BiddingOrganization:
    return BiddingOrganization.create(stack)


def test_bidding_low_bid_is_awarded_automatically(stack: Stack) -> None:
    bidding = BiddingOrganization.create(stack)
    first_vendor, second_vendor = bidding.create_vendor("Cheap", is_preferred=True), bidding.create_vendor("Dear")
    bidding.create_vendor("Elsewhere", service_states=["CA"])
    trip = bidding.create_booked_charter()
    request = bidding.create_bid_request(trip["id"], hours=25, target_price=1400)
    invitation = stack.wait_for_mail(f"cheap@{bidding.operator.slug}.example", "^Invitation to bid: trip")
    assert "/pages/bids/" in invitation["BodyText"]
    low, high = (
        bidding.create_submitted_bid(trip["id"], first_vendor, 1200),
        bidding.create_submitted_bid(trip["id"], second_vendor, 1300),
    )
    bidding.wait_for_request_status(request["id"], "awarded")
    charter = bidding.get_charter(trip["id"])
    assert (charter["status"], charter["vendor_id"]) == ("confirmed", first_vendor)
    assert [bidding.get_bid_status(each) for each in (low, high)] == ["accepted", "rejected"]
    assert "$1,200.00" in stack.wait_for_mail(f"cheap@{bidding.operator.slug}.example", "^Accepted")["BodyText"]
    rejection = stack.wait_for_mail(f"dear@{bidding.operator.slug}.example", "^Not accepted")
    assert "A lower bid was chosen" in rejection["BodyText"]
    assert "1,200" not in rejection["BodyText"]
    assert stack.mails(f"elsewhere@{bidding.operator.slug}.example") == []
    bidding.wait_until_workflow_succeeded(request["id"])


def test_bidding_bid_above_threshold_waits_for_manager(bidding: BiddingOrganization) -> None:
    vendor = bidding.create_vendor("One")
    trip = bidding.create_booked_charter()
    request = bidding.create_bid_request(trip["id"], vendor, target_price=1400)
    bid = bidding.create_submitted_bid(trip["id"], vendor, 1390)
    bidding.operator.call("POST", f"/bid-requests/{request['id']}/close", {"reason": "All have answered"})
    bidding.wait_until_under_review(bid)
    office = f"office@{bidding.operator.slug}.example"
    bidding.stack.wait_for_mail(office, f"^Choose a bid for trip {trip['number']}")
    bidding.operator.call("POST", f"/bids/{bid}/accept", {"decision": "accept", "reason": "Good enough"})
    assert bidding.get_charter(trip["id"])["status"] == "confirmed"
    bidding.wait_until_workflow_succeeded(request["id"])
    assert bidding.get_bid_request(request["id"])["closed_early"] is True


def test_extend_request_without_bids_restarts_bidding(bidding: BiddingOrganization) -> None:
    vendor = bidding.create_vendor("Silent")
    trip = bidding.create_booked_charter()
    request = bidding.create_bid_request(trip["id"], vendor, hours=8)
    bidding.wait_for_request_status(request["id"], "no_bids")
    office = f"office@{bidding.operator.slug}.example"
    bidding.stack.wait_for_mail(office, f"^No vendor yet for trip {trip['number']}")
    extension = {"deadline": bidding.time_in_hours(72)}
    assert bidding.operator.call("POST", f"/bid-requests/{request['id']}/extend", extension)["status"] == "open"
    eventually(lambda: len(bidding.list_executions(request["id"])) == 2, 30, "no second workflow started")
    bid = bidding.create_submitted_bid(trip["id"], vendor, 1000)
    bidding.operator.call("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    bidding.wait_until_under_review(bid)
    bidding.operator.call("POST", f"/bids/{bid}/accept", {"decision": "accept"})
    bidding.wait_until_workflow_succeeded(request["id"])


def test_extend_request_open_waits_for_new_deadline(bidding: BiddingOrganization) -> None:
    vendor = bidding.create_vendor("Patient")
    trip = bidding.create_booked_charter()
    hours = 30
    request = bidding.create_bid_request(trip["id"], vendor, hours=hours)
    old_deadline = time.monotonic() + hours * SECONDS_PER_HOUR
    extension = {"deadline": bidding.time_in_hours(400)}
    bidding.operator.call("POST", f"/bid-requests/{request['id']}/extend", extension)
    while time.monotonic() < old_deadline + 3:
        assert bidding.get_bid_request(request["id"])["status"] == "open"
        time.sleep(0.3)
    bidding.operator.call("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    bidding.wait_for_request_status(request["id"], "no_bids")
    bidding.wait_until_workflow_succeeded(request["id"])


def test_cancel_charter_ends_bidding(bidding: BiddingOrganization) -> None:
    vendor = bidding.create_vendor("Late")
    trip = bidding.create_booked_charter()
    request = bidding.create_bid_request(trip["id"], vendor)
    bid = bidding.create_submitted_bid(trip["id"], vendor, 1000)
    bidding.operator.call("POST", f"/charters/{trip['id']}/cancel", {"reason": "The event is off"})
    bidding.wait_for_request_status(request["id"], "cancelled")
    bidding.wait_until_workflow_succeeded(request["id"])
    eventually(lambda: bidding.get_bid_status(bid) == "rejected", 30, "the bid was not rejected")


def test_bid_review_unanswered_is_escalated(bidding: BiddingOrganization) -> None:
    vendor = bidding.create_vendor("Waiting")
    trip = bidding.create_booked_charter()
    request = bidding.create_bid_request(trip["id"], vendor)
    bid = bidding.create_submitted_bid(trip["id"], vendor, 1000)
    bidding.operator.call("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    eventually(lambda: bidding.get_bid_request(request["id"])["escalated_at"], 120, "nothing was escalated")
    office = f"office@{bidding.operator.slug}.example"
    bidding.stack.wait_for_mail(office, f"^Reminder: choose a bid for trip {trip['number']}")
    bidding.operator.call("POST", f"/bids/{bid}/accept", {"decision": "accept"})
    bidding.wait_until_workflow_succeeded(request["id"])


def test_bid_review_unanswered_ends_after_three_days(bidding: BiddingOrganization) -> None:
    vendor_id = bidding.create_vendor("Forgotten")
    trip = bidding.create_booked_charter()
    request = bidding.create_bid_request(trip["id"], vendor_id)
    bid = bidding.create_submitted_bid(trip["id"], vendor_id, 1000)
    bidding.operator.call("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    bidding.wait_until_under_review(bid)
    review_started = time.monotonic()
    bid_request = bidding.wait_for_request_status(request["id"], "no_bids", 3 * 24 * SECONDS_PER_HOUR + 30, every=2)
    assert time.monotonic() - review_started > 3 * 24 * SECONDS_PER_HOUR * 0.9
    assert (bid_request["status_reason"], bid_request["escalated_at"] is None) == ("Nobody decided in time", False)
    office = f"office@{bidding.operator.slug}.example"
    for subject in ("^Choose a bid for trip", "^Reminder: choose a bid for trip", "^No vendor yet for trip"):
        bidding.stack.wait_for_mail(office, f"{subject} {trip['number']}")
    bidding.wait_until_workflow_succeeded(request["id"])
    vendor = f"forgotten@{bidding.operator.slug}.example"
    assert "ended without an award" in bidding.stack.wait_for_mail(vendor, "^Not accepted")["BodyText"]
    late_response = bidding.operator.send("POST", f"/bids/{bid}/accept", {"decision": "accept"})
    assert (late_response.status_code, bidding.get_bid_status(bid)) == (409, "rejected")
    charter = bidding.get_charter(trip["id"])
    assert (charter["status"], charter["vendor_id"], charter["workflow_failures"]) == ("booked", None, {})
    extension = {"deadline": bidding.time_in_hours(72)}
    assert bidding.operator.call("POST", f"/bid-requests/{request['id']}/extend", extension)["status"] == "open"


def test_award_skips_vendor_suspended_after_bidding(bidding: BiddingOrganization) -> None:
    suspended_vendor, active_vendor = (
        bidding.create_vendor("Fallen", is_preferred=True),
        bidding.create_vendor("Upright", is_preferred=True),
    )
    trip = bidding.create_booked_charter()
    request = bidding.create_bid_request(trip["id"], suspended_vendor, active_vendor, target_price=2000)
    low, high = (
        bidding.create_submitted_bid(trip["id"], suspended_vendor, 1000),
        bidding.create_submitted_bid(trip["id"], active_vendor, 1100),
    )
    bidding.operator.call("PATCH", f"/vendors/{suspended_vendor}/status?new_status=suspended")
    bidding.operator.call("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    bidding.wait_for_request_status(request["id"], "awarded")
    assert [bidding.get_bid_status(each) for each in (low, high)] == ["rejected", "accepted"]
    assert bidding.get_charter(trip["id"])["vendor_ids"] == [active_vendor]


def test_accept_different_bids_at_once_accepts_one(bidding: BiddingOrganization) -> None:
    trip, vendors = bidding.create_booked_charter(), [bidding.create_vendor(f"Rival {n}") for n in range(6)]
    request = bidding.create_bid_request(trip["id"], *vendors)
    bids = [bidding.create_submitted_bid(trip["id"], each, 1000 + n) for n, each in enumerate(vendors)]
    bidding.operator.call("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    bidding.wait_until_under_review(bids[-1])

    answers = run_concurrently(
        6, lambda n: bidding.operator.send("POST", f"/bids/{bids[n]}/accept", {"decision": "accept"})
    )
    assert count_statuses(answers) == {200: 1, 409: 5}
    assert sorted(bidding.get_bid_status(each) for each in bids) == ["accepted", *["rejected"] * 5]
    charter = bidding.get_charter(trip["id"])
    assert (charter["status"], len(charter["vendor_ids"])) == ("confirmed", 1)
    assert bidding.get_bid_request(request["id"])["status"] == "awarded"
    bidding.wait_until_workflow_succeeded(request["id"])


def test_award_several_vehicles_combines_bids(bidding: BiddingOrganization) -> None:
    first_vendor, second_vendor = (
        bidding.create_vendor("Pair", is_preferred=True),
        bidding.create_vendor("Single", is_preferred=True),
    )
    trip = bidding.create_booked_charter(vehicle_count=3, passengers=120)
    request = bidding.create_bid_request(trip["id"], first_vendor, second_vendor, target_price=4000)
    bidding.create_submitted_bid(trip["id"], first_vendor, 2000, vehicle_count=2)
    bidding.create_submitted_bid(trip["id"], second_vendor, 1100, vehicle_count=1)
    bidding.operator.call("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    bidding.wait_for_request_status(request["id"], "awarded")
    charter = bidding.get_charter(trip["id"])
    assert (charter["status"], sorted(charter["vendor_ids"])) == ("confirmed", sorted([first_vendor, second_vendor]))


def test_bidding_failed_step_is_reported_and_resumed(bidding: BiddingOrganization) -> None:
    vendor = bidding.create_vendor("Broken", is_preferred=True)
    trip = bidding.create_booked_charter()
    request = bidding.create_bid_request(trip["id"], vendor, target_price=2000)
    bid = bidding.create_submitted_bid(trip["id"], vendor, 1000)
    key = {"pk": {"S": f"ORG#{bidding.operator.org_id}#BID#{bid}"}, "sk": {"S": "HEAD"}}
    dynamodb, table = bidding.stack.client("dynamodb"), bidding.stack.table
    stored = dynamodb.get_item(TableName=table, Key=key)["Item"]
    dynamodb.put_item(TableName=table, Item={**stored, "doc": {"S": "{}"}})
    bidding.operator.call("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    failure = eventually(lambda: bidding.get_bid_request(request["id"])["failure"], 60, "the failure was not stored")
    assert failure["state"] == "RankBids"
    assert bidding.get_charter(trip["id"])["workflow_failures"]["bidding"] == failure
    dynamodb.put_item(TableName=table, Item=stored)
    eventually(lambda: bidding.list_executions(request["id"])[0]["status"] == "FAILED", 30)
    assert workflow_redrive.redrive_failed_executions(aws_clients.client, bidding.stack.config) >= 1
    bidding.wait_for_request_status(request["id"], "awarded")
    assert bidding.get_bid_request(request["id"])["failure"] is None
    charter = bidding.get_charter(trip["id"])
    assert (charter["vendor_id"], charter["workflow_failures"]) == (vendor, {})
    event_types = [each["type"] for each in bidding.operator.list_history(trip["id"])]
    assert event_types[-3:] == ["charter.flow_failed", "charter.flow_resumed", "charter.confirmed"]
