"""A driver works on a phone: logs in by a code, answers, goes on duty, drives, with and without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Geolocation, Page, Route, expect

from coachway.compliance.rules import SubjectType
from tests.browser.test_quote_page import PHONE
from tests.browser.trips import NEW_YORK, WALL_ST, Depot, Json
from tests.stack import Stack, eventually

pytestmark = pytest.mark.xdist_group("browser")

OFFICE = "+12125550100"
FURTHER = (40.7055, -74.0125)
BETWEEN = 10_100
"""Milliseconds between points, at the least."""
A_WHILE = 60_000
"""Milliseconds in which what waits is surely sent."""


@pytest.fixture(scope="module")
def depot(stack: Stack) -> Depot:
    return Depot.opened(stack)


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A telephone at the pick-up, whose owner lets pages see where it is."""
    context = browser.new_context(viewport=PHONE, permissions=["geolocation"], geolocation=at(WALL_ST))
    yield context
    context.close()


def at(place: tuple[float, float]) -> Geolocation:
    return {"latitude": place[0], "longitude": place[1], "accuracy": 8}


def opened(depot: Depot, phone: BrowserContext, driver: Json) -> Page:
    """The drivers' page, logged in."""
    page = phone.new_page()
    page.goto(f"{depot.stack.pages_url}/driver?organization={depot.carrier.slug}")
    log_in(depot, page, driver)
    return page


def log_in(depot: Depot, page: Page, driver: Json) -> None:
    """By the code that the driver is sent."""
    page.get_by_label("Your phone number").fill(driver["phone"].removeprefix("+1"))
    before = len(depot.stack.texts(driver["phone"]))
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code").fill(depot.code(driver["phone"], after=before))
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Your trips for Harbor Coach")).to_be_visible()


def must_be_accessible(page: Page) -> None:
    """No finding of axe's that is serious or critical."""
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in {"serious", "critical"}] == []


def becomes(depot: Depot, trip: Json, status: str) -> Json:
    """The assignment, once it is in a status."""

    def look() -> Json | None:
        known = depot.now(trip)
        return known if known["status"] == status else None

    return eventually(look, 40, f"the assignment was not {status}")


def positions(depot: Depot, trip: Json) -> list[Json]:
    """What the office sees of the last ten minutes."""
    track = depot.carrier.ask("GET", f"/dispatch/charters/{trip['charter_id']}/track")
    [vehicle] = track["vehicles"]
    return list(vehicle["path"])


def test_a_driver_answers_goes_on_duty_and_drives(depot: Depot, phone: BrowserContext) -> None:
    rosa = depot.driver()
    [trip] = depot.trip(rosa, timedelta(minutes=20))
    page = phone.new_page()
    page.goto(f"{depot.stack.pages_url}/driver")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    must_be_accessible(page)
    page.close()

    page = opened(depot, phone, rosa)
    card = page.get_by_role("article")
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    for said in (trip["charter_number"], trip["vehicle_name"], "New: please answer"):
        expect(card).to_contain_text(said)
    stops = card.get_by_role("listitem")
    expect(stops).to_have_count(3)
    expect(stops.nth(1).get_by_role("link")).to_have_attribute("href", re.compile(r"^geo:40\.4598,-74\.271\?q="))
    expect(page.get_by_role("link", name="Call +1 212-555-0100")).to_have_attribute("href", f"tel:{OFFICE}")
    must_be_accessible(page)

    with page.expect_download() as download:
        card.get_by_role("button", name="Trip sheet").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")

    card.get_by_role("button", name="Accept").click()
    expect(card).to_contain_text("You drive this trip")
    becomes(depot, trip, "accepted")

    card.get_by_role("button", name="Check in").click()
    expect(page.get_by_text("Sending your position")).to_be_visible()
    becomes(depot, trip, "checked_in")
    phone.set_geolocation(at(WALL_ST))
    must_be_accessible(page)

    [first, *_] = eventually(lambda: positions(depot, trip), 60, "no position came")
    assert (first["latitude"], first["longitude"]) == WALL_ST
    expect(page.locator("#strip")).to_contain_text("Last sent")

    card.get_by_role("button", name="Leaving 11 Wall St").click()
    expect(card).to_contain_text("Under way")
    becomes(depot, trip, "in_progress")
    card.get_by_role("button", name="Leaving Cheesequake").click()
    card.get_by_role("button", name="Check out").click()
    page.get_by_role("button", name="Yes, check out").click()
    known = becomes(depot, trip, "completed")
    assert known["checked_out_at"] is not None
    expect(card).to_contain_text("Done")
    expect(page.get_by_text("Your position is sent only while you are on duty.")).to_be_visible()


