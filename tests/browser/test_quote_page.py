"""The quote page: a client reads and answers a quote, on a phone and on a desktop, without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from coachway.core.documents.pdf import Pdf
from tests import dates
from tests.browser.pages import DESKTOP, PHONE, assert_accessible, assert_url_accessible
from tests.browser.quote_builders import SATURDAY, QuoteOrganization
from tests.unit.pdf_text import read_pages

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page without JavaScript, which these pages do not need."""
    context = browser.new_context(viewport=request.param, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_quote_page_accepts_a_quote(organization: QuoteOrganization, browser: Browser, page: Page) -> None:
    charter = organization.create_sent_quote()
    page.goto(charter["url"])
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Quote {charter['number']}")
    day, leaves = dates.long_date(SATURDAY), f"9:00 AM {dates.zone_name('09:00', SATURDAY)}"
    for text in ("Acme Events", "11 Wall St, New York, NY", day, leaves, "Weekend"):
        expect(page.get_by_text(text).first).to_be_visible()
    expect(page.get_by_text("Sat and Sun")).to_have_count(0)
    expect(page.get_by_role("region", name="Total")).to_contain_text("$1,114.50")
    assert_url_accessible(browser, charter["url"], page.viewport_size or PHONE)

    page.get_by_label("Your name").fill("Dana Lee")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Accept and book").click()

    expect(page.get_by_role("heading", name="Your trip is booked")).to_be_visible()
    expect(page.get_by_text("Thank you, Dana Lee")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert page.url == charter["url"]
    assert_url_accessible(browser, charter["url"], page.viewport_size or PHONE)
    current = organization.get_charter(charter)
    assert (current["status"], current["accepted_by"]) == ("booked", "Dana Lee")


def test_quote_page_requires_name_and_checkbox(organization: QuoteOrganization, browser: Browser) -> None:
    charter = organization.create_sent_quote()
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(charter["url"])
    page.evaluate("for (const form of document.forms) form.noValidate = true")
    page.get_by_role("button", name="Accept and book").click()
    expect(page.get_by_text("Enter your name.")).to_be_visible()
    expect(page.get_by_text("Check the box to accept.")).to_be_visible()
    assert_accessible(page)

    page.get_by_label("Your name").fill("Dana Lee")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Accept and book").click()
    expect(page.get_by_role("heading", name="Your trip is booked")).to_be_visible()
    context.close()


def test_quote_page_declines_a_quote_with_a_reason(organization: QuoteOrganization, page: Page) -> None:
    charter = organization.create_sent_quote()
    page.goto(charter["url"])
    page.get_by_text("Decline this quote").click()
    page.get_by_label("Reason").fill("The date moved.")
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("heading", name="This quote was declined")).to_be_visible()
    assert organization.get_charter(charter)["status"] == "declined"


def test_quote_page_of_an_old_revision_cannot_be_accepted(organization: QuoteOrganization, page: Page) -> None:
    charter = organization.create_sent_quote()
    page.goto(charter["url"])
    organization.send("PUT", f"/charters/{charter['id']}", {"passengers": 44})
    page.get_by_label("Your name").fill("Dana Lee")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Accept and book").click()
    expect(page.get_by_role("heading", name="This quote is being revised")).to_be_visible()
    expect(page.get_by_text("$1,114.50")).to_have_count(0)
    assert organization.get_charter(charter)["status"] == "quote"


def test_quote_page_reports_its_opening_when_a_person_acts(organization: QuoteOrganization, browser: Browser) -> None:
    charter = organization.create_sent_quote()
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(charter["url"])
    page.evaluate("window.dispatchEvent(new PointerEvent('pointerdown')); window.scrollTo(0, 500)")
    page.wait_for_timeout(300)
    assert organization.get_charter(charter)["quote_opened_at"] is None, "programs that run scripts do not count"
    with page.expect_response(lambda response: response.url.endswith("/opened")) as reported:
        page.mouse.wheel(0, 100)
    assert reported.value.status == 204
    assert organization.get_charter(charter)["quote_opened_at"] is not None
    context.close()


def test_quote_page_with_an_invalid_link_returns_404(organization: QuoteOrganization, page: Page) -> None:
    url = f"{organization.stack.pages_url}/quotes/{'A' * 86}"
    response = page.goto(url)
    assert response is not None
    assert response.status == 404
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()


def test_quote_page_prints_on_one_page_without_buttons_and_splits_no_stop_of_many(
    organization: QuoteOrganization, page: Page
) -> None:
    page.goto(organization.create_sent_quote()["url"])
    assert len(read_pages(Pdf(page.pdf(prefer_css_page_size=True)))) == 1
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Accept and book")).to_be_hidden()
    expect(page.get_by_role("region", name="Total")).to_be_visible()
    stops = page.locator(".stops").inner_html()
    page.set_content(page.content().replace(stops, 4 * stops))
    pages = read_pages(Pdf(page.pdf(prefer_css_page_size=True)))
    assert len(pages) == 2
    assert pages[0].count("Cheesequake") >= 2
    for text in pages:
        assert text.count("Cheesequake") == text.count("10:10 AM") == text.count("10:30 AM")


def test_itinerary_returns_a_pdf(organization: QuoteOrganization) -> None:
    charter = organization.create_charter()
    response = organization.get_response(f"/charters/{charter['id']}/itinerary.pdf")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")
