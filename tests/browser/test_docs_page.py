"""The API's page works with nothing but the deployment itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("browser")


def test_the_document_can_be_read_and_tried(stack: Stack, browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    troubles: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.goto(f"{stack.api_url}/docs")
    expect(page.get_by_role("heading", name="CoachWay")).to_be_visible(timeout=60_000)
    page.locator("#operations-tag-clients").click()
    page.locator("#operations-clients-check_clients_health").get_by_role("button").first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.get_by_text('"healthy"').first).to_be_visible()
    assert {url for url in asked if not url.startswith((stack.config.public_url, "data:"))} == set()
    assert troubles == []
    page.close()
