"""The driver page on a phone: answer offers, check in, drive and check out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from coachway.compliance.rules import SubjectType
from tests.browser.dispatch_builders import NEW_YORK, WALL_ST, DispatchOrganization, Json
from tests.browser.driver_page_builders import geolocation, open_driver_page, recent_positions, wait_for_status
from tests.browser.pages import PHONE, assert_accessible
from tests.stack import Stack, eventually

pytestmark = pytest.mark.xdist_group("driver-page")

OFFICE_PHONE = "+12125550100"


@pytest.fixture(scope="module")
def organization(stack: Stack) -> DispatchOrganization:
    return DispatchOrganization.create(stack)


def type_wrong_number(organization: DispatchOrganization, page: Page) -> None:
    """Ask for a code for a wrong number, and go back to correct it."""
    page.get_by_label("Your company's short name").fill(organization.operator.slug)
    page.get_by_label("Your phone number").fill("212-555-0199")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_text("+1 212-555-0199")).to_be_visible()
    page.get_by_role("button", name="Use another number").click()
    expect(page.get_by_label("Your phone number")).to_have_value("212-555-0199")


def undo_check_in(organization: DispatchOrganization, page: Page, assignment: Json) -> None:
    """Undo a check-in, and check in again."""
    card = page.get_by_role("article")
    card.get_by_role("button", name="I am not on duty").click()
    page.get_by_role("button", name="Yes, I am not on duty").click()
    assert wait_for_status(organization, assignment, "accepted")["checked_in_at"] is None
    card.get_by_role("button", name="Check in").click()
    expect(page.get_by_text("No position is sent yet")).to_be_visible()


def test_driver_page_accepts_checks_in_drives_and_checks_out(
    organization: DispatchOrganization, phone: BrowserContext
) -> None:
    rosa = organization.create_driver()
    departure = datetime.now(NEW_YORK) + timedelta(minutes=20)
    [assignment] = organization.create_assignments(rosa, timedelta(minutes=20))
    page = phone.new_page()
    page.goto(f"{organization.stack.pages_url}/driver")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert_accessible(page)
    type_wrong_number(organization, page)
    page.close()

    page = open_driver_page(organization, phone, rosa)
    card = page.get_by_role("article")
    day = "Today" if departure.date() == datetime.now(NEW_YORK).date() else "Tomorrow"
    expect(page.get_by_role("heading", name=day)).to_be_visible()
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
    expect(page.get_by_text("Sending your position", exact=True)).to_be_visible()
    wait_for_status(organization, assignment, "checked_in")
    undo_check_in(organization, page, assignment)
    wait_for_status(organization, assignment, "checked_in")
    phone.set_geolocation(geolocation(WALL_ST))
    assert_accessible(page)

    [first, *_] = eventually(lambda: recent_positions(organization, assignment), 60, "no position was stored")
    assert (first["latitude"], first["longitude"]) == WALL_ST
    status_bar = page.locator("#status-bar")
    try:
        expect(status_bar).to_contain_text("Last sent")
    except AssertionError:
        # Chromium can lose the simulated position on a busy machine; set again, it is a new position.
        phone.set_geolocation(geolocation(WALL_ST))
        expect(status_bar).to_contain_text("Last sent")

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


def test_driver_page_shows_dates_for_a_trip_over_midnight(
    organization: DispatchOrganization, phone: BrowserContext
) -> None:
    rosa = organization.create_driver()
    late = (datetime.now(NEW_YORK) + timedelta(days=1)).replace(hour=23, minute=30, second=0)
    organization.create_assignments(rosa, late.astimezone(UTC) - datetime.now(UTC))
    card = open_driver_page(organization, phone, rosa).get_by_role("article")
    after = late + timedelta(days=1)
    expect(card).to_contain_text(f"Leave {late:%a, %b} {late.day}, 11:")
    expect(card).to_contain_text(f"Arrive {after:%a, %b} {after.day}, 2:")


def test_driver_page_declines_a_trip_with_a_reason(organization: DispatchOrganization, phone: BrowserContext) -> None:
    rosa = organization.create_driver()
    noon = (datetime.now(NEW_YORK) + timedelta(days=1)).replace(hour=12)
    [assignment] = organization.create_assignments(rosa, noon.astimezone(UTC) - datetime.now(UTC))
    page = open_driver_page(organization, phone, rosa)
    expect(page.get_by_role("heading", name="Tomorrow")).to_be_visible()
    card = page.get_by_role("article")
    card.get_by_role("button", name="Decline").click()
    page.get_by_role("button", name="Decline the trip").click()
    expect(page.get_by_text("Enter a reason, so that the office can plan.")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Why can you not drive this trip?").fill("My child is ill.")
    page.get_by_role("button", name="Decline the trip").click()
    assert wait_for_status(organization, assignment, "declined")["reason"] == "My child is ill."


def test_driver_page_takes_over_a_trip_in_a_recovery(stack: Stack, phone: BrowserContext) -> None:
    organization = DispatchOrganization.create(stack)
    organization.operator.call("PUT", "/organization", {"recovery_answer_minutes": 1440})
    [assignment] = organization.create_assignments(organization.create_driver(), timedelta(hours=2))
    sam, spare = organization.create_driver(), organization.create_vehicle()
    page = open_driver_page(organization, phone, sam)
    expect(page.get_by_text("You have no trips")).to_be_visible()
    breakdown = {"assignment_id": assignment["id"], "reason": "breakdown"}
    organization.operator.call("POST", "/dispatch/recoveries", breakdown)
    eventually(lambda: "can you take over" in "".join(text["body"] for text in stack.texts(sam["phone"])), 60)

    page.get_by_role("button", name="Refresh").click()
    card = page.get_by_role("article")
    for text in (assignment["charter_number"], spare["name"], "Answer by", "1901 Boardwalk"):
        expect(card).to_contain_text(text)
    expect(card.locator("time.time-left")).to_have_text(re.compile(r"^2[34] hours left$"))
    assert_accessible(page)
    card.get_by_role("button", name="Take over the trip").click()
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
    expect(alert).to_contain_text("drivers license")
    expect(page.get_by_role("article")).to_contain_text("You drive this trip")
    wait_for_status(organization, assignment, "accepted")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("failed:")).to_have_count(0)


def test_driver_page_without_geolocation_explains_what_to_do(
    organization: DispatchOrganization, browser: Browser
) -> None:
    rosa = organization.create_driver()
    organization.create_assignments(rosa, timedelta(minutes=20))
    context = browser.new_context(viewport=PHONE)
    page = open_driver_page(organization, context, rosa)
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Check in").click()
    expect(page.get_by_text("This page does not have permission to use your location")).to_be_visible()
    expect(page.get_by_role("button", name="Leaving 11 Wall St")).to_be_visible()
    context.close()


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
    eventually(
        lambda: organization.get_assignment(assignment)["stops"][2]["departed_at"], 40, "no departure was stored"
    )
    organization.overwrite_assignment(assignment, status="completed")
    page.get_by_role("button", name="Refresh").click()
    expect(card).to_contain_text("Done")
    card.get_by_role("button", name="Check out").click()
    page.get_by_role("button", name="Yes, check out").click()
    eventually(lambda: organization.get_assignment(assignment)["checked_out_at"], 40, "no check-out was stored")
    expect(card.get_by_role("button", name="Check out")).to_have_count(0)


def test_driver_page_without_javascript_explains_that_it_is_required(
    organization: DispatchOrganization, browser: Browser
) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{organization.stack.pages_url}/driver")
    expect(page.get_by_text("This page needs JavaScript")).to_be_visible()
    context.close()
