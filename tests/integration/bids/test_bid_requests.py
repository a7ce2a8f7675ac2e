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
from tests.integration.bids.office import (
    SYSTEM,
    ask,
    bid,
    booked,
    closed,
    done,
    found,
    opened,
    ranked,
    vendor,
)
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG


@pytest.fixture(autouse=True)
def organization() -> None:
    found()


def test_extend_request_without_bids_reopens_it() -> None:
    trip, one = booked(), vendor("One")
    request = opened(trip["id"], one)
    closed(request["id"])
    assert ranked(request["id"]).go == "settle"
    assert done("GET", f"/bid-requests/{request['id']}")["status"] == "no_bids"
    later = {"deadline": (clock.now() + timedelta(hours=48)).isoformat()}
    anew = done("POST", f"/bid-requests/{request['id']}/extend", later)
    assert anew["status"] == "open"
    types = [each.type for each in store.history(requests.get(SYSTEM, request["id"]).key())]
    assert types.count("bidding.opened") == 2
    bid(trip["id"], one)


def test_matching_vendors_returns_reasons() -> None:
    trip = booked()
    near = vendor("Near", garage_latitude=40.73, garage_longitude=-74.17, service_radius_miles=50)
    far = vendor("Far", garage_latitude=42.36, garage_longitude=-71.06, service_radius_miles=50)
    small = vendor("Small", max_passenger_capacity=20)
    request = opened(trip["id"])
    known = {each["vendor_id"]: each for each in done("GET", f"/bid-requests/{request['id']}")["vendors"]}
    assert (known[near]["invited"], known[near]["reasons"]) == (True, [])
    assert not known[far]["invited"]
    assert "50 miles from the garage" in known[far]["reasons"][0]
    assert "seats 20" in known[small]["reasons"][0]
    mine = done("GET", "/bid-requests", vendor=near)["items"]
    assert [each["id"] for each in mine] == [request["id"]]
    assert "target_price" not in json.dumps(mine).replace('"target_price": null', "")
    assert done("GET", "/bid-requests", vendor=far)["items"] == []
    assert ask("GET", f"/bid-requests/{request['id']}", vendor=far).status == 404


def test_invite_matching_vendors_requires_capability_and_documents_until_trip_end() -> None:
    trip = booked()
    vendor("Fit", is_ada_compliant=True, until=date(2027, 3, 3))
    vendor("Steps", is_ada_compliant=False)
    vendor("Late", is_ada_compliant=True, until=date(2027, 3, 2))
    vendor("Small", is_ada_compliant=True, vehicle_types=["minibus"])
    request = opened(trip["id"], requires_ada=True)
    known = {each["vendor_name"]: each for each in done("GET", f"/bid-requests/{request['id']}")["vendors"]}
    assert [name for name, each in known.items() if each["invited"]] == ["Fit"]
    for name, reason in {"Steps": "ADA", "Late": "expired on 2027-03-03", "Small": "class coach"}.items():
        assert any(reason in each for each in known[name]["reasons"]), known[name]


def test_invite_vendors_twice_invites_once() -> None:
    from coachway.bids.requests import invitations

    trip, one = booked(), vendor("One")
    request = opened(trip["id"], one)
    invitations.invite(SYSTEM, request["id"])
    [invitation] = requests.list_invitations(ORG, request["id"])
    assert [each.type for each in store.history(invitation.key())] == ["bidding.invited"]


def test_request_deadline_is_two_hours_ahead_and_before_trip() -> None:
    trip, one = booked(), vendor("One")
    for at in (clock.now() + timedelta(minutes=119), clock.now() + timedelta(days=31)):
        body = {"deadline": at.isoformat(), "vendor_ids": [one]}
        assert ask("POST", f"/charters/{trip['id']}/bid-requests", body).status == 422
    opened(trip["id"], one)
    body = {"deadline": (clock.now() + timedelta(hours=5)).isoformat(), "vendor_ids": [one]}
    assert ask("POST", f"/charters/{trip['id']}/bid-requests", body).status == 409


def test_cancelled_charter_closes_request() -> None:
    trip, one = booked(), vendor("One")
    request = opened(trip["id"], one)
    made = bid(trip["id"], one)
    booking_builders.ask("POST", f"/charters/{trip['id']}/cancel", {"reason": "off"})
    said = {"event_id": "e", "type": "charter.cancelled", "org_id": ORG, "aggregate_id": trip["id"]}
    for _ in range(2):
        request_consumers.on_charter_cancelled(SYSTEM, Delivery(**said, correlation_id="c", data={}))
    assert done("GET", f"/bid-requests/{request['id']}")["status"] == "cancelled"
    assert done("GET", f"/bids/{made['id']}")["status"] == "rejected"


def test_fully_assigned_charter_closes_request() -> None:
    trip, one = booked(), vendor("One")
    request = opened(trip["id"], one)
    made = bid(trip["id"], one)
    before = charter_queries.get_charter(SYSTEM, trip["id"])
    own = VehicleCoverage(vehicle=1, assignment_id="asg_1", driver_id="drv_1")
    store.commit(SYSTEM, *coverage.cover_ops(SYSTEM, before, [own], "assigned"))
    said = {"event_id": "e", "type": "charter.confirmed", "org_id": ORG, "aggregate_id": trip["id"]}
    for _ in range(2):
        request_consumers.on_charter_confirmed(SYSTEM, Delivery(**said, correlation_id="c", data={}))
    ended = done("GET", f"/bid-requests/{request['id']}")
    assert (ended["status"], ended["status_reason"]) == ("cancelled", "Nothing is left to bid for")
    assert done("GET", f"/bids/{made['id']}")["status"] == "rejected"
