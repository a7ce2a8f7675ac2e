"""Requests for bids: invitations, deadlines and extensions, on the in-memory table."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from coachway.bids.requests import consumers as request_consumers
from coachway.bids.requests import service as requests
from coachway.bookings.charters import coverage
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import VehicleCoverage
from coachway.core import store
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.runtime import clock
from tests.integration.bids.builders import (
    SYSTEM,
    close_bid_request,
    create_booked_charter,
    create_organizations,
    create_submitted_bid,
    create_vendor,
    decide_bid_request,
    list_invitations,
    open_bid_request,
    send_ok,
    send_request,
)
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.identity.builders import set_confirmed


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organizations()


def test_extend_request_without_bids_reopens_it() -> None:
    trip, vendor_id = create_booked_charter(), create_vendor("One")
    request = open_bid_request(trip["id"], vendor_id)
    close_bid_request(request["id"])
    assert decide_bid_request(request["id"]).go == "settle"
    assert send_ok("GET", f"/bid-requests/{request['id']}")["status"] == "no_bids"
    later = {"deadline": (clock.now() + timedelta(hours=48)).isoformat()}
    reopened = send_ok("POST", f"/bid-requests/{request['id']}/extend", later)
    assert reopened["status"] == "open"
    types = [each.type for each in store.list_history(requests.get_request(SYSTEM, request["id"]).key())]
    assert types.count("bidding.opened") == 2
    create_submitted_bid(trip["id"], vendor_id)


def test_matching_vendors_returns_reasons() -> None:
    trip = create_booked_charter()
    near = create_vendor("Near", garage_latitude=40.73, garage_longitude=-74.17, service_radius_miles=50)
    far = create_vendor("Far", garage_latitude=42.36, garage_longitude=-71.06, service_radius_miles=50)
    small = create_vendor("Small", max_passenger_capacity=20)
    request = open_bid_request(trip["id"])
    stored = {each["vendor_id"]: each for each in send_ok("GET", f"/bid-requests/{request['id']}")["vendors"]}
    assert (stored[near]["invited"], stored[near]["reasons"]) == (True, [])
    assert not stored[far]["invited"]
    assert "50 miles from the garage" in stored[far]["reasons"][0]
    assert "seats 20" in stored[small]["reasons"][0]
    own = send_ok("GET", "/bid-requests", vendor_id=near)["items"]
    assert [each["id"] for each in own] == [request["id"]]
    assert "target_price" not in json.dumps(own).replace('"target_price": null', "")
    assert send_ok("GET", "/bid-requests", vendor_id=far)["items"] == []
    assert send_request("GET", f"/bid-requests/{request['id']}", vendor_id=far).status == 404


def test_bid_request_of_unconfirmed_organization_invites_five_vendors_a_day() -> None:
    set_confirmed(ORG, confirmed=False)
    trip, vendors = create_booked_charter(), [create_vendor(f"Vendor {number}") for number in range(7)]
    request = open_bid_request(trip["id"], *vendors)
    details = send_ok("GET", f"/bid-requests/{request['id']}")
    invited = [each for each in details["vendors"] if each["invited"]]
    reasons = [each["reasons"] for each in details["vendors"] if not each["invited"]]
    assert (len(invited), details["invited_count"]) == (5, 5)
    assert ["confirms their email address" in reason for [reason] in reasons] == [True, True]


def test_invite_matching_vendors_requires_capability_and_documents_until_trip_end() -> None:
    trip = create_booked_charter()
    create_vendor("Fit", is_ada_compliant=True, documents_expire=date(2027, 3, 3))
    create_vendor("Steps", is_ada_compliant=False)
    create_vendor("Late", is_ada_compliant=True, documents_expire=date(2027, 3, 2))
    create_vendor("Small", is_ada_compliant=True, vehicle_types=["minibus"])
    request = open_bid_request(trip["id"], requires_ada=True)
    stored = {each["vendor_name"]: each for each in send_ok("GET", f"/bid-requests/{request['id']}")["vendors"]}
    assert [name for name, each in stored.items() if each["invited"]] == ["Fit"]
    for name, reason in {"Steps": "ADA", "Late": "not valid on 2027-03-03", "Small": "class coach"}.items():
        assert any(reason in each for each in stored[name]["reasons"]), stored[name]


def test_invite_vendors_twice_invites_once() -> None:
    from coachway.bids.requests import invitations

    trip, vendor_id = create_booked_charter(), create_vendor("One")
    request = open_bid_request(trip["id"], vendor_id)
    invitations.invite_vendors(SYSTEM, request["id"])
    [invitation] = list_invitations(request["id"])
    assert [each.type for each in store.list_history(invitation.key())] == ["bidding.invited"]


def test_request_deadline_is_two_hours_ahead_and_before_trip() -> None:
    trip, vendor_id = create_booked_charter(), create_vendor("One")
    for at in (clock.now() + timedelta(minutes=119), clock.now() + timedelta(days=31)):
        body = {"deadline": at.isoformat(), "vendor_ids": [vendor_id]}
        assert send_request("POST", f"/charters/{trip['id']}/bid-requests", body).status == 422
    open_bid_request(trip["id"], vendor_id)
    body = {"deadline": (clock.now() + timedelta(hours=5)).isoformat(), "vendor_ids": [vendor_id]}
    assert send_request("POST", f"/charters/{trip['id']}/bid-requests", body).status == 409


def test_cancelled_charter_closes_request() -> None:
    trip, vendor_id = create_booked_charter(), create_vendor("One")
    request = open_bid_request(trip["id"], vendor_id)
    bid = create_submitted_bid(trip["id"], vendor_id)
    booking_builders.send_request("POST", f"/charters/{trip['id']}/cancel", {"reason": "off"})
    fields = {"event_id": "e", "type": "charter.cancelled", "org_id": ORG, "aggregate_id": trip["id"]}
    for _ in range(2):
        request_consumers.on_charter_cancelled(SYSTEM, Delivery(**fields, correlation_id="c", data={}))
    assert send_ok("GET", f"/bid-requests/{request['id']}")["status"] == "cancelled"
    assert send_ok("GET", f"/bids/{bid['id']}")["status"] == "rejected"


def test_fully_assigned_charter_closes_request() -> None:
    trip, vendor_id = create_booked_charter(), create_vendor("One")
    request = open_bid_request(trip["id"], vendor_id)
    bid = create_submitted_bid(trip["id"], vendor_id)
    before = charter_queries.get_charter(SYSTEM, trip["id"])
    own = VehicleCoverage(vehicle=1, assignment_id="asg_1", driver_id="drv_1")
    store.commit(SYSTEM, *coverage.set_coverage_ops(SYSTEM, before, [own], "assigned"))
    fields = {"event_id": "e", "type": "charter.confirmed", "org_id": ORG, "aggregate_id": trip["id"]}
    for _ in range(2):
        request_consumers.on_charter_confirmed(SYSTEM, Delivery(**fields, correlation_id="c", data={}))
    ended = send_ok("GET", f"/bid-requests/{request['id']}")
    assert (ended["status"], ended["status_reason"]) == ("cancelled", "Every vehicle has a vendor or a driver")
    assert send_ok("GET", f"/bids/{bid['id']}")["status"] == "rejected"
