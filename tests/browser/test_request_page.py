"""The page to request a quote, on a phone and without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.pages import DESKTOP, PHONE, assert_accessible, assert_url_accessible
from tests.browser.quote_builders import QuoteOrganization

pytestmark = pytest.mark.xdist_group("browser")


def test_request_page_sends_a_lead_without_javascript(organization: QuoteOrganization, browser: Browser) -> None:
    url = f"{organization.stack.pages_url}/request-quote/{organization.slug}"
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Request a quote")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_label("Your name").fill("Dana Lee")
    page.get_by_label("Passengers").fill("48")
    page.get_by_label("Anything else").fill("A quiet bus, please.")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("Enter a phone number or an email address")).to_be_visible()
    expect(page.get_by_label("Anything else")).to_have_value("A quiet bus, please.")
    page.get_by_label("Phone").fill("(212) 555-0147")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_role("heading", name="Thank you, we have your request")).to_be_visible()
    context.close()
    [lead] = [each for each in organization.send("GET", "/sales/leads")["items"] if each["first_name"] == "Dana"]
    assert (lead["phone"], lead["estimated_passengers"], lead["source"]) == ("+12125550147", 48, "web")


def test_request_page_is_accessible_with_and_without_errors(organization: QuoteOrganization, browser: Browser) -> None:
    url = f"{organization.stack.pages_url}/request-quote/{organization.slug}"
    assert_url_accessible(browser, url, DESKTOP)
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(url)
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("Enter your name.")).to_be_visible()
    assert_accessible(page)
    context.close()
