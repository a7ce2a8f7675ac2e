"""Erasure of a client's personal data from the bidding for its charter."""

from __future__ import annotations

from typing import Any

from coachway.bids import erasure
from coachway.bids.model.bid import BID, Bid
from coachway.core import store
from coachway.core.entrypoints.event_consumer import Delivery
from tests.integration.bids.builders import (
    SYSTEM,
    create_booked_charter,
    create_organizations,
    create_submitted_bid,
    create_vendor,
    open_bid_request,
    send_ok,
)
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG

MARK = "quill"


def erase(charter: dict[str, Any]) -> None:
    """Deliver the event that a charter was erased."""
    data = {"charter_id": charter["id"], "client_id": charter["client_id"]}
    delivery = Delivery(
        type="charter.erased",
        org_id=ORG,
        event_id="01M7WBE4M9A7C2D4F6H8J1K3M5",
        aggregate_id=charter["id"],
        correlation_id="x",
        data=data,
    )
    erasure.CONSUMERS["charter.erased"](SYSTEM, delivery)


def text_of_table(dynamodb: Any) -> str:
    pages = dynamodb.get_paginator("scan").paginate(TableName="coachway-test")
    kinds = {"bid", "bid_request", "bid_invitation", "event"}
    items = [item for page in pages for item in page["Items"] if item["kind"]["S"] in kinds]
    return str([item for item in items if "#BID" in item["pk"]["S"]])


def test_erased_charter_leaves_no_personal_data_in_bidding(dynamodb: Any) -> None:
    create_organizations()
    stops = booking_builders.charter_request()["stops"]
    stops[0]["address"], stops[1]["address"] = f"7 {MARK} Close, New York, NY", f"9 {MARK} Road, Atlantic City, NJ"
    charter = create_booked_charter(stops=stops)
    winner, loser = create_vendor(), create_vendor("Bright Buses", primary_email="bids@bright.example")
    request = open_bid_request(charter["id"], winner, loser, message=f"Ask for {MARK}")
    first, second = create_submitted_bid(charter["id"], winner), create_submitted_bid(charter["id"], loser, 1300)
    send_ok("POST", f"/bid-requests/{request['id']}/close", {"reason": f"{MARK} is in a hurry"})
    send_ok("POST", f"/bids/{second['id']}/reject", {"reason": f"{MARK} wants another coach"})
    assert text_of_table(dynamodb).count(MARK) > 5
    erase(charter)
    assert MARK not in text_of_table(dynamodb)
    stored = store.get(Bid, BID.key(org=ORG, id=first["id"]))
    assert (stored.terms.quoted_price, stored.vendor_name, stored.driver_name) == (
        125000,
        "Premium Coach Lines",
        "Mike Johnson",
    )
    before = text_of_table(dynamodb)
    erase(charter)
    assert text_of_table(dynamodb) == before
