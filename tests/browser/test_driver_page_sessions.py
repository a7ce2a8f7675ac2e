"""The driver page on a phone: sessions, several windows, wrong clocks, and work without a network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.browser.dispatch_builders import WALL_ST, DispatchOrganization
from tests.browser.driver_page_builders import geolocation, log_in, open_driver_page, recent_positions, wait_for_status
from tests.browser.pages import assert_accessible
from tests.stack import Stack, eventually

pytestmark = pytest.mark.xdist_group("driver-page")

FURTHER = (40.7055, -74.0125)
POSITION_INTERVAL = 10_100
"""The minimum time between two positions in milliseconds."""
SEND_TIMEOUT = 60_000
"""Milliseconds within which waiting actions are sent."""


@pytest.fixture(scope="module")
def organization(stack: Stack) -> DispatchOrganization:
    return DispatchOrganization.create(stack)


def test_driver_page_renews_the_session_and_keeps_actions_after_its_end(
    organization: DispatchOrganization, phone: BrowserContext
) -> None:
    rosa = organization.create_driver()
    [assignment] = organization.create_assignments(rosa, timedelta(minutes=20))
    page = open_driver_page(organization, phone, rosa)
    accept = page.get_by_role("button", name="Accept")
    expect(accept).to_be_visible()
    phone.clear_cookies(name="coachway_session")  # as when the session expires
    accept.click()
    wait_for_status(organization, assignment, "accepted")
    expect(page.get_by_text("Waiting to be sent")).to_have_count(0)

    phone.clear_cookies()  # as when the session was ended elsewhere
    page.get_by_role("button", name="Check in").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(page.get_by_role("alert").first).to_contain_text("Actions stored on this phone are sent after you log in.")
    log_in(organization, page, rosa)
    wait_for_status(organization, assignment, "checked_in")


def test_driver_page_does_not_send_actions_of_another_driver(
    organization: DispatchOrganization, phone: BrowserContext
) -> None:
    rosa, sam = organization.create_driver(), organization.create_driver()
    [assignment] = organization.create_assignments(rosa, timedelta(minutes=20))
    page = open_driver_page(organization, phone, rosa)
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    phone.clear_cookies()
    page.get_by_role("button", name="Accept").click()
    held_routes: list[Route] = []

    def hold_route(route: Route) -> None:
        held_routes.append(route)

    page.route("**/dispatch/assignments?*", hold_route)
    log_in(organization, page, sam)
    expect(page.get_by_text("Loading your trips")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(0)
    held_routes[0].continue_()
    page.unroute("**/dispatch/assignments?*")
    expect(page.get_by_text("You have no trips")).to_be_visible()
    expect(page.get_by_text("Connected")).to_be_visible()
    page.get_by_role("button", name="Refresh").click()
    assert organization.get_assignment(assignment)["status"] == "offered"
    page.get_by_role("button", name="Log out").click()
    log_in(organization, page, rosa)
    wait_for_status(organization, assignment, "accepted")


def test_driver_page_logs_in_again_while_on_duty(organization: DispatchOrganization, phone: BrowserContext) -> None:
    rosa = organization.create_driver()
    [assignment] = organization.create_assignments(rosa, timedelta(minutes=20))
    organization.post_action(assignment, "check-in")
    page = open_driver_page(organization, phone, rosa)
    leaving = page.locator("#trips button", has_text="Leaving 11 Wall St")
    expect(leaving).to_be_visible()
    phone.clear_cookies()
    leaving.click()
    page.get_by_label("Your phone number").fill(rosa["phone"])
    before = len(organization.stack.texts(rosa["phone"]))
    page.get_by_role("button", name="Send me a code").click()
    code = organization.wait_for_code(rosa["phone"], after=before)
    expect(page.get_by_label("Code")).to_be_visible()
    page.evaluate("document.querySelector('#trips button').click()")  # as when a position is sent meanwhile
    page.wait_for_timeout(2_000)
    page.get_by_label("Code").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Log in").click()
    wait_for_status(organization, assignment, "in_progress")


def test_driver_page_log_out_ends_other_windows_and_keeps_actions(
    organization: DispatchOrganization, phone: BrowserContext
) -> None:
    rosa, sam = organization.create_driver(), organization.create_driver()
    [assignment] = organization.create_assignments(rosa, timedelta(minutes=20))
    old = open_driver_page(organization, phone, rosa)
    expect(old.get_by_role("button", name="Accept")).to_be_visible()
    phone.route("**/accept", lambda route: route.abort())
    old.get_by_role("button", name="Accept").click()
    expect(old.get_by_text("Waiting to be sent: Accepting")).to_be_visible()
    new = phone.new_page()
    new.goto(old.url)
    expect(new.get_by_text("Waiting to be sent: Accepting")).to_be_visible()
    new.get_by_role("button", name="Log out").click()
    new.get_by_role("button", name="Log out anyway").click()
    expect(new.get_by_label("Your phone number")).to_be_visible()
    expect(old.get_by_label("Your phone number")).to_be_visible(timeout=SEND_TIMEOUT)  # its outbox retries
    phone.unroute("**/accept")
    log_in(organization, new, sam)
    expect(new.get_by_text("You have no trips")).to_be_visible()
    assert organization.get_assignment(assignment)["status"] == "offered"
    new.get_by_role("button", name="Log out").click()
    log_in(organization, old, rosa)
    wait_for_status(organization, assignment, "accepted")


def test_driver_page_loads_nothing_external_and_clears_data_on_log_out(
    organization: DispatchOrganization, phone: BrowserContext
) -> None:
    rosa = organization.create_driver()
    organization.create_assignments(rosa, timedelta(minutes=20))
    requested: list[str] = []
    console_errors: list[str] = []
    phone.on("request", lambda request: requested.append(request.url))
    phone.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
    page = open_driver_page(organization, phone, rosa)
    expect(page.get_by_role("article")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(page.get_by_text("Rosa")).to_have_count(0)
    assert {cookie["name"] for cookie in phone.cookies()} == set()
    assert {url for url in requested if not url.startswith((organization.stack.config.public_url, "data:"))} == set()
    assert console_errors == []


def test_driver_page_offline_keeps_actions_over_a_reload_and_sends_them_in_order(
    organization: DispatchOrganization, phone: BrowserContext
) -> None:
    rosa = organization.create_driver()
    [assignment] = organization.create_assignments(rosa, timedelta(minutes=20))
    page = open_driver_page(organization, phone, rosa)
    card = page.get_by_role("article")
    expect(card.get_by_role("button", name="Accept")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready")
    phone.set_offline(True)

    card.get_by_role("button", name="Accept").click()
    card.get_by_role("button", name="Check in").click()
    expect(page.get_by_text("No network", exact=True)).to_be_visible()
    expect(card).to_contain_text("Waiting to be sent: Accepting, Going on duty")
    for count, place in (("1 position", WALL_ST), ("2 positions", FURTHER)):
        page.wait_for_timeout(POSITION_INTERVAL)
        phone.set_geolocation(geolocation(place))
        expect(page.locator("#status-bar")).to_contain_text(f"2 actions and {count}")
    card.get_by_role("button", name="Leaving 11 Wall St").click()
    departed_at = datetime.now(UTC)
    assert_accessible(page)

    page.reload()
    expect(page.locator("#status-bar")).to_contain_text("3 actions and")
    expect(card).to_contain_text("Waiting to be sent: Accepting, Going on duty, Leaving the stop")
    expect(card).to_contain_text("Under way")
    assert organization.get_assignment(assignment)["status"] == "offered"

    phone.set_offline(False)
    current = wait_for_status(organization, assignment, "in_progress")
    expect(page.get_by_text("Waiting to be sent")).to_have_count(0, timeout=SEND_TIMEOUT)
    departed = datetime.fromisoformat(current["stops"][0]["departed_at"])
    assert abs(departed - departed_at) < timedelta(seconds=5)
    assert datetime.fromisoformat(current["checked_in_at"]) < departed - timedelta(seconds=5)
    places = [(position["latitude"], position["longitude"]) for position in recent_positions(organization, assignment)]
    assert places[0] == WALL_ST
    assert places == sorted(places, reverse=True)
    assert FURTHER in places


def test_driver_page_opens_offline_after_a_visit(organization: DispatchOrganization, phone: BrowserContext) -> None:
    rosa = organization.create_driver()
    organization.create_assignments(rosa, timedelta(minutes=20))
    page = open_driver_page(organization, phone, rosa)
    expect(page.get_by_role("article")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready")
    page.close()
    phone.set_offline(True)
    page = phone.new_page()
    page.goto(f"{organization.stack.pages_url}/driver")
    expect(page.get_by_role("article")).to_contain_text("11 Wall St")
    expect(page.get_by_text("No network", exact=True)).to_be_visible()


@pytest.mark.parametrize("clock_error", [timedelta(hours=3), -timedelta(hours=3)], ids=["ahead", "behind"])
def test_driver_page_with_a_wrong_clock_sends_correct_times(
    organization: DispatchOrganization, phone: BrowserContext, clock_error: timedelta
) -> None:
    rosa = organization.create_driver()
    [assignment] = organization.create_assignments(rosa, timedelta(minutes=20))
    page = phone.new_page()
    page.clock.install(time=datetime.now(UTC) + clock_error)
    page.goto(f"{organization.stack.pages_url}/driver?organization={organization.operator.slug}")
    log_in(organization, page, rosa)
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Check in").click()
    current = wait_for_status(organization, assignment, "checked_in")
    assert abs(datetime.fromisoformat(current["checked_in_at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    phone.set_geolocation(geolocation(WALL_ST))
    [first, *_] = eventually(lambda: recent_positions(organization, assignment), 60, "no position was stored")
    assert abs(datetime.fromisoformat(first["recorded_at"]) - datetime.now(UTC)) < timedelta(minutes=3)
