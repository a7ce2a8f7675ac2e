from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from coachway.billing.invoices import links as invoice_links
from coachway.billing.invoices import service as invoices
from coachway.core.auth import signed_links as tokens
from coachway.core.runtime import clock
from tests.entries import load
from tests.integration.billing import office
from tests.integration.billing.office import completed, done
from tests.integration.bookings.asking import ORG, STAFF
from tests.integration.client import Reply, call

pages = load("billing", "payment_pages")


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        office.found()
        yield


@pytest.fixture
def token() -> str:
    """The link of an invoice that was issued."""
    draft = done("POST", "/invoices", {"charter_id": completed().id})
    done("POST", f"/invoices/{draft['id']}/issue")
    return tokens.create_link_token(
        invoice_links.PURPOSE, ORG, draft["id"], invoices.get(STAFF, draft["id"]).link_nonce
    )


def pay(token: str, form: dict[str, str]) -> Reply:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return call(pages.api, "POST", f"/pages/invoices/{token}/pay", raw=urlencode(form).encode(), headers=headers)


def test_a_page_tells_what_is_due_and_takes_a_card(token: str) -> None:
    page = call(pages.api, "GET", f"/pages/invoices/{token}")
    assert page.status == 200
    assert "INV-2027-HARBOR-00001" in page.text
    assert "<small>Wed, Mar 3, 2027</small><small>11 Wall St" in page.text
    assert f'action="{token}/pay"' in page.text


def test_a_form_without_a_card_is_drawn_again(token: str) -> None:
    page = pay(token, {"amount": "726.50", "paid": "0"})
    assert page.status == 422
    assert "Enter your card" in page.text
    assert 'action="pay"' in page.text


def test_a_forged_link_leads_nowhere(token: str) -> None:
    forged = f"{token[:-4]}AAAA"
    assert call(pages.api, "GET", f"/pages/invoices/{forged}").status == 404
    assert pay(forged, {"amount": "726.50", "paid": "0"}).status == 404
