from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from coachway.billing.invoices import links as invoice_links
from coachway.billing.invoices import queries as invoices
from coachway.core.auth import signed_links
from coachway.core.runtime import clock
from tests.integration.billing import builders
from tests.integration.billing.builders import create_completed_charter, send_ok
from tests.integration.bookings.builders import ORG, STAFF
from tests.integration.client import Reply, call
from tools.function_modules import load

pages = load("billing", "payment_pages")


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        builders.set_up_organization()
        yield


@pytest.fixture
def token() -> str:
    """The token of the link to an issued invoice."""
    draft = send_ok("POST", "/invoices", {"charter_id": create_completed_charter().id})
    send_ok("POST", f"/invoices/{draft['id']}/issue")
    return signed_links.create_link_token(
        invoice_links.PURPOSE, ORG, draft["id"], invoices.get_invoice(STAFF, draft["id"]).link_nonce
    )


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


def test_invoice_page_rejects_forged_link(token: str) -> None:
    forged = f"{token[:-4]}AAAA"
    assert call(pages.api, "GET", f"/pages/invoices/{forged}").status == 404
    assert post_card_form(forged, {"amount": "726.50", "paid": "0"}).status == 404
