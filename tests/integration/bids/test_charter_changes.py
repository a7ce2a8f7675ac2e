"""Bids for charters that change, depart or end during bidding or after an award, on the table in memory."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from coachway.bids import expiry_job
from coachway.bids.awards import rejection
from coachway.bids.model.bid import BID
from coachway.bids.model.bid_request import BidInvitation
from coachway.bids.requests import invitations
from coachway.bids.requests import service as requests
from coachway.bids.requests import workflow as request_workflow
from coachway.bookings.charters import coverage
from coachway.bookings.charters import queries as charter_queries
from coachway.core import store
from coachway.core.runtime import clock
from tests.integration import vendor_builders
from tests.integration.bids.builders import (
    SYSTEM,
    assign_own_driver,
    bid_body,
    close_bid_request,
    create_booked_charter,
    create_charter,
    create_organizations,
    create_submitted_bid,
    create_vendor,
    decide_bid_request,
    deliver_charter_event,
    get_charter,
    list_invitations,
    open_bid_request,
    send_ok,
    send_request,
)
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organizations()


def accept_bid(bid_id: str) -> dict[str, Any]:
    return send_ok("POST", f"/bids/{bid_id}/accept", {"decision": "accept"})


def count_called_off(bid_id: str) -> int:
    """The number of `bid.called_off` events of a bid."""
    return [each.type for each in store.list_history(BID.key(org=ORG, id=bid_id))].count("bid.called_off")


ENDINGS = {
    "quote.declined": ("POST", "/charters/{}/status", {"status": "declined"}),
    "quote.expired": ("POST", "/charters/{}/status", {"status": "expired"}),
    "charter.cancelled": ("POST", "/charters/{}/cancel", {"reason": "off"}),
    "charter.deleted": ("DELETE", "/charters/{}", None),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_ended_charter_cancels_its_bid_request(ending: str) -> None:
    trip, vendor_id = create_charter()["id"], create_vendor("One")
    request, bid = open_bid_request(trip, vendor_id), create_submitted_bid(trip, vendor_id)
    method, path, body = ENDINGS[ending]
    assert booking_builders.send_request(method, path.format(trip), body).status < 300
    deliver_charter_event(ending, trip)
    assert send_ok("GET", f"/bid-requests/{request['id']}")["status"] == "cancelled"
    rejected = send_ok("GET", f"/bids/{bid['id']}")
    assert (rejected["status"], rejected["decision_reason"]) == ("rejected", "The trip was cancelled")


@pytest.mark.parametrize("ending", ENDINGS)
def test_ended_charter_calls_off_awards_once(ending: str) -> None:
    trip, vendor_id, other_id = (
        create_charter(vehicle_count=2, passengers=80)["id"],
        create_vendor("One"),
        create_vendor("Two"),
    )
    won = create_submitted_bid(trip, vendor_id, vehicle_count=1)["id"]
    open_ = create_submitted_bid(trip, other_id, vehicle_count=1)["id"]
    accept_bid(won)
    method, path, body = ENDINGS[ending]
    assert booking_builders.send_request(method, path.format(trip), body).status < 300
    deliver_charter_event(ending, trip)
    assert [count_called_off(each) for each in (won, open_)] == [1, 0]
    stored = send_ok("GET", f"/bids/{won}", vendor_id=vendor_id)
    assert (stored["status"], stored["award_released_at"] is None) == ("accepted", False)


def test_update_charter_with_awarded_vehicles_refuses_awarded_fields() -> None:
    trip, vendor_id = create_charter(vehicle_count=2, passengers=80)["id"], create_vendor("One")
    accept_bid(create_submitted_bid(trip, vendor_id, vehicle_count=1)["id"])
    for change in ({"vehicle_count": 1}, {"passengers": 100}, {"vehicle_class": "minibus"}, {"amenities": ["wifi"]}):
        reply = booking_builders.send_request("PUT", f"/charters/{trip}", change)
        assert reply.status == 409, change
        assert reply.json()["title"] == "Vehicles of the charter are awarded to vendors", change
    assert booking_builders.send_request("PUT", f"/charters/{trip}", {"notes": "Gate B"}).status == 200
    assert booking_builders.send_request("PUT", f"/charters/{trip}", {"miles": 140}).status == 200


def test_revised_charter_rejects_outdated_bids() -> None:
    trip, vendor_id, other_id = create_charter()["id"], create_vendor("One"), create_vendor("Two")
    open_bid_request(trip, vendor_id, other_id)
    bid = create_submitted_bid(trip, vendor_id, 1234.56)
    booking_builders.send_request("PUT", f"/charters/{trip}", {"passengers": 41})
    later = create_submitted_bid(trip, other_id)
    deliver_charter_event("charter.modified", trip, revised=False)
    assert send_ok("GET", f"/bids/{bid['id']}")["status"] == "submitted"
    deliver_charter_event("charter.modified", trip, revised=True)
    rejected = send_ok("GET", f"/bids/{bid['id']}")
    assert (rejected["status"], rejected["decision_reason"]) == ("rejected", "The trip was changed; please bid again")
    assert rejected["quoted_price"] is None
    assert send_ok("GET", f"/bids/{later['id']}")["status"] == "submitted"
    assert create_submitted_bid(trip, vendor_id, 1300)["charter_revision"] == 2


def test_create_bid_without_vehicle_count_is_for_uncovered_vehicles() -> None:
    trip, vendor_id, other_id = (
        create_booked_charter(vehicle_count=3, passengers=120)["id"],
        create_vendor("One", is_preferred=True),
        create_vendor("Two"),
    )
    assign_own_driver(trip)
    request = open_bid_request(trip, vendor_id, other_id, target_price=9000)
    assert request["vehicle_count"] == 2
    too_many = send_request("POST", "/bids", bid_body(trip, vehicle_count=3), vendor_id=vendor_id)
    assert (too_many.status, "3 vehicles, the trip still needs 2 of 3" in too_many.text) == (409, True)
    bid = create_submitted_bid(trip, vendor_id, 2000)
    assert bid["vehicle_count"] == 2
    close_bid_request(request["id"])
    assert decide_bid_request(request["id"]).go == "settle"
    assert send_ok("GET", f"/bids/{bid['id']}")["vehicles_awarded"] == [2, 3]
    assert get_charter(trip)["status"] == "confirmed"


def test_decide_award_after_an_assignment_ignores_the_target_price() -> None:
    trip, vendor_id = (
        create_booked_charter(vehicle_count=3, passengers=120)["id"],
        create_vendor("One", is_preferred=True),
    )
    request = open_bid_request(trip, vendor_id, target_price=9000)
    create_submitted_bid(trip, vendor_id, 2000, vehicle_count=2)
    assign_own_driver(trip)
    close_bid_request(request["id"])
    assert decide_bid_request(request["id"]).go == "ask"
    request_workflow.expire_decision(SYSTEM, request["id"])
    later = {"deadline": (clock.now() + timedelta(hours=48)).isoformat()}
    reopened = send_ok("POST", f"/bid-requests/{request['id']}/extend", later)
    assert (reopened["vehicle_count"], reopened["target_price"]) == (2, None)


def test_decide_award_with_bids_for_too_many_vehicles_closes_without_award() -> None:
    trip, vendor_id = create_booked_charter(vehicle_count=2, passengers=80)["id"], create_vendor("One")
    request = open_bid_request(trip, vendor_id)
    create_submitted_bid(trip, vendor_id)
    assign_own_driver(trip)
    close_bid_request(request["id"])
    assert request_workflow.decide_award(SYSTEM, request["id"]).go == "settle"
    assert send_ok("GET", f"/bid-requests/{request['id']}")["status"] == "no_bids"


def test_award_bids_of_the_only_vendor_suspended_since_closes_without_award() -> None:
    trip, vendor_id = create_booked_charter()["id"], create_vendor("One", is_preferred=True)
    request = open_bid_request(trip, target_price=2000)
    create_submitted_bid(trip, vendor_id, 1000)
    close_bid_request(request["id"])
    chosen = request_workflow.decide_award(SYSTEM, request["id"])
    assert chosen.go == "award"
    vendor_builders.send_request("PATCH", f"/vendors/{vendor_id}/status", query={"new_status": "suspended"})
    assert request_workflow.award_bids(SYSTEM, request["id"], bid_ids=chosen.bid_ids).go == "settle"
    assert send_ok("GET", f"/bid-requests/{request['id']}")["status"] == "no_bids"


def test_award_bids_of_a_vendor_suspended_since_asks_a_manager_about_the_others() -> None:
    trip, vendor_id, other_id = (
        create_booked_charter()["id"],
        create_vendor("One", is_preferred=True),
        create_vendor("Two"),
    )
    request = open_bid_request(trip, target_price=2000)
    create_submitted_bid(trip, vendor_id, 1000)
    create_submitted_bid(trip, other_id, 1100)
    close_bid_request(request["id"])
    chosen = request_workflow.decide_award(SYSTEM, request["id"])
    vendor_builders.send_request("PATCH", f"/vendors/{vendor_id}/status", query={"new_status": "suspended"})
    assert request_workflow.award_bids(SYSTEM, request["id"], bid_ids=chosen.bid_ids).go == "ask"


def test_confirmed_charter_with_own_drivers_rejects_bids_with_reason() -> None:
    trip, vendor_id = create_booked_charter()["id"], create_vendor("One")
    bid = create_submitted_bid(trip, vendor_id)
    assign_own_driver(trip)
    deliver_charter_event("charter.confirmed", trip)
    rejected = send_ok("GET", f"/bids/{bid['id']}")
    assert (rejected["status"], rejected["decision_reason"]) == ("rejected", "The organization runs this trip itself")


def test_confirmed_charter_that_lost_a_driver_takes_bids() -> None:
    trip, vendor_id = create_booked_charter()["id"], create_vendor("One")
    assert send_request("POST", f"/charters/{trip}/bid-requests", {}).status == 422
    assign_own_driver(trip)
    whole = send_request("POST", "/bids", bid_body(trip), vendor_id=vendor_id)
    assert (whole.status, whole.json()["title"]) == (409, "The charter does not accept bids")
    store.commit(SYSTEM, *coverage.release_assignment_ops(charter_queries.get_charter(SYSTEM, trip), "asg_1"))
    open_bid_request(trip, vendor_id, sealed=False)
    deliver_charter_event("charter.confirmed", trip)
    accept_bid(create_submitted_bid(trip, vendor_id)["id"])
    stored = get_charter(trip)
    assert (stored["status"], stored["vendor_ids"]) == ("confirmed", [vendor_id])


def test_accept_bid_after_departure_returns_409() -> None:
    trip, vendor_id = create_booked_charter(), create_vendor("One")
    bid = create_submitted_bid(trip["id"], vendor_id)
    leaves = datetime.fromisoformat(trip["starts_at"])
    with clock.frozen(leaves - timedelta(hours=1)):
        send_ok("POST", f"/bids/{bid['id']}/withdraw", vendor_id=vendor_id)
        bid = create_submitted_bid(trip["id"], vendor_id)
    with clock.frozen(leaves):
        reply = send_request("POST", f"/bids/{bid['id']}/accept", {"decision": "accept"})
        assert (reply.status, reply.json()["detail"]) == (409, "The departure is in the past.")


def test_decide_award_after_departure_closes_without_award() -> None:
    trip, vendor_id = create_booked_charter(), create_vendor("One")
    leaves = datetime.fromisoformat(trip["starts_at"])
    with clock.frozen(leaves - timedelta(hours=30)):
        request = open_bid_request(trip["id"], vendor_id, hours=20)
        create_submitted_bid(trip["id"], vendor_id)
    with clock.frozen(leaves - timedelta(hours=10)):
        close_bid_request(request["id"])
        assert decide_bid_request(request["id"]).go == "ask"
    with clock.frozen(leaves + timedelta(hours=14)):
        assert request_workflow.decide_award(SYSTEM, request["id"]).go == "settle"
        assert send_ok("GET", f"/bid-requests/{request['id']}")["status"] == "no_bids"


def test_escalate_after_departure_closes_without_award() -> None:
    trip, vendor_id = create_booked_charter(), create_vendor("One")
    leaves = datetime.fromisoformat(trip["starts_at"])
    with clock.frozen(leaves - timedelta(hours=30)):
        request = open_bid_request(trip["id"], vendor_id, hours=20)
        create_submitted_bid(trip["id"], vendor_id)
    with clock.frozen(leaves - timedelta(hours=10)):
        close_bid_request(request["id"])
        assert request_workflow.escalate(SYSTEM, request["id"]).go == "ask"
    with clock.frozen(leaves + timedelta(hours=14)):
        assert request_workflow.escalate(SYSTEM, request["id"]).go == "settle"
        stored = send_ok("GET", f"/bid-requests/{request['id']}")
    assert (stored["status"], stored["status_reason"]) == ("no_bids", "Nobody decided before the departure")


def test_create_bid_requires_documents_until_the_local_last_day() -> None:
    stops = [
        {"address": "1 Market St, San Francisco, CA", "latitude": 37.79, "longitude": -122.39},
        {"address": "11 Wall St, New York, NY", "latitude": 40.71, "longitude": -74.01},
    ]
    # It ends at ten in the evening of the 5th in San Francisco, which is one in the morning of the 6th in New York.
    stops[0] |= {"timezone": "America/Los_Angeles", "estimated_departure": "2027-03-03T06:00:00-08:00"}
    stops[1] |= {"timezone": "America/New_York", "estimated_arrival": "2027-03-06T01:00:00-05:00"}
    trip = create_charter(stops=stops, trip_type="multi_day", requires_second_driver=True, miles=2900)["id"]
    area = {"service_states": ["CA"]}
    short, long = (
        create_vendor("Short", documents_expire=date(2027, 3, 5), **area),
        create_vendor("Long", documents_expire=date(2027, 3, 6), **area),
    )
    reply = send_request("POST", "/bids", bid_body(trip), vendor_id=short)
    assert (reply.status, "not valid on 2027-03-06" in reply.text) == (409, True)
    bid = create_submitted_bid(trip, long)
    assert accept_bid(bid["id"])["payout_date"] == "2027-04-05"


def test_extend_deadline_extends_the_validity_of_bids() -> None:
    trip, vendor_id = create_booked_charter()["id"], create_vendor("One", is_preferred=True)
    request = open_bid_request(trip, vendor_id, hours=24, target_price=2000)
    bid = create_submitted_bid(trip, vendor_id, 1000)
    later = datetime.fromisoformat(request["deadline"]) + timedelta(hours=100)
    send_ok("POST", f"/bid-requests/{request['id']}/extend", {"deadline": later.isoformat()})
    assert datetime.fromisoformat(send_ok("GET", f"/bids/{bid['id']}")["valid_until"]) == later + timedelta(hours=72)
    with clock.frozen(later):
        close_bid_request(request["id"])
        assert decide_bid_request(request["id"]).go == "settle"
    assert send_ok("GET", f"/bids/{bid['id']}")["status"] == "accepted"


def test_reopened_request_invites_vendors_with_rejected_bids_again() -> None:
    trip, vendor_id, other_id, third_id = (
        create_booked_charter()["id"],
        create_vendor("One"),
        create_vendor("Two"),
        create_vendor("Three"),
    )
    request = open_bid_request(trip, vendor_id, other_id, third_id)
    bid = create_submitted_bid(trip, vendor_id)
    invitations_by_vendor = {each.vendor_id: each for each in list_invitations(request["id"])}
    invitations.decline_invitation(
        SYSTEM, invitations_by_vendor[other_id], requests.get_request(SYSTEM, request["id"]), "No coach"
    )
    close_bid_request(request["id"])
    assert decide_bid_request(request["id"]).go == "ask"
    request_workflow.escalate(SYSTEM, request["id"])
    request_workflow.expire_decision(SYSTEM, request["id"])
    request_workflow.reject_losing_bids(SYSTEM, request["id"])
    assert send_ok("GET", f"/bids/{bid['id']}")["status"] == "rejected"
    send_ok(
        "POST", f"/bid-requests/{request['id']}/extend", {"deadline": (clock.now() + timedelta(hours=48)).isoformat()}
    )
    for _ in range(2):
        invitations.invite_vendors(SYSTEM, request["id"])
    mail_counts = {each.vendor_id: count_invitation_mails(each) for each in list_invitations(request["id"])}
    assert mail_counts == {vendor_id: 2, other_id: 1, third_id: 2}
    own = send_ok("GET", f"/bid-requests/{request['id']}", vendor_id=vendor_id)
    assert (own["is_accepted"], own["bid_id"], own["status"]) == (None, None, "open")
    assert send_ok("GET", f"/bid-requests/{request['id']}")["escalated_at"] is None
    assert create_submitted_bid(trip, vendor_id, 900)["status"] == "submitted"


def count_invitation_mails(invitation: BidInvitation) -> int:
    return [each.type for each in store.list_history(invitation.key())].count("bidding.invited")


def test_reopened_request_does_not_invite_vendors_with_active_bids() -> None:
    trip, vendor_id = create_booked_charter()["id"], create_vendor("One")
    request = open_bid_request(trip, vendor_id)
    create_submitted_bid(trip, vendor_id)
    close_bid_request(request["id"])
    request_workflow.expire_decision(SYSTEM, request["id"])
    send_ok(
        "POST", f"/bid-requests/{request['id']}/extend", {"deadline": (clock.now() + timedelta(hours=48)).isoformat()}
    )
    invitations.invite_vendors(SYSTEM, request["id"])
    assert [count_invitation_mails(each) for each in list_invitations(request["id"])] == [1]
    assert (rejection.reject_remaining_bids(SYSTEM, trip), expiry_job.run().expired) == (0, 0)
