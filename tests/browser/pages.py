"""Viewports, and the check that a page is accessible."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}


def assert_accessible(page: Page) -> None:
    """Fail if axe finds a serious or critical violation on a page."""
    violations = Axe().run(page).response["violations"]
    assert [rule["id"] for rule in violations if rule["impact"] in {"serious", "critical"}] == []


def assert_url_accessible(browser: Browser, url: str, size: ViewportSize) -> None:
    """The same for the page at a URL, in a context in which scripts run."""
    context = browser.new_context(viewport=size)
    page = context.new_page()
    page.goto(url)
    assert_accessible(page)
    context.close()
