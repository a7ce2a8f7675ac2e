"""The driver page on a phone: log in with a code, answer, check in, drive; online and offline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Geolocation, Page, Route, expect

from coachway.compliance.rules import SubjectType
from tests.browser.dispatch_builders import NEW_YORK, WALL_ST, DispatchOrganization, Json
from tests.browser.pages import PHONE, assert_accessible
from tests.stack import Stack, eventually

pytestmark = pytest.mark.xdist_group("browser")

OFFICE_PHONE = "+12125550100"
FURTHER = (40.7055, -74.0125)
POSITION_INTERVAL = 10_100
"""The minimum time between two positions in milliseconds."""
SEND_TIMEOUT = 60_000
"""Milliseconds within which waiting actions are sent."""


@pytest.fixture(scope="module")
def organization(stack: Stack) -> DispatchOrganization:
    return DispatchOrganization.create(stack)


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A phone at the pickup that shares its position with pages."""
    context = browser.new_context(viewport=PHONE, permissions=["geolocation"], geolocation=geolocation(WALL_ST))
    yield context
    context.close()


def geolocation(place: tuple[float, float]) -> Geolocation:
    return {"latitude": place[0], "longitude": place[1], "accuracy": 8}


def open_driver_page(organization: DispatchOrganization, phone: BrowserContext, driver: Json) -> Page:
    """The driver page after logging in."""
    page = phone.new_page()
    page.goto(f"{organization.stack.pages_url}/driver?organization={organization.carrier.slug}")
    log_in(organization, page, driver)
    return page


def log_in(organization: DispatchOrganization, page: Page, driver: Json) -> None:
    """Log in with the code that is sent to the driver."""
    page.get_by_label("Your phone number").fill(driver["phone"].removeprefix("+1"))
    before = len(organization.stack.texts(driver["phone"]))
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code").fill(organization.wait_for_code(driver["phone"], after=before))
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Your trips for Harbor Coach")).to_be_visible()


def wait_for_status(organization: DispatchOrganization, assignment: Json, status: str) -> Json:
    """Wait until an assignment has a status; returns it."""

    def find() -> Json | None:
        current = organization.get_assignment(assignment)
        return current if current["status"] == status else None

    return eventually(find, 40, f"the assignment was not {status}")


def recent_positions(organization: DispatchOrganization, assignment: Json) -> list[Json]:
    """The vehicle's positions of the last ten minutes."""
    track = organization.carrier.ask("GET", f"/dispatch/charters/{assignment['charter_id']}/track")
    [vehicle] = track["vehicles"]
    return list(vehicle["path"])


def test_driver_page_accepts_checks_in_drives_and_checks_out(
    organization: DispatchOrganization, phone: BrowserContext
) -> None:
    rosa = organization.create_driver()
    [assignment] = organization.create_assignments(rosa, timedelta(minutes=20))
    page = phone.new_page()
    page.goto(f"{organization.stack.pages_url}/driver")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert_accessible(page)
    page.close()

    page = open_driver_page(organization, phone, rosa)
    card = page.get_by_role("article")
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    for text in (assignment["charter_number"], assignment["vehicle_name"], "New: please answer"):
        expect(card).to_contain_text(text)
    stops = card.get_by_role("listitem")
    expect(stops).to_have_count(3)
    expect(stops.nth(1).get_by_role("link")).to_have_attribute("href", re.compile(r"^geo:40\.4598,-74\.271\?q="))
    expect(page.get_by_role("link", name="Call +1 212-555-0100")).to_have_attribute("href", f"tel:{OFFICE_PHONE}")
    assert_accessible(page)

    with page.expect_download() as download:
        card.get_by_role("button", name="Trip sheet").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")

    card.get_by_role("button", name="Accept").click()
    expect(card).to_contain_text("You drive this trip")
    wait_for_status(organization, assignment, "accepted")

    card.get_by_role("button", name="Check in").click()
    expect(page.get_by_text("Sending your position")).to_be_visible()
    wait_for_status(organization, assignment, "checked_in")
    phone.set_geolocation(geolocation(WALL_ST))
    assert_accessible(page)

    [first, *_] = eventually(lambda: recent_positions(organization, assignment), 60, "no position came")
    assert (first["latitude"], first["longitude"]) == WALL_ST
    expect(page.locator("#strip")).to_contain_text("Last sent")

    card.get_by_role("button", name="Leaving 11 Wall St").click()
    expect(card).to_contain_text("Under way")
    wait_for_status(organization, assignment, "in_progress")
    card.get_by_role("button", name="Leaving Cheesequake").click()
    card.get_by_role("button", name="Check out").click()
    page.get_by_role("button", name="Yes, check out").click()
    current = wait_for_status(organization, assignment, "completed")
    assert current["checked_out_at"] is not None
    expect(card).to_contain_text("Done")
    expect(page.get_by_text("Your position is sent only while you are on duty.")).to_be_visible()


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
        expect(page.locator("#strip")).to_contain_text(f"2 actions and {count}")
    card.get_by_role("button", name="Leaving 11 Wall St").click()
    departed_at = datetime.now(UTC)
    assert_accessible(page)

    page.reload()
    expect(page.locator("#strip")).to_contain_text("3 actions and")
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


