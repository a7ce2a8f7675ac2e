"""Card payments with Stripe's form: the deposit on the quote page, and an invoice on its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import dates
from tests.browser.pages import DESKTOP, PHONE, assert_url_accessible
from tests.browser.quote_builders import SATURDAY, QuoteOrganization

pytestmark = pytest.mark.xdist_group("browser")

BALANCE_DAY = dates.long_date(SATURDAY - timedelta(days=14))
VALID_CARD = "4242424242424242"
DECLINED_CARD = "4000000000000341"
THREE_D_SECURE_CARD = "4000002760003184"
"""Stripe's test cards: one that pays, one that is declined when charged, one that requires 3-D Secure."""


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page; the test fails if it logs an error, such as a violation of its content security policy."""
    context = browser.new_context(viewport=request.param)
    new_page = context.new_page()
    errors: list[str] = []
    new_page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    new_page.on("pageerror", lambda error: errors.append(str(error)))
    yield new_page
    context.close()
    assert [error for error in errors if "status of 4" not in error] == []


def enter_card(page: Page, number: str) -> None:
    """Type a card into Stripe's form."""
    for field, value in (("number", number), ("exp_month", "12"), ("exp_year", "30"), ("cvc", "123")):
        page.get_by_placeholder(field, exact=True).fill(value)


def accept_quote(organization: QuoteOrganization, page: Page) -> dict[str, Any]:
    charter = organization.create_sent_quote(organization.payer_id)
    page.goto(charter["url"])
    expect(page.get_by_text(f"You pay $278.63 to book it, and $835.87 by {BALANCE_DAY}.")).to_be_visible()
    page.get_by_label("Your name").fill("Dana Lee")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Accept and pay $278.63").click()
    expect(page.get_by_role("heading", name="Thank you, Dana Lee")).to_be_visible()
    expect(page.get_by_text("Your trip is booked once $278.63 is paid.")).to_be_visible()
    return charter


def test_quote_page_takes_the_deposit_and_the_balance(
    organization: QuoteOrganization, browser: Browser, page: Page
) -> None:
    charter = accept_quote(organization, page)
    assert organization.get_charter(charter)["status"] == "quote"
    assert_url_accessible(browser, charter["url"], page.viewport_size or PHONE)
    page.get_by_role("button", name="Pay $278.63").click()
    expect(page.get_by_text("Your card number is incomplete.")).to_be_visible()

    enter_card(page, DECLINED_CARD)
    page.get_by_role("button", name="Pay $278.63").click()
    expect(page.get_by_role("heading", name="Your payment did not go through")).to_be_visible()
    expect(page.get_by_text("Your card was declined.", exact=True)).to_be_visible()
    assert organization.get_charter(charter)["status"] == "quote"

    enter_card(page, VALID_CARD)
    consent = page.get_by_role("checkbox", name="may keep this card and charge it when a payment for my trips is due")
    expect(consent).not_to_be_checked()
    consent.check()
    page.get_by_role("button", name="Pay $278.63").click()
    expect(page.get_by_role("heading", name="Your trip is booked")).to_be_visible()
    expect(page.get_by_text(f"$835.87 is due on {BALANCE_DAY}.")).to_be_visible()
    assert page.url == charter["url"]
    current = organization.get_charter(charter)
    assert (current["status"], current["amount_paid"], current["accepted_by"]) == ("booked", 278.63, "Dana Lee")
    payments = organization.send("GET", f"/payments?charter_id={charter['id']}")["items"]
    assert [bool(payment["card_consent"]) for payment in payments] == [True, False]
    assert_url_accessible(browser, charter["url"], page.viewport_size or PHONE)

    enter_card(page, VALID_CARD)
    page.get_by_role("button", name="Pay $835.87").click()
    expect(page.get_by_role("heading", name="Pay the balance")).to_have_count(0)
    expect(page.get_by_role("button")).to_have_count(0)
    assert organization.get_charter(charter)["amount_paid"] == 1114.5


