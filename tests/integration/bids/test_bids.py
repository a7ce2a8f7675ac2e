"""Bids through their routes: drafts, submission, sealed prices and expiry, on the in-memory table."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from coachway.bids import expiry_job
from coachway.bids.model import BID
from coachway.core import store
from coachway.core.runtime import clock, settings
from tests.integration import vendor_builders
from tests.integration.bids.office import (
    ask,
    bid,
    booked,
    closed,
    done,
    found,
    now_of,
    offer,
    opened,
    vendor,
)
from tests.integration.bookings.builders import ORG


@pytest.fixture(autouse=True)
def organization() -> None:
    found()


def test_bid_from_refusal_to_award_follows_worked_example() -> None:
    trip, ven = booked(), vendor_builders.create_active_vendor(service_states=["NY"], service_radius_miles=None)["id"]
    refused = ask("POST", "/bids", offer(trip["id"]), vendor=ven)
    assert refused.status == 409
    assert "Missing required document: business_license" in refused.text
    assert len(refused.json()["errors"]) == 5
    for kind in vendor_builders.REQUIRED_DOCUMENTS:
        vendor_builders.create_document(ven, kind, status="approved", expiration_date="2028-01-01")
    made = done("POST", "/bids", {**offer(trip["id"]), "vendor_id": ven})
    assert (made["status"], made["quoted_price"], made["vehicle_count"], made["rank"]) == ("draft", 1250.0, 1, None)
    sent = done("POST", f"/bids/{made['id']}/submit", vendor=ven)
    assert (sent["status"], sent["rank"], sent["is_lowest_bid"]) == ("submitted", 1, True)
    won = done("POST", f"/bids/{made['id']}/accept", {"decision": "accept", "reason": "Best price and great reviews"})
    assert (won["status"], won["decision_reason"]) == ("accepted", "Best price and great reviews")
    assert (won["vehicles_awarded"], won["payout_date"]) == ([1], "2027-04-02")
    run = now_of(trip["id"])
    assert (run["status"], run["vendor_id"], run["vendor_ids"]) == ("confirmed", ven, [ven])


def test_create_bid_refusal_lists_all_reasons() -> None:
    trip = booked(passengers=40, amenities=[])
    ven = vendor(service_states=["CA"], max_passenger_capacity=30, vehicle_types=["minibus"])
    vendor_builders.send_request("PATCH", f"/vendors/{ven}/status", query={"new_status": "suspended"})
    refused = ask("POST", "/bids", offer(trip["id"], passenger_capacity=20, vehicle_type="minibus"), vendor=ven)
    said = [each["message"] for each in refused.json()["errors"]]
    for part in ("suspended", "Service area", "seats 30", "class coach", "seats 20", "class minibus"):
        assert any(part in each for each in said), said


def test_sealed_request_shows_price_to_its_vendor_only_and_no_rank() -> None:
    trip, one, two = booked(), vendor("One"), vendor("Two")
    request = opened(trip["id"], one, two)
    mine = bid(trip["id"], one, 1234.56)
    bid(trip["id"], two, 1111.11)
    assert (mine["quoted_price"], mine["rank"], mine["is_lowest_bid"], mine["is_sealed"]) == (1234.56, None, None, True)
    assert done("GET", f"/bids/{mine['id']}", vendor=one)["quoted_price"] == 1234.56
    told = [
        ask("GET", f"/bids/{mine['id']}"),
        ask("GET", "/bids", query={"charter_id": trip["id"]}),
        ask("GET", "/bids", query={"vendor_id": one}),
        ask("GET", "/bids"),
        ask("GET", f"/charters/{trip['id']}/bids/comparison"),
        ask("GET", f"/bid-requests/{request['id']}"),
        ask("GET", "/bids", vendor=two, query={"charter_id": trip["id"]}),
    ]
    for reply in told:
        assert reply.status == 200, reply.text
        assert "1234.56" not in reply.text
        assert '"rank":1' not in reply.text.replace(" ", "")
    assert ask("GET", f"/bids/{mine['id']}", vendor=two).status == 404
    events = store.history(BID.key(org=ORG, id=mine["id"]))
    assert "1234.56" not in json.dumps([each.model_dump(mode="json") for each in events])
    assert ask("POST", f"/bids/{mine['id']}/accept", {"decision": "accept"}).status == 409
    assert ask("POST", f"/bids/{mine['id']}/reject", {"decision": "reject"}).status == 409

    done("POST", f"/bid-requests/{request['id']}/close", {"reason": "All have answered"})
    seen = done("GET", f"/bids/{mine['id']}")
    assert (seen["quoted_price"], seen["rank"], seen["price_difference_from_lowest"]) == (1234.56, 2, 123.45)
    known = done("GET", f"/bid-requests/{request['id']}")
    assert (known["status"], known["closed_early"], known["status_reason"]) == ("closed", True, "All have answered")
    assert known["closed_by"].startswith("usr_")
    compared = done("GET", f"/charters/{trip['id']}/bids/comparison")
    assert [each["vendor_name"] for each in compared["bids"]] == ["Two", "One"]
    assert (compared["lowest_price"], compared["highest_price"]) == (1111.11, 1234.56)


def test_sealed_price_is_in_no_record_event_or_log(dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    trip, one = booked(), vendor("One")
    opened(trip["id"], one)
    made = done(
        "POST", "/bids", offer(trip["id"], 1234.56, fuel_surcharge=77.88, notes="A third under yours"), vendor=one
    )
    done("PUT", f"/bids/{made['id']}", {"quoted_price": 2345.67}, vendor=one)
    done("POST", f"/bids/{made['id']}/submit", vendor=one)
    items = dynamodb.scan(TableName=settings.table_name())["Items"]
    told = [each for each in items if each["pk"]["S"] != f"ORG#{ORG}#BID#{made['id']}" or each["sk"]["S"] != "HEAD"]
    assert len(told) == len(items) - 1
    secrets = ("1234.56", "123456", "2345.67", "234567", "77.88", "7788", "A third under yours")
    said = json.dumps(told) + capsys.readouterr().out
    assert "bid.submitted" in said
    assert [each for each in secrets if each in said] == []


def test_earlier_bid_does_not_reveal_rank_of_sealed_bids() -> None:
    trip, one, two = booked(), vendor("One"), vendor("Two")
    early = bid(trip["id"], one, 900)
    opened(trip["id"], two)
    bid(trip["id"], two, 800)
    assert done("GET", f"/bids/{early['id']}")["rank"] == 1
    listed = done("GET", "/bids", query={"charter_id": trip["id"]})["items"]
    assert [(each["rank"], each["quoted_price"]) for each in listed] == [(1, 900.0), (None, None)]
    assert {each["rank"] for each in done("GET", f"/charters/{trip['id']}/bids/comparison")["bids"]} == {None}


def test_bid_expires_72_hours_after_it_can_be_accepted() -> None:
    trip, one, two = booked(), vendor("One"), vendor("Two")
    free = bid(trip["id"], two)
    request = opened(trip["id"], one, hours=48)
    sealed = bid(trip["id"], one)
    start = clock.now()
    with clock.frozen(start + timedelta(hours=73)):
        done_ = expiry_job.run()
        assert (done_.expired, done_.failed) == (1, 0)
        assert done("GET", f"/bids/{free['id']}")["status"] == "expired"
        closed(request["id"])
        assert done("GET", f"/bids/{sealed['id']}")["status"] == "submitted"
    with clock.frozen(start + timedelta(hours=48 + 73)):
        refused = ask("POST", f"/bids/{sealed['id']}/accept", {"decision": "accept"})
        assert (refused.status, refused.json()["title"]) == (409, "The bid has expired")
        assert expiry_job.run().expired == 1


def test_create_bid_second_of_vendor_is_refused_until_withdrawal() -> None:
    trip, one = booked(), vendor("One")
    made = bid(trip["id"], one)
    assert ask("POST", "/bids", offer(trip["id"]), vendor=one).status == 409
    assert done("POST", f"/bids/{made['id']}/withdraw", vendor=one)["status"] == "withdrawn"
    bid(trip["id"], one, 1000)


def test_update_bid_draft_changes_and_submitted_is_refused() -> None:
    trip, one = booked(), vendor("One")
    made = done("POST", "/bids", offer(trip["id"]), vendor=one)
    changed = done("PUT", f"/bids/{made['id']}", {"quoted_price": 999.5}, vendor=one)
    assert (changed["quoted_price"], changed["driver_name"], changed["version"]) == (999.5, "Mike Johnson", 2)
    done("POST", f"/bids/{made['id']}/submit", vendor=one)
    assert ask("PUT", f"/bids/{made['id']}", {"quoted_price": 900}, vendor=one).status == 409
    assert ask("PUT", f"/bids/{made['id']}", {"quoted_price": 900}, vendor=vendor("Two")).status == 404
