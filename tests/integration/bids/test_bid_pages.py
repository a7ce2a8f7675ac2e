"""The page of an invitation: what a vendor sees of it in every state, and what comes of its forms."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from coachway.bids.awards import award
from coachway.bids.requests import consumers as request_consumers
from coachway.bids.requests import service as requests
from coachway.bids.requests.invitation_links import PURPOSE
from coachway.bookings.charters import coverage
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import VehicleCoverage
from coachway.core import store
from coachway.core.auth import signed_links
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Update
from tests.entries import load
from tests.integration.bids.office import SYSTEM, ask, booked, closed, done, found, offer, opened, vendor
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.client import Reply, call

api = load("bids", "vendor_page").api
FORM = {"quoted_price": "$1,250.50", "passenger_capacity": "56"}


@pytest.fixture(autouse=True)
def organization() -> None:
    found()


class Invited:
    """A vendor with the link of its invitation."""

    def __init__(self, **trip: object) -> None:
        self.vendor_id, self.charter = vendor("Premium"), booked(**trip)["id"]
        self.request = self.opened()

    def opened(self) -> str:
        request = opened(self.charter, self.vendor_id)["id"]
        [invitation] = requests.list_invitations(ORG, request)
        self.token = signed_links.create_link_token(PURPOSE, ORG, invitation.id, invitation.nonce)
        return str(request)

    def look(self) -> str:
        page = call(api, "GET", f"/pages/bids/{self.token}")
        assert page.status == 200, page.text
        return page.text

    def post(self, what: str, **form: str) -> Reply:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return call(api, "POST", f"/pages/bids/{self.token}/{what}", raw=urlencode(form).encode(), headers=headers)

    def bids(self) -> list[tuple[str, int]]:
        found = done("GET", "/bids", vendor=self.vendor_id)["items"]
        return [(each["status"], each["vehicle_count"]) for each in found]


def test_a_second_tap_sees_what_the_first_saw() -> None:
    invited = Invited()
    assert [invited.post("bid", **FORM).status for _ in range(2)] == [303, 303]
    assert invited.bids() == [("submitted", 1)]
    assert "Your bid is in" in invited.look()


def test_another_bid_beside_the_first_is_not_taken_and_told_so() -> None:
    invited = Invited()
    invited.post("bid", **FORM)
    second = invited.post("bid", **{**FORM, "quoted_price": "900"})
    assert (second.status, "You have bid $1,250.50 already" in second.text) == (409, True)
    assert invited.bids() == [("submitted", 1)]


def test_a_bid_that_was_wrong_is_withdrawn_and_made_anew() -> None:
    invited = Invited()
    assert invited.post("withdraw").status == 409
    invited.post("bid", **{**FORM, "quoted_price": "125"})
    assert 'action="' + invited.token + '/withdraw"' in invited.look()
    assert invited.post("withdraw").status == 303
    assert invited.post("withdraw").status == 409
    assert "Send the bid" in invited.look()
    assert invited.post("bid", **FORM).status == 303
    assert invited.bids() == [("submitted", 1), ("withdrawn", 1)]


def test_what_was_decided_is_not_withdrawn() -> None:
    invited = Invited()
    invited.post("bid", **FORM)
    closed(invited.request)
    [bid] = done("GET", "/bids")["items"]
    done("POST", f"/bids/{bid['id']}/accept", {"decision": "accept"})
    page = invited.look()
    assert ("You run this trip for $1,250.50" in page, "/withdraw" in page) == (True, False)
    assert invited.post("withdraw").status == 409
    booking_builders.ask("POST", f"/charters/{invited.charter}/cancel", {"reason": "off"})
    said = {"event_id": "e", "type": "charter.cancelled", "org_id": ORG, "aggregate_id": invited.charter}
    request_consumers.on_charter_cancelled(SYSTEM, Delivery(**said, correlation_id="c", data={}))
    page = invited.look()
    assert "This job is called off" in page
    assert "do not send a vehicle: The charter was cancelled." in page


def test_who_bid_for_a_trip_that_was_changed_since_bids_anew() -> None:
    invited = Invited()
    invited.post("bid", **FORM)
    award.reject_outdated_bids(SYSTEM, invited.charter)
    assert invited.bids() == [("submitted", 1)]
    before = charter_queries.get_charter(SYSTEM, invited.charter)
    store.commit(SYSTEM, Update(before, before.model_copy(update={"revision_number": 2})))
    award.reject_outdated_bids(SYSTEM, invited.charter)
    page = invited.look()
    assert "The trip was changed: please bid anew" in page
    assert "Send the bid" in page
    assert invited.post("bid", **FORM).status == 303
    assert invited.bids() == [("submitted", 1), ("rejected", 1)]


def test_a_bid_that_was_begun_elsewhere_is_named() -> None:
    invited = Invited()
    done("POST", "/bids", offer(invited.charter), vendor=invited.vendor_id)
    refused = invited.post("bid", **FORM)
    assert (refused.status, "was begun elsewhere" in refused.text) == (409, True)


def test_the_page_asks_for_the_vehicles_that_nobody_runs_yet() -> None:
    invited = Invited(vehicle_count=3, passengers=120)
    own = VehicleCoverage(vehicle=1, assignment_id="asg_1", driver_id="drv_1")
    store.commit(
        SYSTEM, *coverage.cover_ops(SYSTEM, charter_queries.get_charter(SYSTEM, invited.charter), [own], "assigned")
    )
    assert "For how many of the 2 vehicles" in invited.look()
    assert "Enter a number from 1 to 2." in invited.post("bid", **FORM, vehicle_count="3").text
    assert invited.post("bid", **FORM).status == 303
    assert invited.bids() == [("submitted", 2)]


def test_after_the_deadline_the_page_takes_nothing() -> None:
    invited = Invited()
    closed(invited.request)
    assert "Bidding is closed" in invited.look()
    late = invited.post("bid", **FORM)
    assert (late.status, "This bid request is closed" in late.text) == (409, True)
    assert invited.post("decline", reason="No").status == 409
    assert ask("GET", "/bids").json()["items"] == []


def test_a_page_that_was_opened_anew_takes_a_bid_again() -> None:
    invited = Invited()
    assert invited.post("decline", reason="No coach").status == 303
    assert "You declined" in invited.look()
    assert invited.post("bid", **FORM).status == 303
    assert invited.post("decline", reason="No coach").status == 409
    assert invited.bids() == [("submitted", 1)]
