"""A client pays by card, with Stripe's own form: the deposit on the page of its quote, and an invoice on its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import dates
from tests.browser.quotes import SATURDAY, Office
from tests.browser.test_quote_page import DESK, PHONE, must_be_accessible

pytestmark = pytest.mark.xdist_group("browser")

BALANCE_DAY = dates.spelled(SATURDAY - timedelta(days=14))
GOOD = "4242424242424242"
DECLINED = "4000000000000341"
CONFIRMED = "4000002760003184"
"""Stripe's test cards: one that pays, one that is declined when it is charged, one whose bank wants a confirmation."""


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page that complains of whatever its policy keeps out."""
    context = browser.new_context(viewport=request.param)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert [each for each in complaints if "status of 4" not in each] == []


def enter(page: Page, number: str) -> None:
    """Type a card into Stripe's form."""
    for field, value in (("number", number), ("exp_month", "12"), ("exp_year", "30"), ("cvc", "123")):
        page.get_by_placeholder(field, exact=True).fill(value)


def accepted(office: Office, page: Page) -> dict[str, Any]:
    charter = office.quoted(office.payer_id)
    page.goto(charter["url"])
    expect(page.get_by_text(f"You pay $278.63 to book it, and $835.87 by {BALANCE_DAY}.")).to_be_visible()
    page.get_by_label("Your name").fill("Dana Lee")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Accept and pay $278.63").click()
    expect(page.get_by_role("heading", name="Thank you, Dana Lee")).to_be_visible()
    expect(page.get_by_text("Your trip is booked once $278.63 is paid.")).to_be_visible()
    return charter


def test_the_deposit_is_paid_on_the_page_of_the_quote(office: Office, browser: Browser, page: Page) -> None:
    charter = accepted(office, page)
    assert office.now(charter)["status"] == "quote"
    must_be_accessible(browser, charter["url"], page.viewport_size or PHONE)
    page.get_by_role("button", name="Pay $278.63").click()
    expect(page.get_by_text("Your card number is incomplete.")).to_be_visible()

    enter(page, DECLINED)
    page.get_by_role("button", name="Pay $278.63").click()
    expect(page.get_by_role("heading", name="Your payment did not go through")).to_be_visible()
    expect(page.get_by_text("Your card was declined.", exact=True)).to_be_visible()
    assert office.now(charter)["status"] == "quote"

    enter(page, GOOD)
    page.get_by_role("button", name="Pay $278.63").click()
    expect(page.get_by_role("heading", name="Your trip is booked")).to_be_visible()
    expect(page.get_by_text(f"$835.87 is due on {BALANCE_DAY}.")).to_be_visible()
    assert page.url == charter["url"]
    known = office.now(charter)
    assert (known["status"], known["amount_paid"], known["accepted_by"]) == ("booked", 278.63, "Dana Lee")
    must_be_accessible(browser, charter["url"], page.viewport_size or PHONE)

    enter(page, GOOD)
    page.get_by_role("button", name="Pay $835.87").click()
    expect(page.get_by_role("heading", name="Pay the balance")).to_have_count(0)
    expect(page.get_by_role("button")).to_have_count(0)
    assert office.now(charter)["amount_paid"] == 1114.5


def test_who_has_accepted_may_still_decline(office: Office, page: Page) -> None:
    charter = accepted(office, page)
    page.get_by_text("Decline this quote").click()
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("heading", name="This quote was declined")).to_be_visible()
    assert office.now(charter)["status"] == "declined"


def test_without_script_the_page_says_how_else_to_pay(office: Office, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    accepted(office, page)
    expect(page.get_by_text("Paying by card needs JavaScript.")).to_be_visible()
    expect(page.get_by_role("button", name="Pay")).to_have_count(0)
    context.close()


def test_a_page_that_cannot_load_stripe_s_script_says_so(office: Office, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.route(re.compile(r"/v3/?$"), lambda route: route.abort())
    accepted(office, page)
    expect(page.get_by_text("The card form could not be loaded. Reload the page to try again.")).to_be_visible()
    expect(page.get_by_role("button", name="Pay")).to_have_count(0)
    context.close()


def invoiced(office: Office) -> tuple[dict[str, Any], str]:
    """An issued invoice, and the link in its mail."""
    charter = office.charter()
    office.ask("POST", f"/charters/{charter['id']}/status", {"status": "booked", "reason": "By phone"})
    draft = office.ask("POST", "/invoices", {"charter_id": charter["id"]})
    invoice = office.ask("POST", f"/invoices/{draft['id']}/issue")
    mail = office.stack.wait_for_mail(f"events@{office.slug}.example", f"^Invoice {invoice['number']}")
    [link] = set(re.findall(r"https?://\S+/pages/invoices/[\w-]+", mail["BodyText"]))
    return invoice, link


def test_an_invoice_is_opened_from_its_mail_and_paid(office: Office, browser: Browser, page: Page) -> None:
    invoice, link = invoiced(office)
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Invoice {invoice['number']}")
    expect(page.get_by_role("region", name="Balance due")).to_contain_text("$1,114.50")
    expect(page.get_by_text("Acme Events").first).to_be_visible()
    must_be_accessible(browser, link, page.viewport_size or PHONE)

    enter(page, DECLINED)
    page.get_by_role("button", name="Pay $1,114.50").click()
    expect(page.get_by_role("heading", name="Your payment did not go through")).to_be_visible()

    enter(page, GOOD)
    page.get_by_role("button", name="Pay $1,114.50").click()
    expect(page.get_by_role("heading", name="This invoice is paid")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert page.url == link
    known = office.ask("GET", f"/invoices/{invoice['id']}")
    assert (known["status"], known["balance_due"]) == ("paid", 0)
    must_be_accessible(browser, link, page.viewport_size or PHONE)


def test_a_bank_that_wants_a_confirmation_is_led_to_and_back_from(office: Office, page: Page) -> None:
    invoice, link = invoiced(office)
    for answer, said in (("Refuse", "Your payment did not go through"), ("Confirm", "This invoice is paid")):
        if page.url != link:
            page.goto(link)
        enter(page, CONFIRMED)
        page.get_by_role("button", name="Pay $1,114.50").click()
        expect(page.get_by_role("heading", name="Confirm 1114.50 USD?")).to_be_visible()
        page.get_by_role("button", name=answer).click()
        expect(page.get_by_role("heading", name=said)).to_be_visible()
    assert page.url == link
    known = office.ask("GET", f"/invoices/{invoice['id']}")
    assert (known["status"], known["balance_due"]) == ("paid", 0)


def test_a_link_that_was_not_made_here_finds_no_invoice(office: Office, page: Page) -> None:
    answer = page.goto(f"{office.stack.pages_url}/invoices/{'A' * 86}")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
