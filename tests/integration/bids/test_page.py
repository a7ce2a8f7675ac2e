"""The page of an invitation to bid, and its forms, on the table in memory."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from coachway.bids.awards import rejection
from coachway.bids.requests import consumers as request_consumers
from coachway.bids.requests.invitation_links import PURPOSE
from coachway.bookings.charters import queries as charter_queries
from coachway.core import store
from coachway.core.auth import signed_links
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.party_reference import VENDOR
from coachway.core.persistence.operations import Update
from coachway.core.schemas import PartialUpdate
from coachway.vendors import service as vendors
from tests.integration.bids.builders import (
    SYSTEM,
    assign_own_driver,
    bid_body,
    close_bid_request,
    create_booked_charter,
    create_organizations,
    create_vendor,
    deliver_charter_event,
    list_invitations,
    open_bid_request,
    send_ok,
    send_request,
)
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.client import Reply, call
from tools.function_modules import load

page_api = load("bids", "vendor_page").api
FORM = {"quoted_price": "$1,250.50", "passenger_capacity": "56"}


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organizations()


class InvitedVendor:
    """A vendor with the link of its invitation to bid for a charter."""

    def __init__(self, **charter_fields: object) -> None:
        self.vendor_id = create_vendor("Premium")
        self.charter_id = create_booked_charter(**charter_fields)["id"]
        self.request_id = str(open_bid_request(self.charter_id, self.vendor_id)["id"])
        self.token = self.build_token()

    def build_token(self) -> str:
        """The token of its current link."""
        [invitation] = list_invitations(self.request_id)
        return signed_links.create_link_token(PURPOSE, ORG, invitation.id, invitation.nonce)

    def get_page(self) -> str:
        reply = call(page_api, "GET", f"/pages/bids/{self.token}")
        assert reply.status == 200, reply.text
        return reply.text

    def post(self, action: str, **form: str) -> Reply:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        path = f"/pages/bids/{self.token}/{action}"
        return call(page_api, "POST", path, raw=urlencode(form).encode(), headers=headers)

    def list_bids(self) -> list[tuple[str, int]]:
        """The status and the number of vehicles of each of its bids, newest first."""
        bids = send_ok("GET", "/bids", vendor_id=self.vendor_id)["items"]
        return [(bid["status"], bid["vehicle_count"]) for bid in bids]


def test_bid_form_twice_redirects_and_creates_one_bid() -> None:
    vendor = InvitedVendor()
    assert [vendor.post("bid", **FORM).status for _ in range(2)] == [303, 303]
    assert vendor.list_bids() == [("submitted", 1)]
    assert "Your bid was submitted" in vendor.get_page()


def test_bid_form_with_another_price_after_a_bid_returns_409() -> None:
    vendor = InvitedVendor()
    vendor.post("bid", **FORM)
    reply = vendor.post("bid", **{**FORM, "quoted_price": "900"})
    assert (reply.status, "You have already bid $1,250.50" in reply.text) == (409, True)
    assert vendor.list_bids() == [("submitted", 1)]


def test_withdraw_form_allows_another_bid() -> None:
    vendor = InvitedVendor()
    assert vendor.post("withdraw").status == 409
    vendor.post("bid", **{**FORM, "quoted_price": "125"})
    assert 'action="' + vendor.token + '/withdraw"' in vendor.get_page()
    assert vendor.post("withdraw").status == 303
    assert vendor.post("withdraw").status == 409
    assert "Submit bid" in vendor.get_page()
    assert vendor.post("bid", **FORM).status == 303
    assert vendor.list_bids() == [("submitted", 1), ("withdrawn", 1)]


def test_page_of_an_accepted_bid_has_no_withdraw_form_and_shows_a_cancellation() -> None:
    vendor = InvitedVendor()
    vendor.post("bid", **FORM)
    close_bid_request(vendor.request_id)
    [bid] = send_ok("GET", "/bids")["items"]
    send_ok("POST", f"/bids/{bid['id']}/accept", {"decision": "accept"})
    page = vendor.get_page()
    assert ("You run this trip for $1,250.50" in page, "/withdraw" in page) == (True, False)
    assert vendor.post("withdraw").status == 409
    booking_builders.send_request("POST", f"/charters/{vendor.charter_id}/cancel", {"reason": "off"})
    deliver_charter_event("charter.cancelled", vendor.charter_id)
    page = vendor.get_page()
    assert "Your award was cancelled" in page
    assert "do not send a vehicle. The charter was cancelled." in page
    assert "off" not in page.split("<main", 1)[1].replace("dropoff", "").replace("Drop-off", "").lower().split()


def test_page_after_the_trip_was_changed_takes_another_bid() -> None:
    vendor = InvitedVendor()
    vendor.post("bid", **FORM)
    rejection.reject_outdated_bids(SYSTEM, vendor.charter_id)
    assert vendor.list_bids() == [("submitted", 1)]
    charter = charter_queries.get_charter(SYSTEM, vendor.charter_id)
    store.commit(SYSTEM, Update(charter, charter.model_copy(update={"revision_number": 2})))
    rejection.reject_outdated_bids(SYSTEM, vendor.charter_id)
    page = vendor.get_page()
    assert "The trip was changed; please bid again" in page
    assert "Submit bid" in page
    assert vendor.post("bid", **FORM).status == 303
    assert vendor.list_bids() == [("submitted", 1), ("rejected", 1)]


def test_bid_form_with_an_existing_draft_returns_409() -> None:
    vendor = InvitedVendor()
    send_ok("POST", "/bids", bid_body(vendor.charter_id), vendor_id=vendor.vendor_id)
    reply = vendor.post("bid", **FORM)
    assert (reply.status, "has a draft bid" in reply.text) == (409, True)


def test_page_asks_for_the_vehicles_without_a_vendor_or_driver() -> None:
    vendor = InvitedVendor(vehicle_count=3, passengers=120)
    assign_own_driver(vendor.charter_id)
    assert "For how many of the 2 vehicles" in vendor.get_page()
    assert "Enter a number from 1 to 2." in vendor.post("bid", **FORM, vehicle_count="3").text
    assert vendor.post("bid", **FORM).status == 303
    assert vendor.list_bids() == [("submitted", 2)]


def test_page_of_a_closed_request_shows_only_the_revision_that_the_vendor_has_bid_for() -> None:
    vendor = InvitedVendor()
    vendor.post("bid", **FORM)
    close_bid_request(vendor.request_id)
    assert "Wall St" in vendor.get_page()
    charter = charter_queries.get_charter(booking_builders.STAFF, vendor.charter_id)
    store.commit(booking_builders.STAFF, Update(charter, charter.model_copy(update={"revision_number": 2})))
    page = vendor.get_page()
    assert ("Wall St" in page, "Passengers" in page) == (False, False)


def test_forms_after_the_deadline_return_409() -> None:
    vendor = InvitedVendor()
    close_bid_request(vendor.request_id)
    page = vendor.get_page()
    assert ("Bidding is closed" in page, "The trip" in page, "Wall St" in page) == (True, False, False)
    reply = vendor.post("bid", **FORM)
    assert (reply.status, "This bid request is closed" in reply.text) == (409, True)
    assert vendor.post("decline", reason="No").status == 409
    assert send_request("GET", "/bids").json()["items"] == []


def test_bid_form_after_declining_is_accepted() -> None:
    vendor = InvitedVendor()
    assert vendor.post("decline", reason="No coach").status == 303
    assert "You declined" in vendor.get_page()
    assert vendor.post("bid", **FORM).status == 303
    assert vendor.post("decline", reason="No coach").status == 409
    assert vendor.list_bids() == [("submitted", 1)]


def change_vendor_email(vendor_id: str, email: str) -> None:
    """Change a vendor's email, and deliver the event twice to the consumers of bids."""
    vendors.update_vendor(SYSTEM, vendor_id, PartialUpdate({"primary_email": email}), None)
    event = store.list_history(VENDOR.key(org=ORG, id=vendor_id))[-1]
    delivery = Delivery(
        event_id="e", type=event.type, org_id=ORG, aggregate_id=vendor_id, correlation_id="c", data=event.data
    )
    for _ in range(2):
        request_consumers.CONSUMERS[event.type](SYSTEM, delivery)


