"""A vendor opens its invitation on a phone, without a password and without script, and bids or declines."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests import dates
from tests.browser.test_quote_page import DESK, PHONE, must_be_accessible
from tests.stack import Stack
from tests.workflows.bidding import Exchange

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def exchange(stack: Stack) -> Exchange:
    return Exchange.opened(stack)


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    size: ViewportSize = request.param
    context = browser.new_context(viewport=size, java_script_enabled=False)
    yield context.new_page()
    context.close()


def invited(exchange: Exchange, name: str, **trip: object) -> tuple[str, str, str]:
    """Ask one vendor for a bid: the request, the vendor, and the link in its mail."""
    vendor = exchange.vendor(name)
    charter = exchange.booked(**trip)
    request = exchange.asked(charter["id"], vendor, hours=600, message="Four hours on site, return empty.")
    address = f"{name.lower().replace(' ', '-')}@{exchange.carrier.slug}.example"
    mail = exchange.stack.wait_for_mail(address, f"^Your bid for trip {charter['number']}")
    [link] = set(re.findall(r"https?://\S+/pages/bids/[\w-]+", mail["BodyText"]))
    return request["id"], charter["id"], link


def test_a_vendor_bids_from_its_mail(exchange: Exchange, browser: Browser, page: Page) -> None:
    size = page.viewport_size or PHONE
    request, charter, link = invited(exchange, f"Premium {size['width']}", vehicle_count=2, passengers=80)
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Trip CH-")
    leaves = f"9:00 AM {dates.zone_name('09:00')}"
    for said in ("11 Wall St, New York, NY", leaves, "Four hours on site", "Nobody but you sees your price"):
        expect(page.get_by_text(said).first).to_be_visible()
    assert "726" not in page.content()
    must_be_accessible(browser, link, size)

    page.get_by_label("Your price").fill("$1,250.50")
    page.get_by_label("For how many").fill("1")
    page.get_by_label("Passengers that each").fill("56")
    page.get_by_label("Driver").fill("Mike Johnson")
    page.get_by_role("button", name="Send the bid").click()

    expect(page.get_by_role("heading", name="Your bid is in")).to_be_visible()
    expect(page.get_by_text("$1,250.50")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert page.url == link
    must_be_accessible(browser, link, size)
    [bid] = exchange.bids(charter)
    assert (bid["status"], bid["vehicle_count"], bid["quoted_price"]) == ("submitted", 1, None)
    known = exchange.request(request)
    assert known["status"] == "open"


def test_what_is_missing_is_asked_for(exchange: Exchange, browser: Browser) -> None:
    _, charter, link = invited(exchange, "Hasty")
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(link)
    page.evaluate("for (const form of document.forms) form.noValidate = true")
    page.get_by_label("Passengers that each").fill("many")
    page.get_by_role("button", name="Send the bid").click()
    expect(page.get_by_text("Enter your price, such as 1250.00.")).to_be_visible()
    expect(page.get_by_text("Enter how many passengers")).to_be_visible()
    assert exchange.bids(charter) == []

    page.get_by_label("Your price").fill("900")
    page.get_by_label("Passengers that each").fill("20")
    page.get_by_role("button", name="Send the bid").click()
    expect(page.get_by_text("Vehicle seats 20, the trip needs 40")).to_be_visible()
    page.get_by_label("Passengers that each").fill("56")
    page.get_by_role("button", name="Send the bid").click()
    expect(page.get_by_role("heading", name="Your bid is in")).to_be_visible()
    context.close()


def test_a_price_that_was_wrong_is_taken_back_and_sent_again(exchange: Exchange, browser: Browser, page: Page) -> None:
    size = page.viewport_size or PHONE
    _, charter, link = invited(exchange, f"Slip {size['width']}")

    def send(price: str) -> None:
        page.get_by_label("Your price").fill(price)
        page.get_by_label("Passengers that each").fill("56")
        page.get_by_role("button", name="Send the bid").click()

    page.goto(link)
    send("125")
    expect(page.get_by_role("heading", name="Your bid is in")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Your bid is in")).to_be_visible()
    expect(page.get_by_text("$125.00")).to_be_visible()
    must_be_accessible(browser, link, size)
    page.get_by_text("Withdraw this bid").click()
    page.get_by_role("button", name="Withdraw").click()
    assert page.url == link
    send("1250")
    expect(page.get_by_text("You bid $1,250.00")).to_be_visible()
    assert sorted(each["status"] for each in exchange.bids(charter)) == ["submitted", "withdrawn"]


def test_a_vendor_declines(exchange: Exchange, page: Page) -> None:
    size = page.viewport_size or PHONE
    _, charter, link = invited(exchange, f"Busy {size['width']}")
    page.goto(link)
    page.get_by_text("No bid this time").click()
    page.get_by_label("Why not?").fill("No coach is free that day.")
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("heading", name="You declined")).to_be_visible()
    assert exchange.bids(charter) == []


def test_a_link_that_was_not_made_here_leads_nowhere(exchange: Exchange, page: Page) -> None:
    _, _, link = invited(exchange, f"Forged {(page.viewport_size or PHONE)['width']}")
    answer = page.goto(link[:-6] + "AAAAAA")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("This link does not work")
