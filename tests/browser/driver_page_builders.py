"""Open the driver page on a phone, log in, and read what the API has stored."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Geolocation, Page, expect

from tests.browser.dispatch_builders import DispatchOrganization, Json
from tests.stack import eventually


def geolocation(place: tuple[float, float]) -> Geolocation:
    return {"latitude": place[0], "longitude": place[1], "accuracy": 8}


def open_driver_page(organization: DispatchOrganization, phone: BrowserContext, driver: Json) -> Page:
    """The driver page after logging in."""
    page = phone.new_page()
    page.goto(f"{organization.stack.pages_url}/driver?organization={organization.operator.slug}")
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
    track = organization.operator.call("GET", f"/dispatch/charters/{assignment['charter_id']}/track")
    [vehicle] = track["vehicles"]
    return list(vehicle["path"])