def list_recipients(vendor: InvitedVendor) -> list[str]:
    """The email addresses to which the vendor's invitation was sent."""
    [invitation] = list_invitations(vendor.request_id)
    events = [event for event in store.list_history(invitation.key()) if event.type == "bidding.invited"]
    return [event.data["vendor_email"] for event in events]


def test_corrected_email_of_vendor_voids_the_link_and_sends_the_open_invitation_again_once() -> None:
    vendor = InvitedVendor()
    [previous] = list_recipients(vendor)
    change_vendor_email(vendor.vendor_id, previous.upper())
    assert "Submit bid" in vendor.get_page()
    change_vendor_email(vendor.vendor_id, "dispatch@premium.example")
    replaced = call(page_api, "GET", f"/pages/bids/{vendor.token}")
    assert (replaced.status, "If you have received a later message" in replaced.text) == (404, True)
    assert vendor.post("bid", **FORM).status == 404
    assert list_recipients(vendor) == [previous, "dispatch@premium.example"]
    vendor.token = vendor.build_token()
    assert vendor.post("bid", **FORM).status == 303


def test_corrected_email_of_vendor_voids_links_without_a_message_after_an_answer_and_after_bidding() -> None:
    answered, closed = InvitedVendor(), InvitedVendor()
    answered.post("bid", **FORM)
    close_bid_request(closed.request_id)
    for vendor in (answered, closed):
        change_vendor_email(vendor.vendor_id, "dispatch@premium.example")
        assert call(page_api, "GET", f"/pages/bids/{vendor.token}").status == 404
        assert len(list_recipients(vendor)) == 1


def test_invitation_of_a_previous_release_is_valid_until_the_email_changes() -> None:
    vendor = InvitedVendor()
    [invitation] = list_invitations(vendor.request_id)
    store.commit(SYSTEM, Update(invitation, invitation.model_copy(update={"vendor_email": ""})))
    assert "Submit bid" in vendor.get_page()
    change_vendor_email(vendor.vendor_id, "dispatch@premium.example")
    assert call(page_api, "GET", f"/pages/bids/{vendor.token}").status == 404
