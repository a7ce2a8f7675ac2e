"""Charters that change, leave or come to nothing while vendors bid for them, and after they were awarded."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from coachway.bids import expiry_job
from coachway.bids.awards import award
from coachway.bids.model import BID
from coachway.bids.request_model import Invitation
from coachway.bids.requests import consumers as request_consumers
from coachway.bids.requests import invitations
from coachway.bids.requests import service as requests
from coachway.bids.requests import workflow as request_workflow
from coachway.bookings.charters import coverage
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import VehicleCoverage
from coachway.core import store
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.runtime import clock
from tests.integration import vendor_builders
from tests.integration.bids.office import (
    SYSTEM,
    ask,
    bid,
    booked,
    charter,
    closed,
    done,
    found,
    now_of,
    offer,
    opened,
    ranked,
    vendor,
)
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG


@pytest.fixture(autouse=True)
def organization() -> None:
    found()


def heard(event_type: str, charter_id: str, **data: Any) -> None:
    """Bidding hears of a charter, twice."""
    said = {"event_id": "e", "type": event_type, "org_id": ORG, "aggregate_id": charter_id}
    for _ in range(2):
        request_consumers.CONSUMERS[event_type](SYSTEM, Delivery(**said, correlation_id="c", data=data))


def accepted(bid_id: str) -> dict[str, Any]:
    return done("POST", f"/bids/{bid_id}/accept", {"decision": "accept"})


def given(charter_id: str, vehicle: int = 1) -> None:
    """A driver of the organization runs a vehicle."""
    own = VehicleCoverage(vehicle=vehicle, assignment_id=f"asg_{vehicle}", driver_id="drv_1")
    store.commit(
        SYSTEM, *coverage.cover_ops(SYSTEM, charter_queries.get_charter(SYSTEM, charter_id), [own], "assigned")
    )


def called_off(bid_id: str) -> int:
    """How often the vendor of a bid was told that its trip does not take place."""
    return [each.type for each in store.history(BID.key(org=ORG, id=bid_id))].count("bid.called_off")


ENDINGS = {
    "quote.declined": ("POST", "/charters/{}/status", {"status": "declined"}),
    "quote.expired": ("POST", "/charters/{}/status", {"status": "expired"}),
    "charter.cancelled": ("POST", "/charters/{}/cancel", {"reason": "off"}),
    "charter.deleted": ("DELETE", "/charters/{}", None),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_quote_that_comes_to_nothing_ends_its_bidding(ending: str) -> None:
    trip, one = charter()["id"], vendor("One")
    request, made = opened(trip, one), bid(trip, one)
    method, path, body = ENDINGS[ending]
    assert booking_builders.ask(method, path.format(trip), body).status < 300
    heard(ending, trip)
    assert done("GET", f"/bid-requests/{request['id']}")["status"] == "cancelled"
    lost = done("GET", f"/bids/{made['id']}")
    assert (lost["status"], lost["decision_reason"]) == ("rejected", "The trip does not take place")


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_vendor_that_had_won_is_told_once_that_the_trip_is_off(ending: str) -> None:
    trip, one, two = charter(vehicle_count=2, passengers=80)["id"], vendor("One"), vendor("Two")
    won = bid(trip, one, vehicle_count=1)["id"]
    open_ = bid(trip, two, vehicle_count=1)["id"]
    accepted(won)
    method, path, body = ENDINGS[ending]
    assert booking_builders.ask(method, path.format(trip), body).status < 300
    heard(ending, trip)
    assert [called_off(each) for each in (won, open_)] == [1, 0]
    known = done("GET", f"/bids/{won}", vendor=one)
    assert (known["status"], known["called_off_at"] is None) == ("accepted", False)


def test_what_was_awarded_cannot_be_changed_under_its_vendor() -> None:
    trip, one = charter(vehicle_count=2, passengers=80)["id"], vendor("One")
    accepted(bid(trip, one, vehicle_count=1)["id"])
    for change in ({"vehicle_count": 1}, {"passengers": 100}, {"vehicle_class": "minibus"}, {"amenities": ["wifi"]}):
        refused = booking_builders.ask("PUT", f"/charters/{trip}", change)
        assert refused.status == 409, change
        assert refused.json()["title"] == "Vehicles of the charter are awarded to vendors", change
    assert booking_builders.ask("PUT", f"/charters/{trip}", {"notes": "Gate B"}).status == 200
    assert booking_builders.ask("PUT", f"/charters/{trip}", {"miles": 140}).status == 200


def test_what_was_bid_for_a_trip_that_was_changed_since_is_bid_for_anew() -> None:
    trip, one, two = charter()["id"], vendor("One"), vendor("Two")
    opened(trip, one, two)
    made = bid(trip, one, 1234.56)
    booking_builders.ask("PUT", f"/charters/{trip}", {"passengers": 41})
    later = bid(trip, two)
    heard("charter.modified", trip, revised=False)
    assert done("GET", f"/bids/{made['id']}")["status"] == "submitted"
    heard("charter.modified", trip, revised=True)
    told = done("GET", f"/bids/{made['id']}")
    assert (told["status"], told["decision_reason"]) == ("rejected", "The trip was changed: please bid anew")
    assert told["quoted_price"] is None
    assert done("GET", f"/bids/{later['id']}")["status"] == "submitted"
    assert bid(trip, one, 1300)["charter_revision"] == 2


def test_a_bid_is_for_the_vehicles_that_nobody_runs_yet() -> None:
    trip, one, two = booked(vehicle_count=3, passengers=120)["id"], vendor("One", is_preferred=True), vendor("Two")
    given(trip)
    request = opened(trip, one, two, target_price=9000)
    assert request["vehicle_count"] == 2
    too_many = ask("POST", "/bids", offer(trip, vehicle_count=3), vendor=one)
    assert (too_many.status, "3 vehicles, the trip still needs 2 of 3" in too_many.text) == (409, True)
    made = bid(trip, one, 2000)
    assert made["vehicle_count"] == 2
    closed(request["id"])
    assert ranked(request["id"]).go == "settle"
    assert done("GET", f"/bids/{made['id']}")["vehicles_awarded"] == [2, 3]
    assert now_of(trip)["status"] == "confirmed"


def test_what_was_given_away_since_is_no_part_of_the_target_price() -> None:
    trip, one = booked(vehicle_count=3, passengers=120)["id"], vendor("One", is_preferred=True)
    request = opened(trip, one, target_price=9000)
    bid(trip, one, 2000, vehicle_count=2)
    given(trip)
    closed(request["id"])
    assert ranked(request["id"]).go == "ask"
    request_workflow.expire_decision(SYSTEM, request["id"])
    later = {"deadline": (clock.now() + timedelta(hours=48)).isoformat()}
    anew = done("POST", f"/bid-requests/{request['id']}/extend", later)
    assert (anew["vehicle_count"], anew["target_price"]) == (2, None)


def test_a_manager_is_not_asked_about_bids_for_more_vehicles_than_are_left() -> None:
    trip, one = booked(vehicle_count=2, passengers=80)["id"], vendor("One")
    request = opened(trip, one)
    bid(trip, one)
    given(trip)
    closed(request["id"])
    assert request_workflow.decide_award(SYSTEM, request["id"]).go == "settle"
    assert done("GET", f"/bid-requests/{request['id']}")["status"] == "no_bids"


def test_a_manager_is_not_asked_when_the_only_vendor_falls_between_ranking_and_award() -> None:
    trip, one = booked()["id"], vendor("One", is_preferred=True)
    request = opened(trip, target_price=2000)
    bid(trip, one, 1000)
    closed(request["id"])
    chosen = request_workflow.decide_award(SYSTEM, request["id"])
    assert chosen.go == "award"
    vendor_builders.send_request("PATCH", f"/vendors/{one}/status", query={"new_status": "suspended"})
    assert request_workflow.award_bids(SYSTEM, request["id"], bid_ids=chosen.bid_ids).go == "settle"
    assert done("GET", f"/bid-requests/{request['id']}")["status"] == "no_bids"


def test_a_manager_is_asked_about_who_is_left_then() -> None:
    trip, one, two = booked()["id"], vendor("One", is_preferred=True), vendor("Two")
    request = opened(trip, target_price=2000)
    bid(trip, one, 1000)
    bid(trip, two, 1100)
    closed(request["id"])
    chosen = request_workflow.decide_award(SYSTEM, request["id"])
    vendor_builders.send_request("PATCH", f"/vendors/{one}/status", query={"new_status": "suspended"})
    assert request_workflow.award_bids(SYSTEM, request["id"], bid_ids=chosen.bid_ids).go == "ask"


def test_who_bids_for_what_drivers_of_the_organization_run_then_is_told_so() -> None:
    trip, one = booked()["id"], vendor("One")
    made = bid(trip, one)
    given(trip)
    heard("charter.confirmed", trip)
    lost = done("GET", f"/bids/{made['id']}")
    assert (lost["status"], lost["decision_reason"]) == ("rejected", "The organization runs this trip itself")


def test_a_confirmed_charter_that_lost_a_driver_is_put_out_to_bid() -> None:
    trip, one = booked()["id"], vendor("One")
    assert ask("POST", f"/charters/{trip}/bid-requests", {}).status == 422
    given(trip)
    whole = ask("POST", "/bids", offer(trip), vendor=one)
    assert (whole.status, whole.json()["title"]) == (409, "The charter does not accept bids")
    store.commit(SYSTEM, *coverage.release_assignment_ops(charter_queries.get_charter(SYSTEM, trip), "asg_1"))
    opened(trip, one, sealed=False)
    heard("charter.confirmed", trip)
    accepted(bid(trip, one)["id"])
    known = now_of(trip)
    assert (known["status"], known["vendor_ids"]) == ("confirmed", [one])


def test_a_trip_that_has_left_is_not_awarded() -> None:
    trip, one = booked(), vendor("One")
    made = bid(trip["id"], one)
    leaves = datetime.fromisoformat(trip["starts_at"])
    with clock.frozen(leaves - timedelta(hours=1)):
        done("POST", f"/bids/{made['id']}/withdraw", vendor=one)
        made = bid(trip["id"], one)
    with clock.frozen(leaves):
        refused = ask("POST", f"/bids/{made['id']}/accept", {"decision": "accept"})
        assert (refused.status, refused.json()["detail"]) == (409, "Departure is in the past.")


def test_nobody_is_asked_about_a_trip_that_has_left() -> None:
    trip, one = booked(), vendor("One")
    leaves = datetime.fromisoformat(trip["starts_at"])
    with clock.frozen(leaves - timedelta(hours=30)):
        request = opened(trip["id"], one, hours=20)
        bid(trip["id"], one)
    with clock.frozen(leaves - timedelta(hours=10)):
        closed(request["id"])
        assert ranked(request["id"]).go == "ask"
    with clock.frozen(leaves + timedelta(hours=14)):
        assert request_workflow.decide_award(SYSTEM, request["id"]).go == "settle"
        assert done("GET", f"/bid-requests/{request['id']}")["status"] == "no_bids"


def test_what_nobody_decided_before_the_trip_left_is_not_escalated() -> None:
    trip, one = booked(), vendor("One")
    leaves = datetime.fromisoformat(trip["starts_at"])
    with clock.frozen(leaves - timedelta(hours=30)):
        request = opened(trip["id"], one, hours=20)
        bid(trip["id"], one)
    with clock.frozen(leaves - timedelta(hours=10)):
        closed(request["id"])
        assert request_workflow.escalate(SYSTEM, request["id"]).go == "ask"
    with clock.frozen(leaves + timedelta(hours=14)):
        assert request_workflow.escalate(SYSTEM, request["id"]).go == "settle"
        known = done("GET", f"/bid-requests/{request['id']}")
    assert (known["status"], known["status_reason"]) == ("no_bids", "Nobody decided before the trip left")


def test_papers_hold_through_the_day_on_which_the_trip_ends_where_it_ends() -> None:
    stops = [
        {"address": "1 Market St, San Francisco, CA", "latitude": 37.79, "longitude": -122.39},
        {"address": "11 Wall St, New York, NY", "latitude": 40.71, "longitude": -74.01},
    ]
    # It ends at ten in the evening of the 5th in San Francisco, which is one in the morning of the 6th in New York.
    stops[0] |= {"timezone": "America/Los_Angeles", "estimated_departure": "2027-03-03T06:00:00-08:00"}
    stops[1] |= {"timezone": "America/New_York", "estimated_arrival": "2027-03-06T01:00:00-05:00"}
    trip = charter(stops=stops, trip_type="multi_day", requires_second_driver=True, miles=2900)["id"]
    area = {"service_states": ["CA"]}
    short, long = vendor("Short", until=date(2027, 3, 5), **area), vendor("Long", until=date(2027, 3, 6), **area)
    refused = ask("POST", "/bids", offer(trip), vendor=short)
    assert (refused.status, "expired on 2027-03-06" in refused.text) == (409, True)
    made = bid(trip, long)
    assert accepted(made["id"])["payout_date"] == "2027-04-05"


def test_a_bid_holds_72_hours_from_a_deadline_that_was_moved() -> None:
    trip, one = booked()["id"], vendor("One", is_preferred=True)
    request = opened(trip, one, hours=24, target_price=2000)
    made = bid(trip, one, 1000)
    later = datetime.fromisoformat(request["deadline"]) + timedelta(hours=100)
    done("POST", f"/bid-requests/{request['id']}/extend", {"deadline": later.isoformat()})
    assert datetime.fromisoformat(done("GET", f"/bids/{made['id']}")["valid_until"]) == later + timedelta(hours=72)
    with clock.frozen(later):
        closed(request["id"])
        assert ranked(request["id"]).go == "settle"
    assert done("GET", f"/bids/{made['id']}")["status"] == "accepted"


def test_who_bid_in_vain_is_asked_again_when_the_request_is_opened_anew() -> None:
    trip, one, two, three = booked()["id"], vendor("One"), vendor("Two"), vendor("Three")
    request = opened(trip, one, two, three)
    made = bid(trip, one)
    kept = {each.vendor_id: each for each in requests.list_invitations(ORG, request["id"])}
    invitations.decline_invitation(SYSTEM, kept[two], requests.get(SYSTEM, request["id"]), "No coach")
    closed(request["id"])
    assert ranked(request["id"]).go == "ask"
    request_workflow.escalate(SYSTEM, request["id"])
    request_workflow.expire_decision(SYSTEM, request["id"])
    request_workflow.reject_losers(SYSTEM, request["id"])
    assert done("GET", f"/bids/{made['id']}")["status"] == "rejected"
    done("POST", f"/bid-requests/{request['id']}/extend", {"deadline": (clock.now() + timedelta(hours=48)).isoformat()})
    for _ in range(2):
        invitations.invite(SYSTEM, request["id"])
    asked = {each.vendor_id: _asked(each) for each in requests.list_invitations(ORG, request["id"])}
    assert asked == {one: 2, two: 1, three: 2}
    mine = done("GET", f"/bid-requests/{request['id']}", vendor=one)
    assert (mine["is_accepted"], mine["bid_id"], mine["status"]) == (None, None, "open")
    assert done("GET", f"/bid-requests/{request['id']}")["escalated_at"] is None
    assert bid(trip, one, 900)["status"] == "submitted"


def _asked(invitation: Invitation) -> int:
    return [each.type for each in store.history(invitation.key())].count("bidding.invited")


def test_whose_bid_may_still_win_is_not_asked_again() -> None:
    trip, one = booked()["id"], vendor("One")
    request = opened(trip, one)
    bid(trip, one)
    closed(request["id"])
    request_workflow.expire_decision(SYSTEM, request["id"])
    done("POST", f"/bid-requests/{request['id']}/extend", {"deadline": (clock.now() + timedelta(hours=48)).isoformat()})
    invitations.invite(SYSTEM, request["id"])
    assert [_asked(each) for each in requests.list_invitations(ORG, request["id"])] == [1]
    assert (award.reject_remaining_bids(SYSTEM, trip), expiry_job.run().expired) == (0, 0)
