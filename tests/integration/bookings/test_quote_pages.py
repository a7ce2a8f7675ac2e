"""Routes of the quote page and the itinerary."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from coachway.billing.refunds.trip_payments import find_refundable_amount
from coachway.bookings.charters import lifecycle
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters import service as charter_service
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.status_schemas import CancelInput
from coachway.bookings.charters.trip_model import CHARTER_EXAMPLE, CharterInput
from coachway.bookings.quotes import links as quote_links
from coachway.bookings.quotes.links import SendQuoteInput, SentQuote
from coachway.clients.model import Client
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.core.runtime import clock
from coachway.core.schemas import PartialUpdate
from coachway.pricing import rule_service
from coachway.pricing.rule_model import RuleInput
from tests.integration.client import Reply, call, token_for
from tests.unit.bookings.builders import CLIENT, ORG_ID, ORGANIZATION
from tools.function_modules import load

pages = load("bookings", "quote_page")
STAFF = Caller(org_id=ORG_ID, user_id="usr_1", permissions=frozenset({"charters:write"}))
ACCEPT_FORM = {"revision_number": "1", "accepted_by": "Dana Lee", "agreed": "true"}


@pytest.fixture
def charter() -> Charter:
    """A charter of an organization's client."""
    store.commit(STAFF, Create(ORGANIZATION.model_copy()), Create(Client.model_validate(CLIENT.model_dump())))
    rule_service.create_rule(STAFF, RuleInput(name="Mile", rule_type="mileage_rate", amount=5_00))
    return charter_service.create_charter(
        STAFF, CharterInput.model_validate({**CHARTER_EXAMPLE, "client_id": CLIENT.id})
    )


@pytest.fixture
def sent(charter: Charter) -> SentQuote:
    """The link of the charter's sent quote."""
    return quote_links.send_quote(STAFF, charter.id, SendQuoteInput())


def get(token: str) -> Reply:
    return call(pages.api, "GET", f"/pages/quotes/{token}")


def post(token: str, action: str, form: dict[str, str]) -> Reply:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return call(pages.api, "POST", f"/pages/quotes/{token}/{action}", raw=urlencode(form).encode(), headers=headers)


def test_quote_page_of_open_quote_has_answer_forms(charter: Charter, sent: SentQuote) -> None:
    page = get(sent.token)
    assert page.status == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert f'action="{sent.token}/accept"' in page.text
    assert charter.number in page.text
    assert "Acme Events" in page.text


def test_accept_form_books_and_redirects(charter: Charter, sent: SentQuote) -> None:
    response = post(sent.token, "accept", ACCEPT_FORM)
    assert (response.status, response.headers["Location"]) == (303, f"../{sent.token}")
    assert "Your trip is booked" in get(sent.token).text
    assert charter_queries.get_charter(STAFF, charter.id).accepted_by == "Dana Lee"


def test_second_answer_shows_first_answer(sent: SentQuote) -> None:
    post(sent.token, "accept", ACCEPT_FORM)
    reply = post(sent.token, "decline", {"revision_number": "1", "reason": ""})
    assert reply.status == 409
    assert "Your trip is booked" in reply.text


def test_decline_form_stores_reason(charter: Charter, sent: SentQuote) -> None:
    assert post(sent.token, "decline", {"revision_number": "1", "reason": "The date moved."}).status == 303
    declined = charter_queries.get_charter(STAFF, charter.id)
    assert (declined.status, declined.status_reason) == ("declined", "The date moved.")


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({**ACCEPT_FORM, "accepted_by": "  "}, "Enter your name."),
        ({key: value for key, value in ACCEPT_FORM.items() if key != "agreed"}, "Check the box to accept."),
    ],
)
def test_incomplete_form_is_shown_again(sent: SentQuote, form: dict[str, str], message: str) -> None:
    page = post(sent.token, "accept", form)
    assert page.status == 422
    assert message in page.text
    assert 'action="accept"' in page.text


def test_invalid_form_shows_error_page(sent: SentQuote) -> None:
    page = post(sent.token, "accept", {**ACCEPT_FORM, "revision_number": "one"})
    assert page.status == 422
    assert page.headers["Content-Type"].startswith("text/html")


def test_link_of_edited_quote_says_that_it_is_being_revised_until_sent_again(charter: Charter, sent: SentQuote) -> None:
    charter_service.update_charter(STAFF, charter.id, PartialUpdate({"passengers": 44}), None)
    for page in (get(sent.token), post(sent.token, "accept", ACCEPT_FORM)):
        assert page.status == 404
        assert "This quote is being revised" in page.text
        assert "latest message" not in page.text
        assert 'href="tel:+12125550100"' in page.text
        assert 'href="mailto:hello@harbor.example"' in page.text
        assert charter.number not in page.text
    newer = quote_links.send_quote(STAFF, charter.id, SendQuoteInput())
    assert get(newer.token).status == 200
    replaced = get(sent.token)
    assert (replaced.status, "This link was replaced" in replaced.text) == (404, True)
    assert "latest message" in replaced.text
    charter_service.update_charter(STAFF, charter.id, PartialUpdate({"passengers": 45}), None)
    for token in (sent.token, newer.token):
        assert "This quote is being revised" in get(token).text


def test_link_of_edited_quote_that_was_cancelled_says_so_without_the_trip(charter: Charter, sent: SentQuote) -> None:
    charter_service.update_charter(STAFF, charter.id, PartialUpdate({"passengers": 44}), None)
    lifecycle.cancel(STAFF, charter.id, CancelInput(), preview=False, find_refundable_amount=find_refundable_amount)
    for page in (get(sent.token), post(sent.token, "accept", ACCEPT_FORM)):
        assert "This quote was withdrawn" in page.text
        assert "The trip was cancelled." in page.text
        assert 'href="tel:+12125550100"' in page.text
        for detail in (charter.number, "Wall St", "Passengers", "latest message"):
            assert detail not in page.text


def test_link_of_deleted_quote_shows_contact_of_organization(charter: Charter, sent: SentQuote) -> None:
    charter_service.delete_charter(STAFF, charter.id, None)
    page = get(sent.token)
    assert page.status == 404
    assert "This link does not work" in page.text
    for contact in ("Harbor Coach", 'href="tel:+12125550100"', 'href="mailto:hello@harbor.example"'):
        assert contact in page.text


def test_quote_page_of_expired_quote_shows_expiry(sent: SentQuote) -> None:
    with clock.frozen(sent.expires_at + timedelta(seconds=1)):
        assert "This quote has expired" in get(sent.token).text
        assert post(sent.token, "accept", ACCEPT_FORM).status == 409


@pytest.mark.parametrize("token", ["x", "A" * 86, "%00", "A" * 500])
def test_quote_page_of_forged_token_is_not_found(token: str) -> None:
    page = get(token)
    assert page.status == 404
    assert "This link does not work" in page.text
    assert "ask us" not in page.text


def test_itinerary_requires_read_permission(charter: Charter) -> None:
    path = f"/api/v1/charters/{charter.id}/itinerary.pdf"
    assert call(pages.api, "GET", path).status == 401
    assert call(pages.api, "GET", path, token=token_for("clients:read", org_id=ORG_ID)).status == 403
    other = token_for("charters:read", org_id="org_01JQAAAAAAAAAAAAAAAAAAAAAA")
    assert call(pages.api, "GET", path, token=other).status == 404
    reply = call(pages.api, "GET", path, token=token_for("charters:read", org_id=ORG_ID))
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/pdf")
