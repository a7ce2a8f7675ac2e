"""Bids through their routes: drafts, submission, sealed prices and expiry, on the in-memory table."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from coachway.bids import expiry_job
from coachway.bids.model.bid import BID
from coachway.core import store
from coachway.core.runtime import clock, settings
from tests.integration import vendor_builders
from tests.integration.bids.builders import (
    bid_body,
    close_bid_request,
    create_booked_charter,
    create_organizations,
    create_submitted_bid,
    create_vendor,
    get_charter,
    open_bid_request,
    send_ok,
    send_request,
)
from tests.integration.bookings.builders import ORG


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organizations()


def test_bid_from_refusal_to_award_follows_worked_example() -> None:
    trip, vendor_id = (
        create_booked_charter(),
        vendor_builders.create_active_vendor(service_states=["NY"], service_radius_miles=None)["id"],
    )
    reply = send_request("POST", "/bids", bid_body(trip["id"]), vendor_id=vendor_id)
    assert reply.status == 409
    assert "Missing required document: business license" in reply.text
    assert len(reply.json()["errors"]) == 5
    for kind in vendor_builders.REQUIRED_DOCUMENTS:
        vendor_builders.create_document(vendor_id, kind, status="approved", expiration_date="2028-01-01")
    bid = send_ok("POST", "/bids", {**bid_body(trip["id"]), "vendor_id": vendor_id})
    assert (bid["status"], bid["quoted_price"], bid["vehicle_count"], bid["rank"]) == ("draft", 1250.0, 1, None)
    sent = send_ok("POST", f"/bids/{bid['id']}/submit", vendor_id=vendor_id)
    assert (sent["status"], sent["rank"], sent["is_lowest_bid"]) == ("submitted", 1, None)
    accepted = send_ok(
        "POST", f"/bids/{bid['id']}/accept", {"decision": "accept", "reason": "Best price and great reviews"}
    )
    assert (accepted["status"], accepted["decision_reason"]) == ("accepted", "Best price and great reviews")
    assert (accepted["vehicles_awarded"], accepted["payout_date"]) == ([1], "2027-04-02")
    run = get_charter(trip["id"])
    assert (run["status"], run["vendor_id"], run["vendor_ids"]) == ("confirmed", vendor_id, [vendor_id])


def test_create_bid_refusal_lists_all_reasons() -> None:
    trip = create_booked_charter(passengers=40, amenities=[])
    vendor_id = create_vendor(service_states=["CA"], max_passenger_capacity=30, vehicle_types=["minibus"])
    vendor_builders.send_request("PATCH", f"/vendors/{vendor_id}/status", query={"new_status": "suspended"})
    reply = send_request(
        "POST", "/bids", bid_body(trip["id"], passenger_capacity=20, vehicle_type="minibus"), vendor_id=vendor_id
    )
    messages = [each["message"] for each in reply.json()["errors"]]
    for part in ("suspended", "Service area", "seats 30", "class coach", "seats 20", "class minibus"):
        assert any(part in each for each in messages), messages


def test_sealed_request_shows_price_to_its_vendor_only_and_no_rank() -> None:
    trip, vendor_id, other_id = create_booked_charter(), create_vendor("One"), create_vendor("Two")
    request = open_bid_request(trip["id"], vendor_id, other_id)
    own = create_submitted_bid(trip["id"], vendor_id, 1234.56)
    create_submitted_bid(trip["id"], other_id, 1111.11)
    assert (own["quoted_price"], own["rank"], own["is_lowest_bid"], own["is_sealed"]) == (1234.56, None, None, True)
    assert send_ok("GET", f"/bids/{own['id']}", vendor_id=vendor_id)["quoted_price"] == 1234.56
    replies = [
        send_request("GET", f"/bids/{own['id']}"),
        send_request("GET", "/bids", query={"charter_id": trip["id"]}),
        send_request("GET", "/bids", query={"vendor_id": vendor_id}),
        send_request("GET", "/bids"),
        send_request("GET", f"/charters/{trip['id']}/bids/comparison"),
        send_request("GET", f"/bid-requests/{request['id']}"),
        send_request("GET", "/bids", vendor_id=other_id, query={"charter_id": trip["id"]}),
    ]
    for reply in replies:
        assert reply.status == 200, reply.text
        assert "1234.56" not in reply.text
        assert '"rank":1' not in reply.text.replace(" ", "")
    assert send_request("GET", f"/bids/{own['id']}", vendor_id=other_id).status == 404
    events = store.list_history(BID.key(org=ORG, id=own["id"]))
    assert "1234.56" not in json.dumps([each.model_dump(mode="json") for each in events])
    assert send_request("POST", f"/bids/{own['id']}/accept", {"decision": "accept"}).status == 409
    assert send_request("POST", f"/bids/{own['id']}/reject", {"decision": "reject"}).status == 409

    send_ok("POST", f"/bid-requests/{request['id']}/close", {"reason": "All have answered"})
    unsealed = send_ok("GET", f"/bids/{own['id']}")
    assert (unsealed["quoted_price"], unsealed["rank"], unsealed["price_difference_from_lowest"]) == (
        1234.56,
        2,
        123.45,
    )
    for reply in (
        send_request("GET", f"/bids/{own['id']}", vendor_id=vendor_id),
        send_request("GET", "/bids", vendor_id=vendor_id, query={"charter_id": trip["id"]}),
    ):
        [shown] = reply.json().get("items", [reply.json()])
        assert (shown["rank"], shown["is_lowest_bid"], shown["price_difference_from_lowest"]) == (2, None, None)
        assert "123.45" not in reply.text
        assert "1111.11" not in reply.text
    stored = send_ok("GET", f"/bid-requests/{request['id']}")
    assert (stored["status"], stored["closed_early"], stored["status_reason"]) == ("closed", True, "All have answered")
    assert stored["closed_by"].startswith("usr_")
    compared = send_ok("GET", f"/charters/{trip['id']}/bids/comparison")
    assert [each["vendor_name"] for each in compared["bids"]] == ["Two", "One"]
    assert (compared["lowest_price"], compared["highest_price"]) == (1111.11, 1234.56)


def test_sealed_price_is_in_no_record_event_or_log(dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    trip, vendor_id = create_booked_charter(), create_vendor("One")
    open_bid_request(trip["id"], vendor_id)
    bid = send_ok(
        "POST",
        "/bids",
        bid_body(trip["id"], 1234.56, fuel_surcharge=77.88, notes="A third under yours"),
        vendor_id=vendor_id,
    )
    send_ok("PUT", f"/bids/{bid['id']}", {"quoted_price": 2345.67}, vendor_id=vendor_id)
    send_ok("POST", f"/bids/{bid['id']}/submit", vendor_id=vendor_id)
    items = dynamodb.scan(TableName=settings.table_name())["Items"]
    other_items = [
        each for each in items if each["pk"]["S"] != f"ORG#{ORG}#BID#{bid['id']}" or each["sk"]["S"] != "HEAD"
    ]
    assert len(other_items) == len(items) - 1
    secrets = ("1234.56", "123456", "2345.67", "234567", "77.88", "7788", "A third under yours")
    output = json.dumps(other_items) + capsys.readouterr().out
    assert "bid.submitted" in output
    assert [each for each in secrets if each in output] == []


def test_earlier_bid_does_not_reveal_rank_of_sealed_bids() -> None:
    trip, vendor_id, other_id = create_booked_charter(), create_vendor("One"), create_vendor("Two")
    early = create_submitted_bid(trip["id"], vendor_id, 900)
    open_bid_request(trip["id"], other_id)
    create_submitted_bid(trip["id"], other_id, 800)
    assert send_ok("GET", f"/bids/{early['id']}")["rank"] == 1
    bids = send_ok("GET", "/bids", query={"charter_id": trip["id"]})["items"]
    assert [(each["rank"], each["quoted_price"]) for each in bids] == [(1, 900.0), (None, None)]
    assert {each["rank"] for each in send_ok("GET", f"/charters/{trip['id']}/bids/comparison")["bids"]} == {None}


def test_bid_expires_72_hours_after_it_can_be_accepted() -> None:
    trip, vendor_id, other_id = create_booked_charter(), create_vendor("One"), create_vendor("Two")
    free = create_submitted_bid(trip["id"], other_id)
    request = open_bid_request(trip["id"], vendor_id, hours=48)
    sealed = create_submitted_bid(trip["id"], vendor_id)
    start = clock.now()
    with clock.frozen(start + timedelta(hours=73)):
        done_ = expiry_job.run()
        assert (done_.expired, done_.failed) == (1, 0)
        assert send_ok("GET", f"/bids/{free['id']}")["status"] == "expired"
        close_bid_request(request["id"])
        assert send_ok("GET", f"/bids/{sealed['id']}")["status"] == "submitted"
    with clock.frozen(start + timedelta(hours=48 + 73)):
        reply = send_request("POST", f"/bids/{sealed['id']}/accept", {"decision": "accept"})
        assert (reply.status, reply.json()["title"]) == (409, "The bid has expired")
        assert expiry_job.run().expired == 1


def test_create_bid_second_of_vendor_is_refused_until_withdrawal() -> None:
    trip, vendor_id = create_booked_charter(), create_vendor("One")
    bid = create_submitted_bid(trip["id"], vendor_id)
    assert send_request("POST", "/bids", bid_body(trip["id"]), vendor_id=vendor_id).status == 409
    assert send_ok("POST", f"/bids/{bid['id']}/withdraw", vendor_id=vendor_id)["status"] == "withdrawn"
    create_submitted_bid(trip["id"], vendor_id, 1000)


def test_update_bid_draft_changes_and_submitted_is_refused() -> None:
    trip, vendor_id = create_booked_charter(), create_vendor("One")
    bid = send_ok("POST", "/bids", bid_body(trip["id"]), vendor_id=vendor_id)
    changed = send_ok("PUT", f"/bids/{bid['id']}", {"quoted_price": 999.5}, vendor_id=vendor_id)
    assert (changed["quoted_price"], changed["driver_name"], changed["version"]) == (999.5, "Mike Johnson", 2)
    send_ok("POST", f"/bids/{bid['id']}/submit", vendor_id=vendor_id)
    assert send_request("PUT", f"/bids/{bid['id']}", {"quoted_price": 900}, vendor_id=vendor_id).status == 409
    assert (
        send_request("PUT", f"/bids/{bid['id']}", {"quoted_price": 900}, vendor_id=create_vendor("Two")).status == 404
    )
