"""The API documentation page needs nothing but the deployment itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.pages import assert_accessible
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("browser")


def test_docs_page_sends_a_request_and_loads_nothing_external(stack: Stack, browser: Browser) -> None:
    page = browser.new_page()
    requested: list[str] = []
    console_errors: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{stack.api_url}/docs")
    expect(page.get_by_role("heading", name="CoachWay")).to_be_visible(timeout=60_000)
    page.get_by_label("Filter operations").fill("refund approve")
    expect(page.locator(".opblock-summary-path")).to_have_text(["/api/v1/refunds/{refund_id}/approve"])
    page.get_by_label("Filter operations").fill("")
    page.locator("#operations-tag-clients").click()
    page.locator("#operations-clients-check_clients_health").get_by_role("button").first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.get_by_text('"healthy"').first).to_be_visible()
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html.dark-mode")).to_have_count(1)
    assert {url for url in requested if not url.startswith((stack.config.public_url, "data:"))} == set()
    assert console_errors == []
    page.close()


def test_docs_pages_are_accessible(stack: Stack, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{stack.api_url}/docs")
    expect(page.get_by_label("Filter operations")).to_be_visible(timeout=60_000)
    expect(page.get_by_label("Server", exact=True).first).to_be_visible()
    assert_accessible(page)
    page.goto(f"{stack.api_url}/docs/errors")
    assert_accessible(page)
    page.close()
