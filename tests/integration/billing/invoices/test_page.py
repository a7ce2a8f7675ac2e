from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from coachway.billing.invoices import link_replacement
from coachway.billing.invoices import links as invoice_links
from coachway.billing.invoices import queries as invoices
from coachway.billing.invoices.model import Invoice
from coachway.core import store
from coachway.core.auth import signed_links
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from tests.integration.billing import builders
from tests.integration.billing.builders import create_completed_charter, send_ok
from tests.integration.bookings.builders import ORG, STAFF, change_client_email
from tests.integration.client import Reply, call
from tools.function_modules import load

pages = load("billing", "payment_pages")


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        builders.set_up_organization()
        yield


def issue_invoice() -> Invoice:
    """Issue an invoice, with a stored PDF."""
    draft = send_ok("POST", "/invoices", {"charter_id": create_completed_charter().id})
    send_ok("POST", f"/invoices/{draft['id']}/issue")
    issued = invoices.get_invoice(STAFF, draft["id"])
    stored = issued.model_copy(update={"pdf_key": f"invoices/{issued.id}.pdf"})
    store.commit(STAFF, Update(issued, stored))
    return stored


def build_token(invoice_id: str) -> str:
    """The token of the current link to an invoice."""
    nonce = invoices.get_invoice(STAFF, invoice_id).link_nonce
    return signed_links.create_link_token(invoice_links.PURPOSE, ORG, invoice_id, nonce)


@pytest.fixture
def token() -> str:
    """The token of the link to an issued invoice."""
    return build_token(issue_invoice().id)


def list_sent_links(invoice: Invoice) -> list[tuple[str, str]]:
    """The recipient and nonce of each email with the link to an invoice."""
    events = [event for event in store.list_history(invoice.key()) if event.type == "invoice.filed"]
    return [(event.data["client_email"], event.data["link_nonce"]) for event in events]


def post_card_form(token: str, form: dict[str, str]) -> Reply:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return call(pages.api, "POST", f"/pages/invoices/{token}/pay", raw=urlencode(form).encode(), headers=headers)


def test_invoice_page_shows_balance_and_card_form(token: str) -> None:
    page = call(pages.api, "GET", f"/pages/invoices/{token}")
    assert page.status == 200
    assert "INV-2027-HARBOR-00001" in page.text
    assert "<small>Wed, Mar 3, 2027</small><small>11 Wall St" in page.text
    assert f'action="{token}/pay"' in page.text
    assert 'name="card_consent" value="2026-11">' in page.text
    assert "may keep this card and charge it when a payment for my trips is due." in page.text


def test_pay_invoice_without_card_shows_form_again(token: str) -> None:
    page = post_card_form(token, {"amount": "726.50", "paid": "0"})
    assert page.status == 422
    assert "Enter your card" in page.text
    assert 'action="pay"' in page.text


@pytest.mark.parametrize(
    ("path", "body", "banner"),
    [
        ("record-payment", {"amount": 726.50, "method": "check"}, "This invoice is paid"),
        ("void", {"reason": "Duplicate"}, "This invoice is void"),
    ],
)
def test_card_form_of_a_closed_invoice_redirects_to_its_page(path: str, body: dict[str, Any], banner: str) -> None:
    invoice = issue_invoice()
    token = build_token(invoice.id)
    send_ok("POST", f"/invoices/{invoice.id}/{path}", body)
    reply = post_card_form(token, {"amount": "726.50", "paid": "0", "payment_method_id": "pm_card_visa"})
    assert (reply.status, reply.headers["Location"]) == (303, f"../{token}")
    assert banner in call(pages.api, "GET", f"/pages/invoices/{token}").text


def test_invoice_page_rejects_forged_link(token: str) -> None:
    forged = f"{token[:-4]}AAAA"
    assert call(pages.api, "GET", f"/pages/invoices/{forged}").status == 404
    assert post_card_form(forged, {"amount": "726.50", "paid": "0"}).status == 404


def test_corrected_email_voids_the_link_and_sends_the_unpaid_invoice_again_once() -> None:
    invoice, paid = issue_invoice(), issue_invoice()
    send_ok("POST", f"/invoices/{paid.id}/record-payment", {"amount": 726.50, "method": "check"})
    token, paid_token = build_token(invoice.id), build_token(paid.id)
    change_client_email("E@acme.example")
    assert call(pages.api, "GET", f"/pages/invoices/{token}").status == 200
    assert list_sent_links(invoice) == []
    change_client_email("billing@acme.example")
    for old_token in (token, paid_token):
        page = call(pages.api, "GET", f"/pages/invoices/{old_token}")
        assert (page.status, "If you have received a later message" in page.text) == (404, True)
        assert invoice.number not in page.text
    assert post_card_form(token, {"amount": "726.50", "paid": "0"}).status == 404
    renewed = invoices.get_invoice(STAFF, invoice.id)
    assert list_sent_links(invoice) == [("billing@acme.example", renewed.link_nonce)]
    assert list_sent_links(paid) == []
    assert call(pages.api, "GET", f"/pages/invoices/{build_token(invoice.id)}").status == 200
    change_client_email("e@acme.example")
    assert call(pages.api, "GET", f"/pages/invoices/{token}").status == 404


def test_corrected_email_sends_a_limited_number_of_invoices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_replacement, "_MAX_SENT", 1)
    older, newer = issue_invoice(), issue_invoice()
    change_client_email("billing@acme.example")
    assert [len(list_sent_links(each)) for each in (older, newer)] == [0, 1]
    assert invoices.get_invoice(STAFF, older.id).client_email == "billing@acme.example"
