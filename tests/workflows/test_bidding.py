"""The flow of bidding, run for real: each of its ends, and each way there."""

from __future__ import annotations

import time

import pytest

from infra.local import aws_clients
from infra.local.operations import workflow_redrive
from tests.stack import Stack, eventually
from tests.workflows.bidding import HOURS, Exchange
from tests.workflows.carrier import at_once, statuses


@pytest.fixture(scope="module")
def exchange(stack: Stack) -> Exchange:
    return Exchange.opened(stack)


def test_the_lowest_bid_is_awarded_by_itself(stack: Stack) -> None:
    exchange = Exchange.opened(stack)
    one, two = exchange.vendor("Cheap", is_preferred=True), exchange.vendor("Dear")
    exchange.vendor("Elsewhere", service_states=["CA"])
    trip = exchange.booked()
    request = exchange.asked(trip["id"], hours=25, target_price=1400)
    invitation = stack.wait_for_mail(f"cheap@{exchange.carrier.slug}.example", "^Your bid for trip")
    assert "/pages/bids/" in invitation["BodyText"]
    low, high = exchange.bid(trip["id"], one, 1200), exchange.bid(trip["id"], two, 1300)
    exchange.becomes(request["id"], "awarded")
    known = exchange.charter(trip["id"])
    assert (known["status"], known["vendor_id"]) == ("confirmed", one)
    assert [exchange.status_of(each) for each in (low, high)] == ["accepted", "rejected"]
    assert "$1,200.00" in stack.wait_for_mail(f"cheap@{exchange.carrier.slug}.example", "was accepted")["BodyText"]
    lost = stack.wait_for_mail(f"dear@{exchange.carrier.slug}.example", "was not accepted")
    assert "A lower bid was chosen" in lost["BodyText"]
    assert "1,200" not in lost["BodyText"]
    assert stack.mails(f"elsewhere@{exchange.carrier.slug}.example") == []
    exchange.ended_well(request["id"])


def test_a_manager_decides_by_the_token(exchange: Exchange) -> None:
    one = exchange.vendor("One")
    trip = exchange.booked()
    request = exchange.asked(trip["id"], one, target_price=1400)
    made = exchange.bid(trip["id"], one, 1390)
    exchange.carrier.ask("POST", f"/bid-requests/{request['id']}/close", {"reason": "All have answered"})
    exchange.under_review(made)
    office = f"office@{exchange.carrier.slug}.example"
    exchange.stack.wait_for_mail(office, f"^1 bid for trip {trip['number']}")
    exchange.carrier.ask("POST", f"/bids/{made}/accept", {"decision": "accept", "reason": "Good enough"})
    assert exchange.charter(trip["id"])["status"] == "confirmed"
    exchange.ended_well(request["id"])
    assert exchange.request(request["id"])["closed_early"] is True