def test_quote_page_declines_an_accepted_quote_before_the_deposit(organization: QuoteOrganization, page: Page) -> None:
    charter = accept_quote(organization, page)
    page.get_by_text("Decline this quote").click()
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("heading", name="This quote was declined")).to_be_visible()
    assert organization.get_charter(charter)["status"] == "declined"


def test_quote_page_without_javascript_explains_how_to_pay(organization: QuoteOrganization, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    accept_quote(organization, page)
    expect(page.get_by_text("Paying by card needs JavaScript.")).to_be_visible()
    expect(page.get_by_role("button", name="Pay")).to_have_count(0)
    context.close()


def test_quote_page_without_stripe_script_shows_an_error(organization: QuoteOrganization, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.route(re.compile(r"/v3/?$"), lambda route: route.abort())
    accept_quote(organization, page)
    expect(page.get_by_text("The card form could not be loaded. Reload the page to try again.")).to_be_visible()
    expect(page.get_by_role("button", name="Pay")).to_have_count(0)
    context.close()


def issue_invoice(organization: QuoteOrganization) -> tuple[dict[str, Any], str]:
    """An issued invoice, and the link in its mail."""
    charter = organization.create_charter()
    organization.send("POST", f"/charters/{charter['id']}/status", {"status": "booked", "reason": "By phone"})
    draft = organization.send("POST", "/invoices", {"charter_id": charter["id"]})
    invoice = organization.send("POST", f"/invoices/{draft['id']}/issue")
    mail = organization.stack.wait_for_mail(f"events@{organization.slug}.example", f"^Invoice {invoice['number']}")
    [link] = set(re.findall(r"https?://\S+/pages/invoices/[\w-]+", mail["BodyText"]))
    return invoice, link


def test_invoice_page_from_the_mail_takes_a_payment(
    organization: QuoteOrganization, browser: Browser, page: Page
) -> None:
    invoice, link = issue_invoice(organization)
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Invoice {invoice['number']}")
    expect(page.get_by_role("region", name="Balance due")).to_contain_text("$1,114.50")
    expect(page.get_by_text("Acme Events").first).to_be_visible()
    assert_url_accessible(browser, link, page.viewport_size or PHONE)

    enter_card(page, DECLINED_CARD)
    page.get_by_role("button", name="Pay $1,114.50").click()
    expect(page.get_by_role("heading", name="Your payment did not go through")).to_be_visible()

    enter_card(page, VALID_CARD)
    page.get_by_role("button", name="Pay $1,114.50").click()
    expect(page.get_by_role("heading", name="This invoice is paid")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert page.url == link
    current = organization.send("GET", f"/invoices/{invoice['id']}")
    assert (current["status"], current["balance_due"]) == ("paid", 0)
    assert_url_accessible(browser, link, page.viewport_size or PHONE)


def test_invoice_page_redirects_to_the_bank_for_3d_secure(organization: QuoteOrganization, page: Page) -> None:
    invoice, link = issue_invoice(organization)
    for button, heading in (("Refuse", "Your payment did not go through"), ("Confirm", "This invoice is paid")):
        if page.url != link:
            page.goto(link)
        enter_card(page, THREE_D_SECURE_CARD)
        page.get_by_role("button", name="Pay $1,114.50").click()
        expect(page.get_by_role("heading", name="Confirm 1114.50 USD?")).to_be_visible()
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    assert page.url == link
    current = organization.send("GET", f"/invoices/{invoice['id']}")
    assert (current["status"], current["balance_due"]) == ("paid", 0)


def test_invoice_page_with_an_invalid_link_returns_404(organization: QuoteOrganization, page: Page) -> None:
    response = page.goto(f"{organization.stack.pages_url}/invoices/{'A' * 86}")
    assert response is not None
    assert response.status == 404
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