def test_what_is_done_without_network_is_kept_over_a_reload_and_sent_in_order(
    depot: Depot, phone: BrowserContext
) -> None:
    rosa = depot.driver()
    [trip] = depot.trip(rosa, timedelta(minutes=20))
    page = opened(depot, phone, rosa)
    card = page.get_by_role("article")
    expect(card.get_by_role("button", name="Accept")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready")
    phone.set_offline(True)

    card.get_by_role("button", name="Accept").click()
    card.get_by_role("button", name="Check in").click()
    expect(page.get_by_text("No network", exact=True)).to_be_visible()
    expect(card).to_contain_text("Waiting to be sent: Accepting, Going on duty")
    for kept, place in (("1 position", WALL_ST), ("2 positions", FURTHER)):
        page.wait_for_timeout(BETWEEN)
        phone.set_geolocation(at(place))
        expect(page.locator("#strip")).to_contain_text(f"2 actions and {kept}")
    card.get_by_role("button", name="Leaving 11 Wall St").click()
    left = datetime.now(UTC)
    must_be_accessible(page)

    page.reload()
    expect(page.locator("#strip")).to_contain_text("3 actions and")
    expect(card).to_contain_text("Waiting to be sent: Accepting, Going on duty, Leaving the stop")
    expect(card).to_contain_text("Under way")
    assert depot.now(trip)["status"] == "offered"

    phone.set_offline(False)
    known = becomes(depot, trip, "in_progress")
    expect(page.get_by_text("Waiting to be sent")).to_have_count(0, timeout=A_WHILE)
    departed = datetime.fromisoformat(known["stops"][0]["departed_at"])
    assert abs(departed - left) < timedelta(seconds=5)
    assert datetime.fromisoformat(known["checked_in_at"]) < departed - timedelta(seconds=5)
    there = [(each["latitude"], each["longitude"]) for each in positions(depot, trip)]
    assert there[0] == WALL_ST
    assert there == sorted(there, reverse=True)
    assert FURTHER in there


def test_a_page_that_was_seen_opens_without_network(depot: Depot, phone: BrowserContext) -> None:
    rosa = depot.driver()
    depot.trip(rosa, timedelta(minutes=20))
    page = opened(depot, phone, rosa)
    expect(page.get_by_role("article")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready")
    page.close()
    phone.set_offline(True)
    page = phone.new_page()
    page.goto(f"{depot.stack.pages_url}/driver")
    expect(page.get_by_role("article")).to_contain_text("11 Wall St")
    expect(page.get_by_text("No network", exact=True)).to_be_visible()


def test_a_trip_over_midnight_names_the_day_of_each_time(depot: Depot, phone: BrowserContext) -> None:
    rosa = depot.driver()
    late = (datetime.now(NEW_YORK) + timedelta(days=1)).replace(hour=23, minute=30, second=0)
    depot.trip(rosa, late - datetime.now(NEW_YORK))
    card = opened(depot, phone, rosa).get_by_role("article")
    after = late + timedelta(days=1)
    expect(card).to_contain_text(f"Leave {late:%a, %b} {late.day}, 11:")
    expect(card).to_contain_text(f"Arrive {after:%a, %b} {after.day}, 2:")


def test_a_trip_is_declined_with_a_reason(depot: Depot, phone: BrowserContext) -> None:
    rosa = depot.driver()
    [trip] = depot.trip(rosa, timedelta(days=1))
    page = opened(depot, phone, rosa)
    expect(page.get_by_role("heading", name="Tomorrow")).to_be_visible()
    card = page.get_by_role("article")
    card.get_by_role("button", name="Decline").click()
    page.get_by_role("button", name="Decline the trip").click()
    expect(page.get_by_text("Say why, so that the office can plan.")).to_be_visible()
    must_be_accessible(page)
    page.get_by_label("Why can you not drive it?").fill("My child is ill.")
    page.get_by_role("button", name="Decline the trip").click()
    assert becomes(depot, trip, "declined")["reason"] == "My child is ill."


def test_a_trip_of_somebody_who_fell_out_is_taken_over(stack: Stack, phone: BrowserContext) -> None:
    depot = Depot.opened(stack)
    depot.carrier.ask("PUT", "/organization", {"recovery_answer_minutes": 1440})
    [trip] = depot.trip(depot.driver(), timedelta(hours=2))
    sam, spare = depot.driver(), depot.vehicle()
    page = opened(depot, phone, sam)
    expect(page.get_by_text("No trips for you")).to_be_visible()
    lost = {"assignment_id": trip["id"], "reason": "breakdown"}
    depot.carrier.ask("POST", "/dispatch/recoveries", lost)
    eventually(lambda: "can you take over" in "".join(each["body"] for each in stack.texts(sam["phone"])), 60)

    page.get_by_role("button", name="Refresh").click()
    card = page.get_by_role("article")
    for said in (trip["charter_number"], spare["name"], "Answer by", "1901 Boardwalk"):
        expect(card).to_contain_text(said)
    expect(card.locator("time.left")).to_have_text(re.compile(r"^2[34] hours left$"))
    must_be_accessible(page)
    card.get_by_role("button", name="Take it over").click()
    expect(card).to_contain_text("You drive this trip")
    expect(page.get_by_role("heading", name="Can you take over?")).to_have_count(0)
    assert becomes(depot, trip, "released")


def test_a_refusal_is_told_in_the_words_of_the_api_and_the_rest_goes_on(depot: Depot, phone: BrowserContext) -> None:
    rosa = depot.driver()
    [trip] = depot.trip(rosa, timedelta(minutes=20))
    depot.papers(SubjectType.DRIVER, rosa["id"], but=1)
    page = opened(depot, phone, rosa)
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Check in").click()
    told = page.get_by_role("alert").filter(has_text="Going on duty")
    expect(told).to_contain_text("drivers_license")
    expect(page.get_by_role("article")).to_contain_text("You drive this trip")
    becomes(depot, trip, "accepted")
    page.get_by_role("button", name="Understood").click()
    expect(page.get_by_text("was not taken")).to_have_count(0)


def test_a_phone_that_tells_no_position_says_what_to_do(depot: Depot, browser: Browser) -> None:
    rosa = depot.driver()
    depot.trip(rosa, timedelta(minutes=20))
    context = browser.new_context(viewport=PHONE)
    page = opened(depot, context, rosa)
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Check in").click()
    expect(page.get_by_text("This page may not see your position")).to_be_visible()
    expect(page.get_by_role("button", name="Leaving 11 Wall St")).to_be_visible()
    context.close()


def test_a_session_is_renewed_by_itself_and_its_end_keeps_what_waits(depot: Depot, phone: BrowserContext) -> None:
    rosa = depot.driver()
    [trip] = depot.trip(rosa, timedelta(minutes=20))
    page = opened(depot, phone, rosa)
    accept = page.get_by_role("button", name="Accept")
    expect(accept).to_be_visible()
    phone.clear_cookies(name="coachway_session")  # as after fifteen minutes
    accept.click()
    becomes(depot, trip, "accepted")
    expect(page.get_by_text("Waiting to be sent")).to_have_count(0)

    phone.clear_cookies()  # as when somebody has ended the session elsewhere
    page.get_by_role("button", name="Check in").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(page.get_by_role("alert").first).to_contain_text("What waits on this phone is sent when you have.")
    log_in(depot, page, rosa)
    becomes(depot, trip, "checked_in")


def test_what_one_driver_did_is_not_sent_for_the_next_on_the_same_phone(depot: Depot, phone: BrowserContext) -> None:
    rosa, sam = depot.driver(), depot.driver()
    [trip] = depot.trip(rosa, timedelta(minutes=20))
    page = opened(depot, phone, rosa)
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    phone.clear_cookies()
    page.get_by_role("button", name="Accept").click()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/dispatch/assignments?*", hold)
    log_in(depot, page, sam)
    expect(page.get_by_text("Looking for your trips")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(0)
    held[0].continue_()
    page.unroute("**/dispatch/assignments?*")
    expect(page.get_by_text("No trips for you")).to_be_visible()
    expect(page.get_by_text("Connected")).to_be_visible()
    page.get_by_role("button", name="Refresh").click()
    assert depot.now(trip)["status"] == "offered"
    page.get_by_role("button", name="Log out").click()
    log_in(depot, page, rosa)
    becomes(depot, trip, "accepted")


def test_a_session_that_ends_on_duty_does_not_disturb_who_logs_in_again(depot: Depot, phone: BrowserContext) -> None:
    rosa = depot.driver()
    [trip] = depot.trip(rosa, timedelta(minutes=20))
    depot.duty(trip, "check-in")
    page = opened(depot, phone, rosa)
    leaving = page.locator("#trips button", has_text="Leaving 11 Wall St")
    expect(leaving).to_be_visible()
    phone.clear_cookies()
    leaving.click()
    page.get_by_label("Your phone number").fill(rosa["phone"])
    before = len(depot.stack.texts(rosa["phone"]))
    page.get_by_role("button", name="Send me a code").click()
    code = depot.code(rosa["phone"], after=before)
    expect(page.get_by_label("Code")).to_be_visible()
    page.evaluate("document.querySelector('#trips button').click()")  # positions go on meanwhile, as this does
    page.wait_for_timeout(2_000)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Log in").click()
    becomes(depot, trip, "in_progress")


def test_logging_out_in_one_window_ends_the_other_and_loses_nothing(depot: Depot, phone: BrowserContext) -> None:
    rosa, sam = depot.driver(), depot.driver()
    [trip] = depot.trip(rosa, timedelta(minutes=20))
    old = opened(depot, phone, rosa)
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
    expect(old.get_by_label("Your phone number")).to_be_visible(timeout=A_WHILE)  # it tries again by itself
    phone.unroute("**/accept")
    log_in(depot, new, sam)
    expect(new.get_by_text("No trips for you")).to_be_visible()
    assert depot.now(trip)["status"] == "offered"
    new.get_by_role("button", name="Log out").click()
    log_in(depot, old, rosa)
    becomes(depot, trip, "accepted")


@pytest.mark.parametrize("wrong", [timedelta(hours=3), -timedelta(hours=3)], ids=["ahead", "behind"])
def test_a_phone_whose_clock_is_wrong_tells_true_times(depot: Depot, phone: BrowserContext, wrong: timedelta) -> None:
    rosa = depot.driver()
    [trip] = depot.trip(rosa, timedelta(minutes=20))
    page = phone.new_page()
    page.clock.install(time=datetime.now(UTC) + wrong)
    page.goto(f"{depot.stack.pages_url}/driver?organization={depot.carrier.slug}")
    log_in(depot, page, rosa)
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Check in").click()
    known = becomes(depot, trip, "checked_in")
    assert abs(datetime.fromisoformat(known["checked_in_at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    phone.set_geolocation(at(WALL_ST))
    [first, *_] = eventually(lambda: positions(depot, trip), 60, "no position came")
    assert abs(datetime.fromisoformat(first["recorded_at"]) - datetime.now(UTC)) < timedelta(minutes=3)


def test_a_trip_of_many_days_stays_on_the_page_until_its_driver_is_home(depot: Depot, phone: BrowserContext) -> None:
    rosa = depot.driver()
    [trip] = depot.trip(rosa, timedelta(minutes=20))
    depot.duty(trip, "check-in")
    depot.duty(trip, "depart", stop=0)
    first, second, last = depot.now(trip)["stops"]
    three_days = timedelta(days=3)
    came = {**second, "address": "Forked River Service Area, NJ", "arrived_at": datetime.now(UTC).isoformat()}
    depot.rewritten(
        trip,
        starts_at=datetime.fromisoformat(trip["starts_at"]) - three_days,
        stops=[first, second, came, last],  # it drove past the second
    )
    page = opened(depot, phone, rosa)
    card = page.get_by_role("article")
    expect(card).to_contain_text("Under way")
    card.get_by_role("button", name="Leaving Forked River").click()
    expect(card.get_by_role("button", name="Leaving")).to_have_count(0)
    eventually(lambda: depot.now(trip)["stops"][2]["departed_at"], 40, "it was not left")
    depot.rewritten(trip, status="completed")
    page.get_by_role("button", name="Refresh").click()
    expect(card).to_contain_text("Done")
    card.get_by_role("button", name="Check out").click()
    page.get_by_role("button", name="Yes, check out").click()
    eventually(lambda: depot.now(trip)["checked_out_at"], 40, "nobody checked out")
    expect(card.get_by_role("button", name="Check out")).to_have_count(0)


def test_nothing_is_asked_of_anybody_else_and_nothing_is_left_after_logging_out(
    depot: Depot, phone: BrowserContext
) -> None:
    rosa = depot.driver()
    depot.trip(rosa, timedelta(minutes=20))
    asked: list[str] = []
    troubles: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    phone.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page = opened(depot, phone, rosa)
    expect(page.get_by_role("article")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(page.get_by_text("Rosa")).to_have_count(0)
    assert {cookie["name"] for cookie in phone.cookies()} == set()
    assert {url for url in asked if not url.startswith((depot.stack.config.public_url, "data:"))} == set()
    assert troubles == []


def test_without_script_the_page_says_what_it_needs(depot: Depot, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{depot.stack.pages_url}/driver")
    expect(page.get_by_text("This page needs JavaScript")).to_be_visible()
    context.close()
