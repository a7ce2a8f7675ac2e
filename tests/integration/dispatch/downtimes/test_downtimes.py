"""Downtimes of vehicles through their routes, on the table in memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coachway.core import store
from coachway.core.persistence.table import call_stats
from coachway.dispatch.downtimes import service
from coachway.dispatch.downtimes.model import DowntimeInput
from coachway.dispatch.errors import VehicleHasTrips, VehicleNotAvailable
from coachway.dispatch.matching import assignment_service
from coachway.dispatch.matching.schemas import AssignInput
from tests.integration.client import Reply, call, token_for
from tests.integration.dispatch import builders, calendar_builders, tracking_builders
from tools.function_modules import load

api = load("dispatch", "vehicles_api").api
TRIP_DAYS = {"first_day": "2027-03-02", "last_day": "2027-03-04"}


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def send(method: str, vehicle_id: str, path: str = "", body: Any = None, **options: Any) -> Reply:
    now = datetime.now(UTC)
    token = token_for("fleet:read fleet:write", role="staff", iat=now, exp=now + timedelta(minutes=5))
    return call(api, method, f"/api/v1/vehicles/{vehicle_id}/downtimes{path}", body, token=token, **options)


def add(vehicle_id: str, **fields: Any) -> dict[str, Any]:
    reply = send("POST", vehicle_id, body={**TRIP_DAYS, **fields})
    assert reply.status == 201, reply.text
    return dict(reply.json())


def test_downtime_blocks_assignment_until_it_is_removed() -> None:
    rosa, coach, trip = builders.create_driver(), builders.create_vehicle(), builders.create_trip()
    downtime = add(coach, note="Brakes")
    assert (downtime["starts_at"], downtime["ends_at"]) == (
        "2027-03-02T00:00:00-05:00",
        "2027-03-05T00:00:00-05:00",
    )
    refusal = builders.post_assignment(trip, rosa, coach)
    assert (refusal.status, refusal.json()["code"]) == (409, "vehicle_not_available")
    assert "Coach 12 is down from 2027-03-02 00:00 EST to 2027-03-05 00:00 EST (maintenance)" in refusal.text
    assert send("DELETE", coach, f"/{downtime['id']}").status == 204
    assert send("GET", coach, f"/{downtime['id']}").status == 404
    builders.create_assignment(trip, rosa, coach)


def test_downtime_on_other_days_does_not_block_assignment() -> None:
    rosa, coach, trip = builders.create_driver(), builders.create_vehicle(), builders.create_trip()
    add(coach, first_day="2027-03-01", last_day="2027-03-02")
    add(coach, first_day="2027-03-04", last_day="2027-05-04")
    builders.create_assignment(trip, rosa, coach)


def test_automatic_assignment_takes_another_vehicle_and_explains_the_downtime() -> None:
    builders.create_driver()
    down, free, trip = builders.create_vehicle("Coach 1"), builders.create_vehicle("Coach 2"), builders.create_trip()
    add(down, downtime_type="inspection")
    result = builders.send_ok("POST", "/dispatch/assignments/auto", {"charter_id": trip})
    assert result["assignment"]["vehicle_id"] == free
    (blocked,) = [each for each in result["vehicles"] if each["vehicle_id"] == down]
    assert [each["rule"] for each in blocked["blocked_by"]] == ["downtime"]
    assert "(inspection)" in blocked["blocked_by"][0]["message"]


def test_add_downtime_over_trips_is_refused_with_each_trip() -> None:
    rosa, coach, trip = builders.create_driver(), builders.create_vehicle(), builders.create_trip()
    assignment = builders.create_assignment(trip, rosa, coach)
    refusal = send("POST", coach, body=TRIP_DAYS)
    assert (refusal.status, refusal.json()["code"]) == (409, "vehicle_has_trips")
    assert [each["field"] for each in refusal.json()["errors"]] == [assignment["id"]]
    assert assignment["charter_number"] in refusal.json()["errors"][0]["message"]
    assert send("GET", coach).json()["items"] == []
    builders.send_ok("POST", f"/dispatch/assignments/{assignment['id']}/release", {"reason": "Brakes"})
    add(coach)


def test_update_downtime_moves_it_and_checks_the_new_days() -> None:
    rosa, coach, trip = builders.create_driver(), builders.create_vehicle(), builders.create_trip()
    downtime = add(coach, first_day="2027-02-01", last_day="2027-03-04")
    moved = send("PUT", coach, f"/{downtime['id']}", {"last_day": "2027-03-02"}, headers={"if-match": '"1"'})
    assert (moved.status, moved.json()["ends_at"], moved.json()["version"]) == (200, "2027-03-03T00:00:00-05:00", 2)
    assert send("PUT", coach, f"/{downtime['id']}", {"note": "x"}, headers={"if-match": '"1"'}).status == 412
    builders.create_assignment(trip, rosa, coach)
    assert send("PUT", coach, f"/{downtime['id']}", {"last_day": "2027-03-03"}).json()["code"] == "vehicle_has_trips"
    noted = send("PUT", coach, f"/{downtime['id']}", {"note": "Waits for parts"}).json()
    assert (noted["last_day"], noted["note"]) == ("2027-03-02", "Waits for parts")
    history = store.list_history(service.get_downtime(builders.SYSTEM, coach, downtime["id"]).key())
    assert [each.type for each in history] == ["vehicle.downtime_added", *["vehicle.downtime_updated"] * 2]


def test_add_downtime_over_another_one_is_refused() -> None:
    coach = builders.create_vehicle()
    add(coach)
    refusal = send("POST", coach, body={"first_day": "2027-03-04", "last_day": "2027-03-09"})
    assert (refusal.status, refusal.json()["code"]) == (409, "vehicle_already_down")
    assert "2027-03-02 00:00 to 2027-03-05 00:00" in refusal.text
    add(coach, first_day="2027-03-05", last_day="2027-03-05")


def test_invalid_days_and_unknown_vehicles_are_refused() -> None:
    coach = builders.create_vehicle()
    for days in (
        {"first_day": "2027-03-04", "last_day": "2027-03-03"},
        {"first_day": "2027-03-04", "last_day": "2028-03-03"},
        {"first_day": "2020-01-01", "last_day": "2020-01-02"},
        {"first_day": "2027-02-30", "last_day": "2027-03-03"},
    ):
        assert send("POST", coach, body=days).status == 422, days
    unknown = "veh_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
    assert send("POST", unknown, body=TRIP_DAYS).status == 404
    assert send("GET", unknown).status == 404
    downtime = add(coach)
    assert send("GET", builders.create_vehicle("Coach 2"), f"/{downtime['id']}").status == 404


def test_list_downtimes_begins_with_the_first_that_ends() -> None:
    coach = builders.create_vehicle()
    first, second = add(coach), add(coach, first_day="2027-04-01", last_day="2027-04-01")
    assert [each["id"] for each in send("GET", coach).json()["items"]] == [first["id"], second["id"]]
    late = send("GET", coach, query={"date_from": "2027-03-05"}).json()
    assert [each["id"] for each in late["items"]] == [second["id"]]


def test_calendars_show_downtimes_and_leave_them_out_of_the_available_time() -> None:
    coach = builders.create_vehicle()
    downtime = add(coach, first_day="2027-03-13", last_day="2027-03-14")  # the clocks go forward on the 14th
    query = {"date_from": "2027-03-12", "date_to": "2027-03-15"}
    calendar = calendar_builders.get_ok(f"/calendar/vehicles/{coach}", query=query)
    (row,) = calendar_builders.get_ok("/calendar/fleet", query={**query, "kind": "vehicle"})["rows"]
    for shown in (calendar, row):
        assert [each["downtime_id"] for each in shown["downtimes"]] == [downtime["id"]]
        assert shown["utilization"]["hours_available"] == 48
    assert calendar["downtimes"][0]["ends_at"] == "2027-03-15T00:00:00-04:00"


def test_add_downtime_of_half_a_year_takes_three_calls() -> None:
    coach = builders.create_vehicle()
    before = call_stats.calls
    service.add_downtime(builders.SYSTEM, coach, DowntimeInput(first_day="2027-03-01", last_day="2027-08-27"))
    assert call_stats.calls - before == 3


@pytest.mark.parametrize("attempt", range(4))
def test_downtime_and_assignment_at_the_same_time_have_one_winner(attempt: int) -> None:
    coach = builders.create_vehicle()
    drivers, trips = ([create() for _ in range(3)] for create in (builders.create_driver, builders.create_trip))

    def assign(number: int) -> str:
        request = AssignInput(charter_id=trips[number], driver_id=drivers[number], vehicle_id=coach)
        try:
            return assignment_service.create_assignment(builders.SYSTEM, request).id
        except VehicleNotAvailable:
            return ""

    def set_down(_: int) -> str:
        try:
            return service.add_downtime(builders.SYSTEM, coach, DowntimeInput.model_validate(TRIP_DAYS)).id
        except VehicleHasTrips:
            return ""

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(assign, n) for n in range(3)]
        futures.insert(attempt, pool.submit(set_down, 0))
        winners = [winner for future in futures if (winner := future.result())]
    assert len(winners) == 1
    page = calendar_builders.get_ok(
        f"/calendar/vehicles/{coach}", query={"date_from": "2027-03-01", "date_to": "2027-03-07"}
    )
    stored = [each["assignment_id"] for each in page["entries"]] + [each["downtime_id"] for each in page["downtimes"]]
    assert stored == winners
