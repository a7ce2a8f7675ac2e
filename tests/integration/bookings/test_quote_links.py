"""Quote links: revisions, replaced links and corrected addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.bookings.charters.quote_link import LINK, PURPOSE, QuoteLink
from coachway.bookings.quotes import links as quote_links
from coachway.clients.model import Client, ClientStatus
from coachway.core import store
from coachway.core.auth import signed_links
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Update
from tests.integration.bookings.builders import (
    CLIENT_ID,
    ORG,
    STAFF,
    answer_quote,
    change_client_email,
    create_charter,
    create_organizations,
    get_quote_status,
    list_event_types,
    send_quote,
    send_request,
    set_status,
)

NOW = datetime(2027, 2, 20, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()


def test_new_revision_invalidates_old_link() -> None:
    charter = create_charter()
    old = send_quote(charter["id"])
    assert send_request("PUT", f"/charters/{charter['id']}", {"passengers": 41}).json()["revision_number"] == 2
    gone = send_request("GET", f"/quotes/{old}", permissions="")
    assert (gone.status, gone.json()["code"]) == (404, "quote_being_revised")
    assert answer_quote(old).status == 409
    assert answer_quote(old, revision=2).status == 409
    assert get_quote_status(charter) == "superseded"
    new = send_quote(charter["id"])
    assert send_request("GET", f"/quotes/{old}", permissions="").json()["code"] == "quote_link_replaced"
    assert answer_quote(old, revision=2).status == 409
    assert answer_quote(new, revision=2).json()["status"] == "booked"


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        ("cancelled", "The trip was cancelled."),
        ("declined", "The quote was declined."),
        ("expired", "The quote has expired. Ask us for a new one."),
    ],
)
def test_link_of_a_revision_that_was_never_sent_says_only_how_it_ended(status: str, detail: str) -> None:
    charter = create_charter()
    token = send_quote(charter["id"])
    send_request("PUT", f"/charters/{charter['id']}", {"passengers": 41})
    assert set_status(charter["id"], status).status == 200
    withdrawn = send_request("GET", f"/quotes/{token}", permissions="")
    assert (withdrawn.status, withdrawn.json()["code"], withdrawn.json()["detail"]) == (404, "quote_withdrawn", detail)
    assert charter["number"] not in withdrawn.text
    for revision in (1, 2):
        answer = answer_quote(token, revision=revision)
        assert (answer.status, answer.json()["code"], answer.json()["detail"]) == (
            409,
            "quote_already_answered",
            detail,
        )


@pytest.mark.parametrize("status", ["cancelled", "declined", "expired"])
def test_link_of_the_revision_that_was_sent_shows_it_after_its_end(status: str) -> None:
    charter = create_charter()
    token = send_quote(charter["id"])
    set_status(charter["id"], status)
    view = send_request("GET", f"/quotes/{token}", permissions="").json()
    assert (view["status"], view["revision_number"]) == (status, 1)


def test_link_shows_a_revision_that_was_never_sent_from_its_booking_on() -> None:
    charter = create_charter()
    token = send_quote(charter["id"])
    send_request("PUT", f"/charters/{charter['id']}", {"passengers": 41})
    for status in ("booked", "cancelled"):
        set_status(charter["id"], status)
        view = send_request("GET", f"/quotes/{token}", permissions="").json()
        assert (view["status"], view["revision_number"]) == (status, 2)


def test_send_quote_again_replaces_link() -> None:
    charter = create_charter()
    first, second = send_quote(charter["id"]), send_quote(charter["id"])
    assert answer_quote(first).status == 409
    assert answer_quote(second).status == 200


def build_link_token(charter_id: str) -> str:
    """The token of the current link to a charter's quote."""
    link = store.get(QuoteLink, LINK.key(org=ORG, charter=charter_id))
    return signed_links.create_link_token(PURPOSE, ORG, charter_id, link.nonce)


def test_corrected_email_voids_the_link_at_once() -> None:
    charter = create_charter()
    link = send_quote(charter["id"])
    client = store.get(Client, CLIENT.key(org=ORG, id=CLIENT_ID))
    store.commit(STAFF, Update(client, client.model_copy(update={"email": "events@acme.example"})))
    assert send_request("GET", f"/quotes/{link}").status == 404
    assert answer_quote(link).status == 409
    assert answer_quote(send_quote(charter["id"])).status == 200


def test_corrected_email_sends_unanswered_quotes_and_confirmations_again_once() -> None:
    sent, unsent, booked = (create_charter()["id"] for _ in range(3))
    links = {charter_id: send_quote(charter_id) for charter_id in (sent, booked)}
    answer_quote(links[booked])
    expiry = quote_links.open_link(links[sent]).link.expires
    change_client_email("e@ACME.example")
    assert {build_link_token(charter_id) for charter_id in links} == set(links.values())
    change_client_email("events@acme.example")
    for link in links.values():
        assert send_request("GET", f"/quotes/{link}").json()["code"] == "quote_link_replaced"
    assert [list_event_types(each).count("quote.sent") for each in (sent, unsent, booked)] == [2, 0, 1]
    confirmations = [list_event_types(each).count("charter.confirmation_sent") for each in (sent, unsent, booked)]
    assert confirmations == [0, 0, 1]
    assert quote_links.open_link(build_link_token(booked)).charter.id == booked
    assert quote_links.open_link(build_link_token(sent)).link.expires == expiry
    change_client_email("e@acme.example")
    assert send_request("GET", f"/quotes/{links[sent]}").status == 404
    assert answer_quote(build_link_token(sent)).status == 200


def test_corrected_email_of_a_quote_that_cannot_be_sent_only_ends_its_link() -> None:
    charter = create_charter()
    link = send_quote(charter["id"])
    client = store.get(Client, CLIENT.key(org=ORG, id=CLIENT_ID))
    store.commit(STAFF, Update(client, client.model_copy(update={"status": ClientStatus.INACTIVE})))
    change_client_email("events@acme.example")
    assert send_request("GET", f"/quotes/{link}").status == 404
    assert list_event_types(charter["id"]).count("quote.sent") == 1
