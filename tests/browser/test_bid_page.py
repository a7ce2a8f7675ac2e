"""The bid page: a vendor bids or declines by the link in its invitation, without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests import dates
from tests.browser.pages import DESKTOP, PHONE, assert_url_accessible
from tests.stack import Stack
from tests.workflows.bidding_builders import BiddingOrganization

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def bidding(stack: Stack) -> BiddingOrganization:
    return BiddingOrganization.create(stack)


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    size: ViewportSize = request.param
    context = browser.new_context(viewport=size, java_script_enabled=False)
    yield context.new_page()
    context.close()


def invite_vendor(bidding: BiddingOrganization, name: str, **trip: object) -> tuple[str, str, str]:
    """Ask one vendor for a bid; returns the ids of the request and the charter, and the link in its mail."""
    vendor = bidding.create_vendor(name)
    charter = bidding.create_booked_charter(**trip)
    request = bidding.create_bid_request(charter["id"], vendor, hours=600, message="Four hours on site, return empty.")
    address = f"{name.lower().replace(' ', '-')}@{bidding.operator.slug}.example"
    mail = bidding.stack.wait_for_mail(address, f"^Invitation to bid: trip {charter['number']}")
    [link] = set(re.findall(r"https?://\S+/pages/bids/[\w-]+", mail["BodyText"]))
    return request["id"], charter["id"], link


def test_bid_page_from_the_mail_submits_a_bid(bidding: BiddingOrganization, browser: Browser, page: Page) -> None:
    size = page.viewport_size or PHONE
    request, charter, link = invite_vendor(bidding, f"Premium {size['width']}", vehicle_count=2, passengers=80)
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Trip CH-")
    leaves = f"9:00 AM {dates.zone_name('09:00')}"
    for text in ("11 Wall St, New York, NY", leaves, "Four hours on site", "Your price is hidden from everyone else"):
        expect(page.get_by_text(text).first).to_be_visible()
    assert "726" not in page.content()
    assert_url_accessible(browser, link, size)

    page.get_by_label("Your price").fill("$1,250.50")
    page.get_by_label("For how many").fill("1")
    page.get_by_label("Passenger seats of each").fill("56")
    page.get_by_label("Driver").fill("Mike Johnson")
    page.get_by_role("button", name="Submit bid").click()

    expect(page.get_by_role("heading", name="Your bid was submitted")).to_be_visible()
    expect(page.get_by_text("$1,250.50")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert page.url == link
    assert_url_accessible(browser, link, size)
    [bid] = bidding.list_bids(charter)
    assert (bid["status"], bid["vehicle_count"], bid["quoted_price"]) == ("submitted", 1, None)
    assert bidding.get_bid_request(request)["status"] == "open"


def test_bid_page_requires_price_and_enough_seats(bidding: BiddingOrganization, browser: Browser) -> None:
    _, charter, link = invite_vendor(bidding, "Hasty")
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(link)
    page.evaluate("for (const form of document.forms) form.noValidate = true")
    page.get_by_label("Passenger seats of each").fill("many")
    page.get_by_role("button", name="Submit bid").click()
    expect(page.get_by_text("Enter your price, such as 1250.00.")).to_be_visible()
    expect(page.get_by_text("Enter the number of passenger seats")).to_be_visible()
    assert bidding.list_bids(charter) == []

    page.get_by_label("Your price").fill("900")
    page.get_by_label("Passenger seats of each").fill("20")
    page.get_by_role("button", name="Submit bid").click()
    expect(page.get_by_text("Vehicle seats 20, the trip needs 40")).to_be_visible()
    page.get_by_label("Passenger seats of each").fill("56")
    page.get_by_role("button", name="Submit bid").click()
    expect(page.get_by_role("heading", name="Your bid was submitted")).to_be_visible()
    context.close()


def test_bid_page_withdraws_a_bid_and_submits_another(
    bidding: BiddingOrganization, browser: Browser, page: Page
) -> None:
    size = page.viewport_size or PHONE
    _, charter, link = invite_vendor(bidding, f"Slip {size['width']}")

    def send_bid(price: str) -> None:
        page.get_by_label("Your price").fill(price)
        page.get_by_label("Passenger seats of each").fill("56")
        page.get_by_role("button", name="Submit bid").click()

    page.goto(link)
    send_bid("125")
    expect(page.get_by_role("heading", name="Your bid was submitted")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Your bid was submitted")).to_be_visible()
    expect(page.get_by_text("$125.00")).to_be_visible()
    assert_url_accessible(browser, link, size)
    page.get_by_text("Withdraw this bid").click()
    page.get_by_role("button", name="Withdraw").click()
    assert page.url == link
    send_bid("1250")
    expect(page.get_by_text("You bid $1,250.00")).to_be_visible()
    assert sorted(bid["status"] for bid in bidding.list_bids(charter)) == ["submitted", "withdrawn"]


def test_bid_page_declines_the_invitation(bidding: BiddingOrganization, page: Page) -> None:
    size = page.viewport_size or PHONE
    _, charter, link = invite_vendor(bidding, f"Busy {size['width']}")
    page.goto(link)
    page.get_by_text("Decline the invitation").click()
    page.get_by_label("Reason").fill("No coach is free that day.")
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("heading", name="You declined")).to_be_visible()
    assert bidding.list_bids(charter) == []


def test_bid_page_with_an_invalid_link_returns_404(bidding: BiddingOrganization, page: Page) -> None:
    _, _, link = invite_vendor(bidding, f"Forged {(page.viewport_size or PHONE)['width']}")
    response = page.goto(link[:-6] + "AAAAAA")
    assert response is not None
    assert response.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("This link does not work")
