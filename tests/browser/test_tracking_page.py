"""The tracking page, on a phone and on a desktop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.dispatch_builders import BOARDWALK, CHEESEQUAKE, WALL_ST, DispatchOrganization, line
from tests.browser.pages import DESKTOP, PHONE, assert_url_accessible
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("driver-page")

BROOKLYN = (40.6950, -73.9900)


@pytest.fixture(scope="module")
def organization(stack: Stack) -> DispatchOrganization:
    return DispatchOrganization.create(stack)


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page without JavaScript."""
    size: ViewportSize = request.param
    context = browser.new_context(viewport=size, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_tracking_page_shows_the_trip_from_check_in_to_check_out(
    organization: DispatchOrganization, browser: Browser, page: Page
) -> None:
    size = page.viewport_size or PHONE
    [trip] = organization.create_assignments(organization.create_driver(), timedelta(minutes=20))
    link = organization.create_tracking_link(trip)
    coach = page.locator("svg.map .vehicle")

    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Trip {trip['charter_number']}")
    expect(page.get_by_role("heading", name="Not on its way yet")).to_be_visible()
    expect(page.locator("svg.map .stop")).to_have_count(3)
    expect(coach).to_have_count(0)
    assert page.locator("noscript meta[http-equiv=refresh]").count() == 1
    assert_url_accessible(browser, link, size)

    organization.post_action(trip, "check-in")
    page.reload()
    expect(page.get_by_text("The driver is on duty and has not left yet")).to_be_visible()
    organization.send_positions(trip, *line(BROOKLYN, (40.7000, -74.0000), 6))
    page.reload()
    expect(page.get_by_text("On the way to you at 11 Wall St")).to_be_visible()
    expect(page.get_by_text("any moment now").or_(page.get_by_text("in about"))).to_be_visible()
    expect(coach).to_have_count(1)
    assert_url_accessible(browser, link, size)

    organization.post_action(trip, "depart", stop=0)
    organization.send_positions(trip, *line((40.69, -74.03), (40.65, -74.10), 6))
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("On the way to Cheesequake Service Area")).to_be_visible()
    expect(page.get_by_text("Left at")).to_be_visible()
    expect(page.get_by_role("img", name="Map of the 3 stops")).to_be_visible()
    expect(page.locator("svg.map .trail")).to_have_count(1)
    assert_url_accessible(browser, link, size)

    organization.post_action(trip, "depart", stop=1)
    organization.post_action(trip, "check-out")
    page.reload()
    expect(page.get_by_role("heading", name="The trip is over")).to_be_visible()
    expect(coach).to_have_count(0)
    expect(page.locator("svg.map .trail")).to_have_count(0)
    assert page.locator("noscript meta[http-equiv=refresh]").count() == 0
    assert_url_accessible(browser, link, size)


def test_tracking_page_refreshes_itself_and_loads_nothing_external(
    organization: DispatchOrganization, browser: Browser
) -> None:
    [trip] = organization.create_assignments(organization.create_driver(), timedelta(minutes=20))
    link = organization.create_tracking_link(trip)
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    requested: list[str] = []
    console_errors: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
    page.clock.install()
    page.goto(link)
    expect(page.get_by_role("heading", name="Not on its way yet")).to_be_visible()
    organization.post_action(trip, "check-in")
    organization.send_positions(trip, BROOKLYN)
    page.clock.fast_forward(16_000)
    activity = page.locator("p.activity")
    expect(activity).to_have_text("On the way to you at 11 Wall St")
    expect(page.locator("svg.map .vehicle")).to_have_count(1)
    expect(page.get_by_role("status")).to_have_text("On the way to you at 11 Wall St")

    context.set_offline(True)
    page.clock.fast_forward(16_000)
    expect(activity).to_be_visible()
    context.set_offline(False)
    assert {url for url in requested if not url.startswith((organization.stack.config.public_url, "data:"))} == set()
    assert [error for error in console_errors if "ERR_INTERNET_DISCONNECTED" not in error] == []
    context.close()


def test_tracking_page_shows_each_vehicle_until_it_arrives(organization: DispatchOrganization, page: Page) -> None:
    first, second = organization.create_assignments(
        organization.create_driver(), timedelta(minutes=20), vehicles=2, second_driver=organization.create_driver()
    )
    for trip in (first, second):
        organization.post_action(trip, "check-in")
        organization.post_action(trip, "depart", stop=0)
    organization.send_positions(first, *line(WALL_ST, (40.60, -74.20), 4))
    organization.send_positions(second, *line(WALL_ST, (40.66, -74.10), 4))
    page.goto(organization.create_tracking_link(first))
    expect(page.locator("svg.map .vehicle")).to_have_count(2)
    for trip in (first, second):
        name = f"{trip['vehicle_number']} · {trip['vehicle_name']}"
        expect(page.get_by_role("heading", name=name)).to_be_visible()

    organization.post_action(second, "depart", stop=1)
    organization.post_action(second, "check-out")
    page.reload()
    expect(page.get_by_text("Passengers dropped off")).to_be_visible()
    expect(page.locator("svg.map .vehicle")).to_have_count(1)


def test_tracking_page_says_how_long_there_was_no_signal(organization: DispatchOrganization, page: Page) -> None:
    [trip] = organization.create_assignments(organization.create_driver(), timedelta(minutes=20))
    organization.post_action(trip, "check-in", at=(datetime.now(UTC) - timedelta(minutes=10)).isoformat())
    organization.send_positions(trip, BROOKLYN, seconds_ago=290)
    page.goto(organization.create_tracking_link(trip))
    expect(page.get_by_text("No signal for 4 minutes")).to_be_visible()
    expect(page.locator("svg.map .vehicle.old")).to_have_count(1)


def test_tracking_page_with_a_renewed_or_invalid_link_returns_404(
    organization: DispatchOrganization, page: Page
) -> None:
    [trip] = organization.create_assignments(organization.create_driver(), timedelta(minutes=20))
    old = organization.create_tracking_link(trip)
    new = organization.create_tracking_link(trip, renew=True)
    for link, status, heading in (
        (old, 404, "This link is no longer valid"),
        (f"{old[:-6]}AAAAAA", 404, "This link is no longer valid"),
        (new, 200, f"Trip {trip['charter_number']}"),
    ):
        response = page.goto(link)
        assert response is not None
        assert response.status == status
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def test_tracking_page_map_places_stops_by_their_coordinates(organization: DispatchOrganization, page: Page) -> None:
    """North is up: New York above Sayreville above Atlantic City, which lies west of both."""
    [trip] = organization.create_assignments(organization.create_driver(), timedelta(minutes=20))
    page.goto(organization.create_tracking_link(trip))
    marks = [mark.bounding_box() for mark in page.locator("svg.map .stop rect").all()]
    north, middle, south = [(box["x"], box["y"]) for box in marks if box]
    assert north[1] < middle[1] < south[1]
    assert north[0] > middle[0] > south[0]
    assert WALL_ST > CHEESEQUAKE > BOARDWALK
