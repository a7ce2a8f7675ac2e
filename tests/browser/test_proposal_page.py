"""The proposal page: a client compares, chooses and confirms on a phone and on a desktop, without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import dates
from tests.browser.pages import DESKTOP, PHONE, assert_url_accessible
from tests.browser.quote_builders import SATURDAY, QuoteOrganization

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page without JavaScript, which these pages do not need."""
    context = browser.new_context(viewport=request.param, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_proposal_page_accepts_exactly_what_was_chosen(
    organization: QuoteOrganization, browser: Browser, page: Page
) -> None:
    charters = [organization.create_charter() for _ in range(3)]
    labels = ("By day", "By night", "Both ways")
    proposal = organization.send(
        "POST",
        "/sales/proposals",
        {
            "client_id": organization.client_id,
            "title": "Your trip to Atlantic City",
            "text": "Please choose.",
            "valid_until": dates.at("09:00", SATURDAY),
            "items": [
                {"charter_id": charter["id"], "label": label} for charter, label in zip(charters, labels, strict=True)
            ],
        },
    )
    url = organization.send("POST", f"/sales/proposals/{proposal['id']}/send")["url"]
    page.goto(url)
    viewport = page.viewport_size or PHONE
    expect(page.get_by_role("heading", level=1)).to_have_text("Your trip to Atlantic City")
    for label in labels:
        expect(page.get_by_role("region", name=label)).to_contain_text("$1,114.50")
    is_side_by_side = len({round(page.get_by_role("region", name=label).bounding_box()["y"]) for label in labels}) == 1  # type: ignore[index]
    assert is_side_by_side == (viewport["width"] > 1000)
    assert_url_accessible(browser, url, viewport)

    page.get_by_label("Choose By night").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("table", name="You accept")).to_contain_text("By night")
    expect(page.get_by_role("table", name="You accept")).not_to_contain_text("By day")
    assert_url_accessible(browser, page.url, viewport)
    page.get_by_label("Your name").fill("Dana Lee")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Accept and book").click()

    expect(page.get_by_role("heading", name="Thank you, Dana Lee")).to_be_visible()
    expect(page.get_by_role("region", name="By night")).to_contain_text("Booked.")
    expect(page.get_by_role("region", name="By day")).to_contain_text("Not chosen.")
    assert page.url == url
    assert_url_accessible(browser, url, viewport)
    statuses = [organization.get_charter(charter)["status"] for charter in charters]
    assert statuses == ["declined", "booked", "declined"]
