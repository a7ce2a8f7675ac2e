"""Viewports, and the check that a page is accessible."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}


def assert_accessible(page: Page) -> None:
    """Fail if axe finds a serious or critical violation on a page in light colors, or low contrast in dark ones."""
    assert _find_violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert _find_violations(page, "color-contrast") == []
    page.emulate_media(color_scheme="light")


def _find_violations(page: Page, *rules: str) -> list[str]:
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    violations = Axe().run(page, options=options).response["violations"]
    serious = [rule for rule in violations if rule["impact"] in {"serious", "critical"}]
    return [f"{rule['id']}: {[node['html'] for node in rule['nodes']]}" for rule in serious]


def assert_url_accessible(browser: Browser, url: str, size: ViewportSize) -> None:
    """The same for the page at a URL, in a context in which scripts run."""
    context = browser.new_context(viewport=size)
    page = context.new_page()
    page.goto(url)
    assert_accessible(page)
    context.close()
