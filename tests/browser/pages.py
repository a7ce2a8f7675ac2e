"""Viewports, and the check that a page is accessible."""

from __future__ import annotations

from typing import Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
_ATTEMPTS: Final = 10
_PAUSE_MILLISECONDS: Final = 500


def assert_accessible(page: Page) -> None:
    """Fail if axe finds a serious or critical violation on a page in light colors, or low contrast in dark ones."""
    _require_no_violations(page)
    page.emulate_media(color_scheme="dark")
    _require_no_violations(page, "color-contrast")
    page.emulate_media(color_scheme="light")


def _require_no_violations(page: Page, *rules: str) -> None:
    """Wait until there are none: a busy machine takes a while to draw all of a page in other colors."""
    for _ in range(_ATTEMPTS):
        violations = _find_violations(page, *rules)
        if not violations:
            return
        page.wait_for_timeout(_PAUSE_MILLISECONDS)
    raise AssertionError(f"the page is not accessible: {violations}")


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
