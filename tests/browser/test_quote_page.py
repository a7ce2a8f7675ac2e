"""A client reads a quote on a phone or a desk, without script, and answers it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests import dates
from tests.browser.quotes import SATURDAY, Office

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 800}

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page on which script does not run, as the pages need none."""
    context = browser.new_context(viewport=request.param, java_script_enabled=False)
    yield context.new_page()
    context.close()


def must_be_accessible(browser: Browser, url: str, size: ViewportSize) -> None:
    """No finding of axe's that is serious or critical."""
    context = browser.new_context(viewport=size)
    opened = context.new_page()
    opened.goto(url)
    found = Axe().run(opened).response["violations"]
    context.close()
    assert [each["id"] for each in found if each["impact"] in {"serious", "critical"}] == []


def test_a_quote_is_read_and_accepted(office: Office, browser: Browser, page: Page) -> None:
    charter = office.quoted()
    page.goto(charter["url"])
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Quote {charter['number']}")
    day, leaves = dates.spelled(SATURDAY), f"9:00 AM {dates.zone_name('09:00', SATURDAY)}"
    for said in ("Acme Events", "11 Wall St, New York, NY", day, leaves, "Weekend"):
        expect(page.get_by_text(said).first).to_be_visible()
    expect(page.get_by_role("region", name="Total")).to_contain_text("$1,114.50")
    must_be_accessible(browser, charter["url"], page.viewport_size or PHONE)

    page.get_by_label("Your name").fill("Dana Lee")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Accept and book").click()

    expect(page.get_by_role("heading", name="Your trip is booked")).to_be_visible()
    expect(page.get_by_text("Thank you, Dana Lee")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert page.url == charter["url"]
    must_be_accessible(browser, charter["url"], page.viewport_size or PHONE)
    known = office.now(charter)
    assert (known["status"], known["accepted_by"]) == ("booked", "Dana Lee")


def test_a_form_without_name_and_tick_asks_for_them(office: Office, browser: Browser) -> None:
    charter = office.quoted()
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(charter["url"])
    page.evaluate("for (const form of document.forms) form.noValidate = true")
    page.get_by_role("button", name="Accept and book").click()
    expect(page.get_by_text("Enter your name.")).to_be_visible()
    expect(page.get_by_text("Tick the box to accept.")).to_be_visible()
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in {"serious", "critical"}] == []

    page.get_by_label("Your name").fill("Dana Lee")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Accept and book").click()
    expect(page.get_by_role("heading", name="Your trip is booked")).to_be_visible()
    context.close()


def test_a_quote_is_declined_with_a_reason(office: Office, page: Page) -> None:
    charter = office.quoted()
    page.goto(charter["url"])
    page.get_by_text("Decline this quote").click()
    page.get_by_label("Why does it not suit you?").fill("The date moved.")
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("heading", name="This quote was declined")).to_be_visible()
    assert office.now(charter)["status"] == "declined"


def test_a_new_revision_voids_the_link_that_is_open(office: Office, page: Page) -> None:
    charter = office.quoted()
    page.goto(charter["url"])
    office.ask("PUT", f"/charters/{charter['id']}", {"passengers": 44})
    page.get_by_label("Your name").fill("Dana Lee")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Accept and book").click()
    expect(page.get_by_role("heading", name="newer version")).to_be_visible()
    expect(page.get_by_text("$1,114.50")).to_have_count(0)
    assert office.now(charter)["status"] == "quote"


def test_a_link_that_was_not_made_here_finds_a_page_that_says_so(office: Office, page: Page) -> None:
    url = f"{office.stack.pages_url}/quotes/{'A' * 86}"
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()


def test_a_quote_is_printed_on_one_page_without_what_can_only_be_pressed(office: Office, page: Page) -> None:
    page.goto(office.quoted()["url"])
    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Accept and book")).to_be_hidden()
    expect(page.get_by_role("region", name="Total")).to_be_visible()


def test_the_itinerary_is_a_pdf(office: Office) -> None:
    charter = office.charter()
    answer = office.bytes_of(f"/charters/{charter['id']}/itinerary.pdf")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