def test_driver_page_shows_dates_for_a_trip_over_midnight(
    organization: DispatchOrganization, phone: BrowserContext
) -> None:
    rosa = organization.create_driver()
    late = (datetime.now(NEW_YORK) + timedelta(days=1)).replace(hour=23, minute=30, second=0)
    organization.create_assignments(rosa, late - datetime.now(NEW_YORK))
    card = open_driver_page(organization, phone, rosa).get_by_role("article")
    after = late + timedelta(days=1)
    expect(card).to_contain_text(f"Leave {late:%a, %b} {late.day}, 11:")
    expect(card).to_contain_text(f"Arrive {after:%a, %b} {after.day}, 2:")


def test_driver_page_declines_a_trip_with_a_reason(organization: DispatchOrganization, phone: BrowserContext) -> None:
    rosa = organization.create_driver()
    [assignment] = organization.create_assignments(rosa, timedelta(days=1))
    page = open_driver_page(organization, phone, rosa)
    expect(page.get_by_role("heading", name="Tomorrow")).to_be_visible()
    card = page.get_by_role("article")
    card.get_by_role("button", name="Decline").click()
    page.get_by_role("button", name="Decline the trip").click()
    expect(page.get_by_text("Say why, so that the office can plan.")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Why can you not drive it?").fill("My child is ill.")
    page.get_by_role("button", name="Decline the trip").click()
    assert wait_for_status(organization, assignment, "declined")["reason"] == "My child is ill."


def test_driver_page_takes_over_a_trip_in_a_recovery(stack: Stack, phone: BrowserContext) -> None:
    organization = DispatchOrganization.create(stack)
    organization.carrier.ask("PUT", "/organization", {"recovery_answer_minutes": 1440})
    [assignment] = organization.create_assignments(organization.create_driver(), timedelta(hours=2))
    sam, spare = organization.create_driver(), organization.create_vehicle()
    page = open_driver_page(organization, phone, sam)
    expect(page.get_by_text("No trips for you")).to_be_visible()
    breakdown = {"assignment_id": assignment["id"], "reason": "breakdown"}
    organization.carrier.ask("POST", "/dispatch/recoveries", breakdown)
    eventually(lambda: "can you take over" in "".join(text["body"] for text in stack.texts(sam["phone"])), 60)

    page.get_by_role("button", name="Refresh").click()
    card = page.get_by_role("article")
    for text in (assignment["charter_number"], spare["name"], "Answer by", "1901 Boardwalk"):
        expect(card).to_contain_text(text)
    expect(card.locator("time.left")).to_have_text(re.compile(r"^2[34] hours left$"))
    assert_accessible(page)
    card.get_by_role("button", name="Take it over").click()
    expect(card).to_contain_text("You drive this trip")
    expect(page.get_by_role("heading", name="Can you take over?")).to_have_count(0)
    assert wait_for_status(organization, assignment, "released")


def test_driver_page_shows_an_api_error_and_continues(
    organization: DispatchOrganization, phone: BrowserContext
) -> None:
    rosa = organization.create_driver()
    [assignment] = organization.create_assignments(rosa, timedelta(minutes=20))
    organization.approve_documents(SubjectType.DRIVER, rosa["id"], missing=1)
    page = open_driver_page(organization, phone, rosa)
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Check in").click()
    alert = page.get_by_role("alert").filter(has_text="Going on duty")
    expect(alert).to_contain_text("drivers_license")
    expect(page.get_by_role("article")).to_contain_text("You drive this trip")
    wait_for_status(organization, assignment, "accepted")
    page.get_by_role("button", name="Understood").click()
    expect(page.get_by_text("was not taken")).to_have_count(0)


def test_driver_page_without_geolocation_explains_what_to_do(
    organization: DispatchOrganization, browser: Browser
) -> None:
    rosa = organization.create_driver()
    organization.create_assignments(rosa, timedelta(minutes=20))
    context = browser.new_context(viewport=PHONE)
    page = open_driver_page(organization, context, rosa)
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Check in").click()
    expect(page.get_by_text("This page may not see your position")).to_be_visible()
    expect(page.get_by_role("button", name="Leaving 11 Wall St")).to_be_visible()
    context.close()


def test_driver_page_renews_the_session_and_keeps_actions_after_its_end(
    organization: DispatchOrganization, phone: BrowserContext
) -> None:
    rosa = organization.create_driver()
    [assignment] = organization.create_assignments(rosa, timedelta(minutes=20))
    page = open_driver_page(organization, phone, rosa)
    accept = page.get_by_role("button", name="Accept")
    expect(accept).to_be_visible()
    phone.clear_cookies(name="coachway_session")  # as after fifteen minutes
    accept.click()
    wait_for_status(organization, assignment, "accepted")
    expect(page.get_by_text("Waiting to be sent")).to_have_count(0)

    phone.clear_cookies()  # as when somebody has ended the session elsewhere
    page.get_by_role("button", name="Check in").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(page.get_by_role("alert").first).to_contain_text("What waits on this phone is sent when you have.")
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
    expect(page.get_by_text("Looking for your trips")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(0)
    held_routes[0].continue_()
    page.unroute("**/dispatch/assignments?*")
    expect(page.get_by_text("No trips for you")).to_be_visible()
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
    page.evaluate("document.querySelector('#trips button').click()")  # positions go on meanwhile, as this does
    page.wait_for_timeout(2_000)
    page.get_by_label("Code").fill(code)
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
    new.get_by_role("button", name="Log out all the same").click()
    expect(new.get_by_label("Your phone number")).to_be_visible()
    expect(old.get_by_label("Your phone number")).to_be_visible(timeout=SEND_TIMEOUT)  # it tries again by itself
    phone.unroute("**/accept")
    log_in(organization, new, sam)
    expect(new.get_by_text("No trips for you")).to_be_visible()
    assert organization.get_assignment(assignment)["status"] == "offered"
    new.get_by_role("button", name="Log out").click()
    log_in(organization, old, rosa)
    wait_for_status(organization, assignment, "accepted")


@pytest.mark.parametrize("clock_error", [timedelta(hours=3), -timedelta(hours=3)], ids=["ahead", "behind"])
def test_driver_page_with_a_wrong_clock_sends_correct_times(
    organization: DispatchOrganization, phone: BrowserContext, clock_error: timedelta
) -> None:
    rosa = organization.create_driver()
    [assignment] = organization.create_assignments(rosa, timedelta(minutes=20))
    page = phone.new_page()
    page.clock.install(time=datetime.now(UTC) + clock_error)
    page.goto(f"{organization.stack.pages_url}/driver?organization={organization.carrier.slug}")
    log_in(organization, page, rosa)
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Check in").click()
    current = wait_for_status(organization, assignment, "checked_in")
    assert abs(datetime.fromisoformat(current["checked_in_at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    phone.set_geolocation(geolocation(WALL_ST))
    [first, *_] = eventually(lambda: recent_positions(organization, assignment), 60, "no position came")
    assert abs(datetime.fromisoformat(first["recorded_at"]) - datetime.now(UTC)) < timedelta(minutes=3)


def test_driver_page_shows_a_trip_of_many_days_until_check_out(
    organization: DispatchOrganization, phone: BrowserContext
) -> None:
    rosa = organization.create_driver()
    [assignment] = organization.create_assignments(rosa, timedelta(minutes=20))
    organization.post_action(assignment, "check-in")
    organization.post_action(assignment, "depart", stop=0)
    first, second, last = organization.get_assignment(assignment)["stops"]
    three_days = timedelta(days=3)
    reached = {**second, "address": "Forked River Service Area, NJ", "arrived_at": datetime.now(UTC).isoformat()}
    organization.overwrite_assignment(
        assignment,
        starts_at=datetime.fromisoformat(assignment["starts_at"]) - three_days,
        stops=[first, second, reached, last],  # it passed the second without stopping
    )
    page = open_driver_page(organization, phone, rosa)
    card = page.get_by_role("article")
    expect(card).to_contain_text("Under way")
    card.get_by_role("button", name="Leaving Forked River").click()
    expect(card.get_by_role("button", name="Leaving")).to_have_count(0)
    eventually(lambda: organization.get_assignment(assignment)["stops"][2]["departed_at"], 40, "it was not left")
    organization.overwrite_assignment(assignment, status="completed")
    page.get_by_role("button", name="Refresh").click()
    expect(card).to_contain_text("Done")
    card.get_by_role("button", name="Check out").click()
    page.get_by_role("button", name="Yes, check out").click()
    eventually(lambda: organization.get_assignment(assignment)["checked_out_at"], 40, "nobody checked out")
    expect(card.get_by_role("button", name="Check out")).to_have_count(0)


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


def test_driver_page_without_javascript_explains_that_it_is_required(
    organization: DispatchOrganization, browser: Browser
) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{organization.stack.pages_url}/driver")
    expect(page.get_by_text("This page needs JavaScript")).to_be_visible()
    context.close()
