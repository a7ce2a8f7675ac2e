"""Somebody who waits for a coach opens the live link on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.test_quote_page import DESK, PHONE, must_be_accessible
from tests.browser.trips import BOARDWALK, CHEESEQUAKE, WALL_ST, Depot, along
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("browser")

BROOKLYN = (40.6950, -73.9900)


@pytest.fixture(scope="module")
def depot(stack: Stack) -> Depot:
    return Depot.opened(stack)


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page on which script does not run."""
    size: ViewportSize = request.param
    context = browser.new_context(viewport=size, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_a_trip_is_followed_from_before_check_in_to_after_the_drop_off(
    depot: Depot, browser: Browser, page: Page
) -> None:
    size = page.viewport_size or PHONE
    [trip] = depot.trip(depot.driver(), timedelta(minutes=20))
    link = depot.link(trip)
    coach = page.locator("svg.map .vehicle")

    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Trip {trip['charter_number']}")
    expect(page.get_by_role("heading", name="Not on its way yet")).to_be_visible()
    expect(page.locator("svg.map .stop")).to_have_count(3)
    expect(coach).to_have_count(0)
    assert page.locator("noscript meta[http-equiv=refresh]").count() == 1
    must_be_accessible(browser, link, size)

    depot.duty(trip, "check-in")
    depot.seen(trip, *along(BROOKLYN, (40.7000, -74.0000), 6))
    page.reload()
    expect(page.get_by_text("On the way to you at 11 Wall St")).to_be_visible()
    expect(page.get_by_text("any moment now").or_(page.get_by_text("in about"))).to_be_visible()
    expect(coach).to_have_count(1)
    must_be_accessible(browser, link, size)

    depot.duty(trip, "depart", stop=0)
    depot.seen(trip, *along((40.69, -74.03), (40.65, -74.10), 6))
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("On the way to Cheesequake Service Area")).to_be_visible()
    expect(page.get_by_text("Left at")).to_be_visible()
    expect(page.get_by_role("img", name="Map of the 3 stops")).to_be_visible()
    expect(page.locator("svg.map .trail")).to_have_count(1)
    must_be_accessible(browser, link, size)

    depot.duty(trip, "depart", stop=1)
    depot.duty(trip, "check-out")
    page.reload()
    expect(page.get_by_role("heading", name="The trip is over")).to_be_visible()
    expect(coach).to_have_count(0)
    expect(page.locator("svg.map .trail")).to_have_count(0)
    assert page.locator("noscript meta[http-equiv=refresh]").count() == 0
    must_be_accessible(browser, link, size)


def test_the_page_looks_again_by_itself_and_asks_nobody_else(depot: Depot, browser: Browser) -> None:
    [trip] = depot.trip(depot.driver(), timedelta(minutes=20))
    link = depot.link(trip)
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    asked: list[str] = []
    troubles: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.clock.install()
    page.goto(link)
    expect(page.get_by_role("heading", name="Not on its way yet")).to_be_visible()
    depot.duty(trip, "check-in")
    depot.seen(trip, BROOKLYN)
    page.clock.fast_forward(16_000)
    doing = page.locator("p.doing")
    expect(doing).to_have_text("On the way to you at 11 Wall St")
    expect(page.locator("svg.map .vehicle")).to_have_count(1)
    expect(page.get_by_role("status")).to_have_text("On the way to you at 11 Wall St")

    context.set_offline(True)
    page.clock.fast_forward(16_000)
    expect(doing).to_be_visible()
    context.set_offline(False)
    assert {url for url in asked if not url.startswith((depot.stack.config.public_url, "data:"))} == set()
    assert [each for each in troubles if "ERR_INTERNET_DISCONNECTED" not in each] == []
    context.close()


def test_of_two_vehicles_each_is_shown_until_it_has_arrived(depot: Depot, page: Page) -> None:
    first, second = depot.trip(depot.driver(), timedelta(minutes=20), vehicles=2, second=depot.driver())
    for trip in (first, second):
        depot.duty(trip, "check-in")
        depot.duty(trip, "depart", stop=0)
    depot.seen(first, *along(WALL_ST, (40.60, -74.20), 4))
    depot.seen(second, *along(WALL_ST, (40.66, -74.10), 4))
    page.goto(depot.link(first))
    expect(page.locator("svg.map .vehicle")).to_have_count(2)
    for trip in (first, second):
        name = f"{trip['vehicle_number']} · {trip['vehicle_name']}"
        expect(page.get_by_role("heading", name=name)).to_be_visible()

    depot.duty(second, "depart", stop=1)
    depot.duty(second, "check-out")
    page.reload()
    expect(page.get_by_text("Has dropped its passengers off")).to_be_visible()
    expect(page.locator("svg.map .vehicle")).to_have_count(1)


def test_a_tunnel_is_said_to_be_one(depot: Depot, page: Page) -> None:
    [trip] = depot.trip(depot.driver(), timedelta(minutes=20))
    depot.duty(trip, "check-in", at=(datetime.now(UTC) - timedelta(minutes=10)).isoformat())
    depot.seen(trip, BROOKLYN, ago=290)
    page.goto(depot.link(trip))
    expect(page.get_by_text("No signal for 4 minutes")).to_be_visible()
    expect(page.locator("svg.map .vehicle.old")).to_have_count(1)


def test_a_link_that_was_renewed_or_never_made_says_so(depot: Depot, page: Page) -> None:
    [trip] = depot.trip(depot.driver(), timedelta(minutes=20))
    old = depot.link(trip)
    new = depot.link(trip, renew=True)
    for link, status, heading in (
        (old, 404, "This link does not open any more"),
        (f"{old[:-6]}AAAAAA", 404, "This link does not open any more"),
        (new, 200, f"Trip {trip['charter_number']}"),
    ):
        answer = page.goto(link)
        assert answer is not None
        assert answer.status == status
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def test_the_places_of_the_trip_are_where_they_should_be_on_the_map(depot: Depot, page: Page) -> None:
    """North is up: New York above Sayreville above Atlantic City, which lies west of both."""
    [trip] = depot.trip(depot.driver(), timedelta(minutes=20))
    page.goto(depot.link(trip))
    marks = [mark.bounding_box() for mark in page.locator("svg.map .stop rect").all()]
    north, middle, south = [(box["x"], box["y"]) for box in marks if box]
    assert north[1] < middle[1] < south[1]
    assert north[0] > middle[0] > south[0]
    assert WALL_ST > CHEESEQUAKE > BOARDWALK
