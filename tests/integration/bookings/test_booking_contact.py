"""The contact of a booking: who receives its messages, and whose link it is."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.bookings.charters.booking_contact import get_driver_contact, load_people
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.quotes import link_replacement
from coachway.clients import contacts
from coachway.clients.model import Client, Contact, ContactInput
from coachway.contracts.bookings import BookingConfirmationSent, CharterBooked, CharterCancelled, QuoteSent
from coachway.contracts.clients import ContactRemoved, ContactUpdated
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Create, Update
from coachway.core.schemas import PartialUpdate
from coachway.core.types import ids
from coachway.erasure.redaction import Redaction
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from tests.integration.bookings.builders import (
    CLIENT_ID,
    ORG,
    STAFF,
    answer_quote,
    change_client_email,
    charter_request,
    create_charter,
    create_organizations,
    send_quote,
    send_request,
    set_status,
)
from tests.integration.client import Reply, call
from tools.function_modules import load

page_api = load("bookings", "quote_page").api
ON_SITE = {"name": "Eli Roe", "phone": "+12125550177"}


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()


def add_contact(name: str = "Dana Lee", email: str | None = "dana@acme.example") -> Contact:
    return contacts.add_contact(STAFF, CLIENT_ID, ContactInput(name=name, email=email, phone="+12125550124"))


def send(charter: dict[str, Any], **fields: Any) -> Reply:
    return send_request("POST", f"/charters/{charter['id']}/send-quote", fields)


def view(token: str) -> Reply:
    return send_request("GET", f"/quotes/{token}", permissions="")


def get_event(charter: dict[str, Any], event: type[Any]) -> Any:
    entries = send_request("GET", f"/charters/{charter['id']}/history").json()["items"]
    return next((each["data"] for each in reversed(entries) if each["type"] == event.TYPE), None)


def deliver(consumer: Any, event_type: str, **data: Any) -> None:
    """Deliver the event of a changed contact twice."""
    fields = {"event_id": ids.ulid(), "aggregate_id": "con", "correlation_id": "c"}
    delivery = Delivery(type=event_type, org_id=ORG, data={"client_id": CLIENT_ID, **data}, **fields)
    for _ in range(2):
        consumer(Caller.system("tests", ORG), delivery)


def change_email(contact: Contact, email: str | None) -> None:
    contacts.update_contact(STAFF, CLIENT_ID, contact.id, PartialUpdate({"email": email}), None)
    deliver(link_replacement.on_contact_updated, ContactUpdated.TYPE, email_changed=True)


def remove(contact: Contact) -> None:
    contacts.remove_contact(STAFF, CLIENT_ID, contact.id, None)
    deliver(link_replacement.on_contact_removed, ContactRemoved.TYPE)


def test_contact_must_be_one_of_the_client() -> None:
    unknown = send_request("POST", "/charters", {**charter_request(), "contact_id": "con_01JQZZZZZZZZZZZZZZZZZZZZZZ"})
    assert (unknown.status, unknown.json()["errors"][0]["code"]) == (422, "unknown_contact")
    charter = create_charter()
    for reply in (
        send_request("PUT", f"/charters/{charter['id']}", {"contact_id": "con_01JQZZZZZZZZZZZZZZZZZZZZZZ"}),
        send(charter, contact_id="con_01JQZZZZZZZZZZZZZZZZZZZZZZ"),
    ):
        assert (reply.status, reply.json()["errors"][0]["code"]) == (422, "unknown_contact")


def test_quote_is_sent_to_the_contact_with_copies_and_message() -> None:
    contact = add_contact()
    charter = create_charter()
    cc = ["office@acme.example", "OFFICE@acme.example", "dana@acme.example"]
    reply = send(charter, contact_id=contact.id, cc=cc, message="Thank you.\nSee you soon.")
    assert reply.status == 200, reply.text
    event = get_event(charter, QuoteSent)
    assert (event["contact_name"], event["contact_email"]) == ("Dana Lee", "dana@acme.example")
    assert (event["cc"], event["message"]) == (["office@acme.example"], "Thank you.\nSee you soon.")
    assert send_request("GET", f"/charters/{charter['id']}").json()["contact_id"] == contact.id
    page = call(page_api, "GET", f"/pages/quotes/{reply.json()['token']}")
    assert "Dana Lee, Acme Events" in page.text


def test_later_messages_of_the_booking_go_to_the_contact() -> None:
    charter = create_charter(contact_id=add_contact().id)
    assert answer_quote(send_quote(charter["id"])).json()["status"] == "booked"
    assert get_event(charter, CharterBooked)["contact_email"] == "dana@acme.example"
    send_request("POST", f"/charters/{charter['id']}/cancel", {"initiated_by": "operator"})
    assert get_event(charter, CharterCancelled)["contact_name"] == "Dana Lee"


@pytest.mark.parametrize(
    "fields",
    [
        {"cc": ["not an address"]},
        {"cc": ["a@acme.example\r\nBcc: b@acme.example"]},
        {"cc": [f"a{number}@acme.example" for number in range(6)]},
        {"message": "x" * 1001},
        {"message": "\x00"},
        {"contact_id": "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S"},
    ],
)
def test_invalid_recipients_and_messages_are_refused(fields: dict[str, Any]) -> None:
    charter = create_charter()
    assert send(charter, **fields).status == 422
    assert get_event(charter, QuoteSent) is None


def test_contact_without_email_leaves_the_quote_to_the_client() -> None:
    charter = create_charter()
    token = send(charter, contact_id=add_contact(email=None).id).json()["token"]
    assert get_event(charter, QuoteSent)["contact_email"] == ""
    assert view(token).status == 200
    change_client_email("new@acme.example")
    assert view(token).status == 404


def test_link_of_a_contact_does_not_depend_on_the_email_of_the_client() -> None:
    charter = create_charter(contact_id=add_contact().id)
    token = send_quote(charter["id"])
    change_client_email("new@acme.example")
    assert view(token).status == 200


def test_link_of_a_contact_is_replaced_when_the_email_of_the_contact_changes() -> None:
    contact = add_contact()
    charter = create_charter(contact_id=contact.id)
    token = send_quote(charter["id"])
    change_email(contact, "dana.lee@acme.example")
    assert view(token).status == 404
    assert get_event(charter, QuoteSent)["contact_email"] == "dana.lee@acme.example"


def test_link_of_a_removed_contact_is_sent_to_the_client() -> None:
    contact = add_contact()
    booked, quoted = (create_charter(contact_id=contact.id) for _ in range(2))
    tokens = [send_quote(each["id"]) for each in (booked, quoted)]
    answer_quote(tokens[0])
    remove(contact)
    assert [view(token).status for token in tokens] == [404, 404]
    sent, confirmed = get_event(quoted, QuoteSent), get_event(booked, BookingConfirmationSent)
    assert (sent["contact_email"], sent["client_email"]) == ("", "e@acme.example")
    assert (confirmed["contact_email"], confirmed["client_email"]) == ("", "e@acme.example")


def test_copies_count_for_an_unconfirmed_organization() -> None:
    organization = store.get(Organization, ORGANIZATIONS.key(org=ORG))
    store.commit(STAFF, Update(organization, organization.model_copy(update={"is_confirmed": False})))
    charter = create_charter()
    refused = send(charter, cc=[f"a{number}@acme.example" for number in range(5)])
    assert refused.status == 429
    assert get_event(charter, QuoteSent) is None
    assert send(charter, cc=[f"a{number}@acme.example" for number in range(4)]).status == 200
    assert send(charter).status == 429, "all five messages of the day were sent"


def test_change_of_client_removes_the_contact_of_the_other() -> None:
    charter = create_charter(contact_id=add_contact().id)
    other = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6T"
    store.commit(STAFF, Create(Client(id=other, org_id=ORG, name="B", client_type="corporate", email="b@b.example")))
    assert send_request("PUT", f"/charters/{charter['id']}", {"client_id": other}).json()["contact_id"] is None


def test_booked_charter_accepts_another_contact() -> None:
    charter = create_charter()
    set_status(charter["id"], "booked")
    contact = add_contact()
    reply = send_request(
        "PUT", f"/charters/{charter['id']}", {"contact_id": contact.id, "on_site_contact": ON_SITE}
    ).json()
    assert (reply["contact_id"], reply["on_site_contact"], reply["revision_number"]) == (contact.id, ON_SITE, 1)


def test_driver_sees_the_person_on_site_else_the_contact_else_the_client() -> None:
    def find(**fields: Any) -> tuple[str, str | None]:
        charter = store.get(Charter, CHARTER.key(org=ORG, id=create_charter(**fields)["id"]))
        return get_driver_contact(charter, *load_people(charter))

    contact = add_contact()
    assert find(on_site_contact=ON_SITE, contact_id=contact.id) == ("Eli Roe", "+12125550177")
    assert find(contact_id=contact.id) == ("Dana Lee", "+12125550124")
    assert find() == ("Acme Events", None)


def test_erasure_clears_the_person_on_site() -> None:
    charter = store.get(Charter, CHARTER.key(org=ORG, id=create_charter(on_site_contact=ON_SITE)["id"]))
    assert Redaction(CLIENT_ID).redact_record(charter).on_site_contact is None


def test_clone_has_the_contact_unless_it_was_removed() -> None:
    contact = add_contact()
    path = f"/charters/{create_charter(contact_id=contact.id)['id']}/clone"
    assert send_request("POST", path, {}).json()["contact_id"] == contact.id
    remove(contact)
    assert send_request("POST", path, {}).json()["contact_id"] is None
