"""Calendars, feeds and figures of drivers on the deployed stack."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from icalendar import Calendar, Event

from tests import dates
from tests.stack import Stack, eventually
from tests.workflows.yard import Yard


@pytest.fixture(scope="module")
def yard(stack: Stack) -> Yard:
    return Yard(stack)


def events(answer: httpx.Response) -> list[Event]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.content)
    return [each for each in calendar.walk("VEVENT") if isinstance(each, Event)]


def test_a_program_subscribes_to_the_fleets_calendar(yard: Yard) -> None:
    url = yard.ask("POST", "/calendar/fleet/feed")["url"]
    driver, vehicle = yard.driver(), yard.vehicle("Coach 9")
    empty = httpx.get(url)
    assert events(empty) == []
    assert httpx.get(url, headers={"if-none-match": empty.headers["etag"]}).status_code == 304
    own = yard.ask("POST", f"/calendar/vehicles/{vehicle}/feed")["url"]
    body = {"charter_id": yard.trip(), "driver_id": driver["id"], "vehicle_id": vehicle}
    made = yard.ask("POST", "/dispatch/assignments", body)
    (event,) = events(httpx.get(own))
    assert (str(event["UID"]), event["STATUS"]) == (f"{made['id']}@coachway", "TENTATIVE")
    yard.ask("DELETE", "/calendar/fleet/feed")
    assert httpx.get(url).status_code == 404
    yard.ask("POST", f"/dispatch/assignments/{made['id']}/release", {"reason": "The client called"})
    assert events(httpx.get(own)) == []


def test_a_trips_sheet_and_its_itinerary_are_papers(yard: Yard) -> None:
    driver, vehicle, trip = yard.driver(), yard.vehicle("Coach 12"), yard.trip(later=7)
    body = {"charter_id": trip, "driver_id": driver["id"], "vehicle_id": vehicle}
    made = yard.ask("POST", "/dispatch/assignments", body)
    for path in (f"/dispatch/assignments/{made['id']}/trip-sheet.pdf", f"/charters/{trip}/itinerary.pdf"):
        paper = yard.send("GET", path)
        assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf"), paper.text
        assert paper.content.startswith(b"%PDF")


def test_an_offer_is_counted_for_its_driver(yard: Yard) -> None:
    driver, vehicle = yard.driver(), yard.vehicle("Coach 4")
    body = {"charter_id": yard.trip(later=14), "driver_id": driver["id"], "vehicle_id": vehicle}
    made = yard.ask("POST", "/dispatch/assignments", body)
    yard.ask("POST", f"/dispatch/assignments/{made['id']}/release", {"reason": "The client called"})

    def counted() -> dict[str, Any] | None:
        told: dict[str, Any] = yard.ask("GET", f"/drivers/{driver['id']}/performance")
        return told if (told["offered"], told["released"]) == (1, 1) else None

    eventually(counted, 40, "the offer was not counted")
    hours = yard.ask("GET", f"/drivers/{driver['id']}/hours")
    assert (hours["known"], hours["cycle_hours_left"]) == ("known", 70)
    week = {"date_from": f"{dates.trip_day(12)}", "date_to": f"{dates.trip_day(18)}"}
    shown = yard.ask("GET", f"/calendar/drivers/{driver['id']}?{httpx.QueryParams(week)}")
    assert (shown["entries"], shown["utilization"]["hours_booked"]) == ([], 0)