def test_nobody_bids_and_the_extended_request_starts_anew(exchange: Exchange) -> None:
    one = exchange.vendor("Silent")
    trip = exchange.booked()
    request = exchange.asked(trip["id"], one, hours=8)
    exchange.becomes(request["id"], "no_bids")
    office = f"office@{exchange.carrier.slug}.example"
    exchange.stack.wait_for_mail(office, f"^No vendor yet for trip {trip['number']}")
    later = {"deadline": exchange.in_hours(72)}
    assert exchange.carrier.ask("POST", f"/bid-requests/{request['id']}/extend", later)["status"] == "open"
    eventually(lambda: len(exchange.executions(request["id"])) == 2, 30, "no second flow started")
    made = exchange.bid(trip["id"], one, 1000)
    exchange.carrier.ask("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    exchange.under_review(made)
    exchange.carrier.ask("POST", f"/bids/{made}/accept", {"decision": "accept"})
    exchange.ended_well(request["id"])


def test_an_extended_deadline_is_waited_for(exchange: Exchange) -> None:
    one = exchange.vendor("Patient")
    trip = exchange.booked()
    hours = 30
    request = exchange.asked(trip["id"], one, hours=hours)
    old_deadline = time.monotonic() + hours * HOURS
    later = {"deadline": exchange.in_hours(400)}
    exchange.carrier.ask("POST", f"/bid-requests/{request['id']}/extend", later)
    while time.monotonic() < old_deadline + 3:
        assert exchange.request(request["id"])["status"] == "open"
        time.sleep(0.3)
    exchange.carrier.ask("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    exchange.becomes(request["id"], "no_bids")
    exchange.ended_well(request["id"])


def test_a_cancelled_charter_ends_its_bidding(exchange: Exchange) -> None:
    one = exchange.vendor("Late")
    trip = exchange.booked()
    request = exchange.asked(trip["id"], one)
    made = exchange.bid(trip["id"], one, 1000)
    exchange.carrier.ask("POST", f"/charters/{trip['id']}/cancel", {"reason": "The event is off"})
    exchange.becomes(request["id"], "cancelled")
    exchange.ended_well(request["id"])
    eventually(lambda: exchange.status_of(made) == "rejected", 30, "the vendor was not told")


def test_a_question_that_nobody_answers_is_escalated(exchange: Exchange) -> None:
    one = exchange.vendor("Waiting")
    trip = exchange.booked()
    request = exchange.asked(trip["id"], one)
    made = exchange.bid(trip["id"], one, 1000)
    exchange.carrier.ask("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    eventually(lambda: exchange.request(request["id"])["escalated_at"], 120, "nothing was escalated")
    office = f"office@{exchange.carrier.slug}.example"
    exchange.stack.wait_for_mail(office, f"^Still undecided: .* {trip['number']}")
    exchange.carrier.ask("POST", f"/bids/{made}/accept", {"decision": "accept"})
    exchange.ended_well(request["id"])


def test_a_question_that_nobody_answers_at_all_ends_after_three_days(exchange: Exchange) -> None:
    one = exchange.vendor("Forgotten")
    trip = exchange.booked()
    request = exchange.asked(trip["id"], one)
    made = exchange.bid(trip["id"], one, 1000)
    exchange.carrier.ask("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    exchange.under_review(made)
    asked = time.monotonic()
    known = exchange.becomes(request["id"], "no_bids", 3 * 24 * HOURS + 30, every=2)
    assert time.monotonic() - asked > 3 * 24 * HOURS * 0.9
    assert (known["status_reason"], known["escalated_at"] is None) == ("Nobody decided in time", False)
    office = f"office@{exchange.carrier.slug}.example"
    for subject in ("^1 bid for trip", "^Still undecided: .*", "^No vendor yet for trip"):
        exchange.stack.wait_for_mail(office, f"{subject} {trip['number']}")
    exchange.ended_well(request["id"])
    vendor = f"forgotten@{exchange.carrier.slug}.example"
    assert "ended without an award" in exchange.stack.wait_for_mail(vendor, "was not accepted")["BodyText"]
    late = exchange.carrier.send("POST", f"/bids/{made}/accept", {"decision": "accept"})
    assert (late.status_code, exchange.status_of(made)) == (409, "rejected")
    left = exchange.charter(trip["id"])
    assert (left["status"], left["vendor_id"], left["flow_failures"]) == ("booked", None, {})
    later = {"deadline": exchange.in_hours(72)}
    assert exchange.carrier.ask("POST", f"/bid-requests/{request['id']}/extend", later)["status"] == "open"


def test_a_vendor_suspended_between_bid_and_award_does_not_win(exchange: Exchange) -> None:
    one, two = exchange.vendor("Fallen", is_preferred=True), exchange.vendor("Upright", is_preferred=True)
    trip = exchange.booked()
    request = exchange.asked(trip["id"], one, two, target_price=2000)
    low, high = exchange.bid(trip["id"], one, 1000), exchange.bid(trip["id"], two, 1100)
    exchange.carrier.ask("PATCH", f"/vendors/{one}/status?new_status=suspended")
    exchange.carrier.ask("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    exchange.becomes(request["id"], "awarded")
    assert [exchange.status_of(each) for each in (low, high)] == ["rejected", "accepted"]
    assert exchange.charter(trip["id"])["vendor_ids"] == [two]


def test_of_managers_who_accept_different_bids_at_once_one_wins(exchange: Exchange) -> None:
    trip, vendors = exchange.booked(), [exchange.vendor(f"Rival {n}") for n in range(6)]
    request = exchange.asked(trip["id"], *vendors)
    bids = [exchange.bid(trip["id"], each, 1000 + n) for n, each in enumerate(vendors)]
    exchange.carrier.ask("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    exchange.under_review(bids[-1])

    answers = at_once(6, lambda n: exchange.carrier.send("POST", f"/bids/{bids[n]}/accept", {"decision": "accept"}))
    assert statuses(answers) == {200: 1, 409: 5}
    assert sorted(exchange.status_of(each) for each in bids) == ["accepted", *["rejected"] * 5]
    known = exchange.charter(trip["id"])
    assert (known["status"], len(known["vendor_ids"])) == ("confirmed", 1)
    assert exchange.request(request["id"])["status"] == "awarded"
    exchange.ended_well(request["id"])


def test_several_bids_cover_several_vehicles_once(exchange: Exchange) -> None:
    one, two = exchange.vendor("Pair", is_preferred=True), exchange.vendor("Single", is_preferred=True)
    trip = exchange.booked(vehicle_count=3, passengers=120)
    request = exchange.asked(trip["id"], one, two, target_price=4000)
    exchange.bid(trip["id"], one, 2000, vehicle_count=2)
    exchange.bid(trip["id"], two, 1100, vehicle_count=1)
    exchange.carrier.ask("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    exchange.becomes(request["id"], "awarded")
    known = exchange.charter(trip["id"])
    assert (known["status"], sorted(known["vendor_ids"])) == ("confirmed", sorted([one, two]))


def test_a_failed_step_is_told_on_the_charter_and_taken_up_again(exchange: Exchange) -> None:
    one = exchange.vendor("Broken", is_preferred=True)
    trip = exchange.booked()
    request = exchange.asked(trip["id"], one, target_price=2000)
    made = exchange.bid(trip["id"], one, 1000)
    key = {"pk": {"S": f"ORG#{exchange.carrier.org_id}#BID#{made}"}, "sk": {"S": "HEAD"}}
    dynamodb, table = exchange.stack.client("dynamodb"), exchange.stack.table
    kept = dynamodb.get_item(TableName=table, Key=key)["Item"]
    dynamodb.put_item(TableName=table, Item={**kept, "doc": {"S": "{}"}})
    exchange.carrier.ask("POST", f"/bid-requests/{request['id']}/close", {"reason": ""})
    failure = eventually(lambda: exchange.request(request["id"])["failure"], 60, "the failure was not kept")
    assert failure["state"] == "Rank"
    assert exchange.charter(trip["id"])["flow_failures"]["bidding"] == failure
    dynamodb.put_item(TableName=table, Item=kept)
    eventually(lambda: exchange.executions(request["id"])[0]["status"] == "FAILED", 30)
    assert workflow_redrive.redrive_failed_executions(aws_clients.client, exchange.stack.config) >= 1
    exchange.becomes(request["id"], "awarded")
    assert exchange.request(request["id"])["failure"] is None
    known = exchange.charter(trip["id"])
    assert (known["vendor_id"], known["flow_failures"]) == (one, {})
    told = [each["type"] for each in exchange.carrier.history(trip["id"])]
    assert told[-3:] == ["charter.flow_failed", "charter.flow_resumed", "charter.confirmed"]
