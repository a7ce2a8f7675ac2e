"""Calendars of drivers, vehicles and the fleet, on the table in memory."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core.persistence.table import tally
from coachway.core.types import ids
from tests.integration.dispatch import builders, diary_builders, trip_builders
from tests.integration.dispatch.diary_builders import ask, got

MARCH = {"date_from": "2027-03-01", "date_to": "2027-03-07"}


@pytest.fixture(autouse=True)
def organization() -> None:
    trip_builders.found()


def test_a_drivers_calendar_shows_the_jobs_and_how_much_of_the_time_is_booked() -> None:
    rosa, coach = builders.driver(), builders.vehicle()
    made = builders.assigned(builders.trip(), rosa, coach)
    shown = got(f"/calendar/drivers/{rosa}", query=MARCH)
    assert (shown["kind"], shown["name"], shown["timezone"]) == ("driver", "Rosa Delgado", "America/New_York")
    (entry,) = shown["entries"]
    for name in ("starts_at", "ends_at", "pickup_at", "dropoff_at", "driver_name", "vehicle_name", "status"):
        assert entry[name] == made[name], name
    assert (entry["assignment_id"], entry["pickup"]) == (made["id"], "11 Wall St, New York, NY")
    use = shown["utilization"]
    assert use["hours_available"] == 7 * 24
    assert use["hours_booked"] >= 3
    assert use["utilization_percent"] == round(100 * use["hours_booked"] / (7 * 24), 1)


def test_hours_count_within_the_range_alone_and_by_the_drivers_weekly_hours() -> None:
    week = [{"weekday": "wednesday", "start_time": "06:00", "end_time": "18:00"}]
    rosa = builders.driver(availability={"weekly": week})
    made = builders.assigned(builders.trip(), rosa, builders.vehicle())
    shown = got(f"/calendar/drivers/{rosa}", query=MARCH)
    assert shown["utilization"]["hours_available"] == 12
    assert [each["ends_at"] for each in shown["away"]] == ["2027-03-03T11:00:00Z", "2027-03-08T05:00:00Z"]
    day_after = {"date_from": "2027-03-04", "date_to": "2027-03-04"}
    none = got(f"/calendar/drivers/{rosa}", query=day_after)
    assert none["utilization"] == {"hours_booked": 0, "hours_available": 0, "utilization_percent": None}
    assert none["entries"] == []
    assert made["id"] in str(shown["entries"])


def test_a_released_trip_leaves_the_calendars() -> None:
    rosa, coach = builders.driver(), builders.vehicle()
    made = builders.assigned(builders.trip(), rosa, coach)
    assert len(got(f"/calendar/vehicles/{coach}", query=MARCH)["entries"]) == 1
    builders.done("POST", f"/dispatch/assignments/{made['id']}/release", {"reason": "The client called"})
    for path in (f"/calendar/drivers/{rosa}", f"/calendar/vehicles/{coach}"):
        assert got(path, query=MARCH)["entries"] == []


def test_a_vehicle_in_the_shop_has_no_hours_to_be_booked() -> None:
    well, ill = builders.vehicle(), builders.vehicle("Coach 7", status="maintenance")
    assert got(f"/calendar/vehicles/{well}", query=MARCH)["utilization"]["hours_available"] == 7 * 24
    assert got(f"/calendar/vehicles/{ill}", query=MARCH)["utilization"]["utilization_percent"] is None


def test_the_fleets_calendar_adds_up() -> None:
    rosa, emil = builders.driver(), builders.driver("Emil Sand")
    builders.driver("Gone Away", status="inactive")
    coach, spare = builders.vehicle(), builders.vehicle("Coach 9")
    builders.assigned(builders.trip(), rosa, coach)
    shown = got("/calendar/fleet", query=MARCH)
    assert [(row["kind"], row["id"]) for row in shown["rows"]] == [
        ("driver", emil),
        ("driver", rosa),
        ("vehicle", coach),
        ("vehicle", spare),
    ]
    assert [len(row["jobs"]) for row in shown["rows"]] == [0, 1, 1, 0]
    booked = [row["utilization"]["hours_booked"] for row in shown["rows"]]
    assert (shown["drivers"]["hours_booked"], shown["vehicles"]["hours_booked"]) == (booked[1], booked[2])
    assert shown["drivers"]["hours_available"] == 2 * 7 * 24
    assert shown["vehicles"]["utilization_percent"] == round(100 * booked[2] / (2 * 7 * 24), 1)
    assert {row["kind"] for row in got("/calendar/fleet", query={**MARCH, "kind": "vehicle"})["rows"]} == {"vehicle"}
    assert got("/calendar/fleet", query={**MARCH, "vendor_id": ids.new("ven")})["rows"] == []


def test_calendars_cost_two_calls() -> None:
    rosa, coach = builders.driver(), builders.vehicle()
    builders.assigned(builders.trip(), rosa, coach)
    for path in (f"/calendar/drivers/{rosa}", f"/calendar/vehicles/{coach}"):
        got(path)
        before = tally.calls
        got(path, query=MARCH)
        own = 1  # the test looks for its signing key
        assert tally.calls - before - own <= 2


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
def test_what_is_no_range_is_refused(query: dict[str, Any]) -> None:
    for path in (f"/calendar/drivers/{builders.driver()}", "/calendar/fleet"):
        assert ask("GET", path, query=query).status == 422


def test_the_fleet_is_shown_for_a_month_at_most() -> None:
    refused = ask("GET", "/calendar/fleet", query={"date_from": "2027-03-01", "date_to": "2027-04-01"})
    assert refused.status == 422
    assert ask("GET", "/calendar/fleet", query={"date_from": "2027-03-01", "date_to": "2027-03-31"}).status == 200


def test_a_driver_sees_their_own_calendar_alone() -> None:
    rosa, emil, coach = builders.driver(), builders.driver("Emil Sand"), builders.vehicle()
    assert ask("GET", f"/calendar/drivers/{rosa}", by=rosa).status == 200
    assert ask("GET", f"/calendar/drivers/{emil}", by=rosa).status == 404
    assert ask("POST", f"/calendar/drivers/{emil}/feed", by=rosa).status == 404
    for path in (f"/calendar/vehicles/{coach}", "/calendar/fleet"):
        assert ask("GET", path, by=rosa).status == 403
    assert ask("GET", f"/calendar/drivers/{rosa}", org_id="org_01JQZZZZZZZZZZZZZZZZZZZZZY").status == 404
    assert ask("GET", f"/calendar/drivers/{rosa}", rights="charters:read").status == 403
    assert diary_builders.downloaded(f"/api/v1/calendar/drivers/{rosa}").status == 401
