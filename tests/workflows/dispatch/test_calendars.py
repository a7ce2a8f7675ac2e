"""Calendar feeds, PDFs and the performance of drivers on the deployed stack."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from icalendar import Calendar, Event

from tests import dates
from tests.stack import Stack, eventually
from tests.workflows.dispatch_builders import DispatchOrganization


@pytest.fixture(scope="module")
def dispatch(stack: Stack) -> DispatchOrganization:
    return DispatchOrganization(stack)


def parse_events(response: httpx.Response) -> list[Event]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(response.content)
    return [each for each in calendar.walk("VEVENT") if isinstance(each, Event)]


def test_calendar_feed_shows_assignments_until_revoked(dispatch: DispatchOrganization) -> None:
    url = dispatch.call("POST", "/calendar/fleet/feed")["url"]
    driver, vehicle = dispatch.create_driver(), dispatch.create_vehicle("Coach 9")
    empty = httpx.get(url, timeout=60)
    assert parse_events(empty) == []
    assert httpx.get(url, headers={"if-none-match": empty.headers["etag"]}, timeout=60).status_code == 304
    vehicle_url = dispatch.call("POST", f"/calendar/vehicles/{vehicle}/feed")["url"]
    body = {"charter_id": dispatch.create_booked_trip(), "driver_id": driver["id"], "vehicle_id": vehicle}
    assignment = dispatch.call("POST", "/dispatch/assignments", body)
    (event,) = parse_events(httpx.get(vehicle_url, timeout=60))
    assert (str(event["UID"]), event["STATUS"]) == (f"{assignment['id']}@coachway", "TENTATIVE")
    dispatch.call("DELETE", "/calendar/fleet/feed")
    assert httpx.get(url, timeout=60).status_code == 404
    dispatch.call("POST", f"/dispatch/assignments/{assignment['id']}/release", {"reason": "The client called"})
    assert parse_events(httpx.get(vehicle_url, timeout=60)) == []


def test_trip_sheet_and_itinerary_return_pdf(dispatch: DispatchOrganization) -> None:
    driver, vehicle, trip = (
        dispatch.create_driver(),
        dispatch.create_vehicle("Coach 12"),
        dispatch.create_booked_trip(days_later=7),
    )
    body = {"charter_id": trip, "driver_id": driver["id"], "vehicle_id": vehicle}
    assignment = dispatch.call("POST", "/dispatch/assignments", body)
    for path in (f"/dispatch/assignments/{assignment['id']}/trip-sheet.pdf", f"/charters/{trip}/itinerary.pdf"):
        response = dispatch.send("GET", path)
        assert (response.status_code, response.headers["content-type"]) == (200, "application/pdf"), response.text
        assert response.content.startswith(b"%PDF")


def test_driver_performance_counts_offers_and_releases(dispatch: DispatchOrganization) -> None:
    driver, vehicle = dispatch.create_driver(), dispatch.create_vehicle("Coach 4")
    body = {"charter_id": dispatch.create_booked_trip(days_later=14), "driver_id": driver["id"], "vehicle_id": vehicle}
    assignment = dispatch.call("POST", "/dispatch/assignments", body)
    dispatch.call("POST", f"/dispatch/assignments/{assignment['id']}/release", {"reason": "The client called"})

    def find_counted() -> dict[str, Any] | None:
        performance: dict[str, Any] = dispatch.call("GET", f"/drivers/{driver['id']}/performance")
        return performance if (performance["offered"], performance["released"]) == (1, 1) else None

    eventually(find_counted, 40, "the offer was not counted")
    hours = dispatch.call("GET", f"/drivers/{driver['id']}/hours")
    assert (hours["hours_status"], hours["cycle_hours_left"]) == ("known", 70)
    week = {"date_from": f"{dates.trip_day(12)}", "date_to": f"{dates.trip_day(18)}"}
    calendar = dispatch.call("GET", f"/calendar/drivers/{driver['id']}?{httpx.QueryParams(week)}")
    assert (calendar["entries"], calendar["utilization"]["hours_booked"]) == ([], 0)
