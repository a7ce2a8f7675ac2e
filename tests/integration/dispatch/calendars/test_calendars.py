"""Calendars of drivers, vehicles and the fleet, on the table in memory."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core.persistence.table import call_stats
from coachway.core.types import ids
from tests.integration.dispatch import builders, calendar_builders, tracking_builders
from tests.integration.dispatch.calendar_builders import get_ok, send_request

MARCH = {"date_from": "2027-03-01", "date_to": "2027-03-07"}


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def test_get_driver_calendar_returns_entries_and_utilization() -> None:
    rosa, coach = builders.create_driver(), builders.create_vehicle()
    assignment = builders.create_assignment(builders.create_trip(), rosa, coach)
    calendar = get_ok(f"/calendar/drivers/{rosa}", query=MARCH)
    assert (calendar["kind"], calendar["name"], calendar["timezone"]) == ("driver", "Rosa Delgado", "America/New_York")
    (entry,) = calendar["entries"]
    for name in ("starts_at", "ends_at", "pickup_at", "dropoff_at", "driver_name", "vehicle_name", "status"):
        assert entry[name] == assignment[name], name
    assert (entry["assignment_id"], entry["pickup"]) == (assignment["id"], "11 Wall St, New York, NY")
    utilization = calendar["utilization"]
    assert utilization["hours_available"] == 7 * 24
    assert utilization["hours_booked"] >= 3
    assert utilization["utilization_percentage"] == round(100 * utilization["hours_booked"] / (7 * 24), 1)


def test_get_driver_calendar_counts_weekly_hours_within_the_range() -> None:
    week = [{"weekday": "wednesday", "start_time": "06:00", "end_time": "18:00"}]
    rosa = builders.create_driver(availability={"weekly": week})
    assignment = builders.create_assignment(builders.create_trip(), rosa, builders.create_vehicle())
    calendar = get_ok(f"/calendar/drivers/{rosa}", query=MARCH)
    assert calendar["utilization"]["hours_available"] == 12
    assert [item["ends_at"] for item in calendar["unavailable_periods"]] == [
        "2027-03-03T06:00:00-05:00",
        "2027-03-08T00:00:00-05:00",
    ]
    day_after = {"date_from": "2027-03-04", "date_to": "2027-03-04"}
    empty_calendar = get_ok(f"/calendar/drivers/{rosa}", query=day_after)
    assert empty_calendar["utilization"] == {"hours_booked": 0, "hours_available": 0, "utilization_percentage": None}
    assert empty_calendar["entries"] == []
    assert assignment["id"] in str(calendar["entries"])


def test_get_calendars_after_a_release_leave_out_the_trip() -> None:
    rosa, coach = builders.create_driver(), builders.create_vehicle()
    assignment = builders.create_assignment(builders.create_trip(), rosa, coach)
    assert len(get_ok(f"/calendar/vehicles/{coach}", query=MARCH)["entries"]) == 1
    builders.send_ok("POST", f"/dispatch/assignments/{assignment['id']}/release", {"reason": "The client called"})
    for path in (f"/calendar/drivers/{rosa}", f"/calendar/vehicles/{coach}"):
        assert get_ok(path, query=MARCH)["entries"] == []


def test_get_vehicle_calendar_in_maintenance_has_no_available_hours() -> None:
    available, in_maintenance = builders.create_vehicle(), builders.create_vehicle("Coach 7", status="maintenance")
    assert get_ok(f"/calendar/vehicles/{available}", query=MARCH)["utilization"]["hours_available"] == 7 * 24
    assert get_ok(f"/calendar/vehicles/{in_maintenance}", query=MARCH)["utilization"]["utilization_percentage"] is None


def test_get_fleet_calendar_sums_up_all_rows() -> None:
    rosa, emil = builders.create_driver(), builders.create_driver("Emil Sand")
    builders.create_driver("Gone Away", status="inactive")
    coach, spare = builders.create_vehicle(), builders.create_vehicle("Coach 9")
    builders.create_assignment(builders.create_trip(), rosa, coach)
    calendar = get_ok("/calendar/fleet", query=MARCH)
    assert [(row["kind"], row["id"]) for row in calendar["rows"]] == [
        ("driver", emil),
        ("driver", rosa),
        ("vehicle", coach),
        ("vehicle", spare),
    ]
    assert [len(row["jobs"]) for row in calendar["rows"]] == [0, 1, 1, 0]
    booked = [row["utilization"]["hours_booked"] for row in calendar["rows"]]
    assert (calendar["drivers"]["hours_booked"], calendar["vehicles"]["hours_booked"]) == (booked[1], booked[2])
    assert calendar["drivers"]["hours_available"] == 2 * 7 * 24
    assert calendar["vehicles"]["utilization_percentage"] == round(100 * booked[2] / (2 * 7 * 24), 1)
    assert {row["kind"] for row in get_ok("/calendar/fleet", query={**MARCH, "kind": "vehicle"})["rows"]} == {"vehicle"}
    assert get_ok("/calendar/fleet", query={**MARCH, "vendor_id": ids.new("ven")})["rows"] == []


def test_get_calendars_take_two_table_calls() -> None:
    rosa, coach = builders.create_driver(), builders.create_vehicle()
    builders.create_assignment(builders.create_trip(), rosa, coach)
    for path in (f"/calendar/drivers/{rosa}", f"/calendar/vehicles/{coach}"):
        get_ok(path)
        before = call_stats.calls
        get_ok(path, query=MARCH)
        assert call_stats.calls - before - 1 <= 2  # without the read of the signing key


@pytest.mark.parametrize(
    "query",
    [
        {"date_from": "2027-03-08", "date_to": "2027-03-01"},
        {"date_from": "2027-03-01", "date_to": "2027-06-30"},
        {"date_from": "9999-12-31"},
        {"date_to": "0001-01-01"},
        {"from": "2027-03-01"},
    ],
)
def test_get_calendars_with_an_invalid_range_return_422(query: dict[str, Any]) -> None:
    for path in (f"/calendar/drivers/{builders.create_driver()}", "/calendar/fleet"):
        assert send_request("GET", path, query=query).status == 422


def test_get_fleet_calendar_for_more_than_a_month_returns_422() -> None:
    reply = send_request("GET", "/calendar/fleet", query={"date_from": "2027-03-01", "date_to": "2027-04-01"})
    assert reply.status == 422
    assert (
        send_request("GET", "/calendar/fleet", query={"date_from": "2027-03-01", "date_to": "2027-03-31"}).status == 200
    )


def test_get_driver_calendar_of_another_driver_returns_404() -> None:
    rosa, emil, coach = builders.create_driver(), builders.create_driver("Emil Sand"), builders.create_vehicle()
    assert send_request("GET", f"/calendar/drivers/{rosa}", driver_id=rosa).status == 200
    assert send_request("GET", f"/calendar/drivers/{emil}", driver_id=rosa).status == 404
    assert send_request("POST", f"/calendar/drivers/{emil}/feed", driver_id=rosa).status == 404
    for path in (f"/calendar/vehicles/{coach}", "/calendar/fleet"):
        assert send_request("GET", path, driver_id=rosa).status == 403
    assert send_request("GET", f"/calendar/drivers/{rosa}", org_id="org_01JQZZZZZZZZZZZZZZZZZZZZZY").status == 404
    assert send_request("GET", f"/calendar/drivers/{rosa}", rights="charters:read").status == 403
    assert calendar_builders.download_feed(f"/api/v1/calendar/drivers/{rosa}").status == 401
