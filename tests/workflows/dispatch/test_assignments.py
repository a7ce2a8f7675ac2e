"""Concurrent assignments of drivers and vehicles on the deployed stack, and their notifications."""

from __future__ import annotations

from collections import Counter

import httpx
import pytest

from tests.stack import Stack, eventually
from tests.workflows.dispatch_builders import DispatchOrganization
from tests.workflows.organization_builders import RACE_REQUESTS, count_statuses, run_concurrently, start_workers

pytestmark = pytest.mark.xdist_group("races")


@pytest.fixture(scope="module")
def dispatch(stack: Stack) -> DispatchOrganization:
    return DispatchOrganization(stack)


def test_assign_driver_many_overlapping_at_once_succeeds_once(dispatch: DispatchOrganization) -> None:
    rosa = dispatch.create_driver()["id"]
    trips, coaches = (
        dispatch.create_booked_trips(RACE_REQUESTS),
        [dispatch.create_vehicle(f"Coach {n}") for n in range(RACE_REQUESTS)],
    )

    def assign(n: int) -> httpx.Response:
        body = {"charter_id": trips[n], "driver_id": rosa, "vehicle_id": coaches[n]}
        return dispatch.send("POST", "/dispatch/assignments", body)

    start_workers(lambda: dispatch.send("GET", "/dispatch/assignments"))
    answers = run_concurrently(RACE_REQUESTS, assign)
    assert count_statuses(answers) == {201: 1, 409: RACE_REQUESTS - 1}, [
        each.text for each in answers if each.status_code >= 500
    ]
    winner = next(each.json() for each in answers if each.status_code == 201)
    refusals = [each.json() for each in answers if each.status_code == 409]
    assert {each["code"] for each in refusals} == {"driver_not_available"}
    assert all(winner["charter_number"] in each["detail"] for each in refusals), (
        "each error includes the conflicting trip"
    )

    assert [each["assignment_id"] for each in dispatch.list_diary_jobs(rosa)] == [winner["id"]]
    assert [each["id"] for each in dispatch.list_assignments(driver_id=rosa)] == [winner["id"]]
    assert dispatch.count_upcoming_jobs(rosa) == 1
    assert Counter(len(dispatch.list_diary_jobs(each)) for each in coaches) == {0: RACE_REQUESTS - 1, 1: 1}
    states = Counter(dispatch.call("GET", f"/charters/{each}")["status"] for each in trips)
    assert states == {"confirmed": 1, "booked": RACE_REQUESTS - 1}


def test_assign_vehicle_many_overlapping_at_once_succeeds_once(dispatch: DispatchOrganization) -> None:
    coach = dispatch.create_vehicle("Coach 12")
    trips, drivers = (
        dispatch.create_booked_trips(RACE_REQUESTS),
        run_concurrently(RACE_REQUESTS, lambda _: dispatch.create_driver()["id"]),
    )

    def assign(n: int) -> httpx.Response:
        body = {"charter_id": trips[n], "driver_id": drivers[n], "vehicle_id": coach}
        return dispatch.send("POST", "/dispatch/assignments", body)

    start_workers(lambda: dispatch.send("GET", "/dispatch/assignments"))
    answers = run_concurrently(RACE_REQUESTS, assign)
    assert count_statuses(answers) == {201: 1, 409: RACE_REQUESTS - 1}, [
        each.text for each in answers if each.status_code >= 500
    ]
    winner = next(each.json() for each in answers if each.status_code == 201)
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"vehicle_not_available"}
    assert [each["assignment_id"] for each in dispatch.list_diary_jobs(coach)] == [winner["id"]]
    assert [each["id"] for each in dispatch.list_assignments(vehicle_id=coach)] == [winner["id"]]
    assert dispatch.count_upcoming_jobs(coach) == 1
    assert sum(len(dispatch.list_diary_jobs(each)) for each in drivers) == 1


def test_assign_driver_separate_trips_at_once_all_succeed(dispatch: DispatchOrganization) -> None:
    rosa = dispatch.create_driver()["id"]
    days = range(8)
    trips = [dispatch.create_booked_trip(days_later=day) for day in days]
    coaches = [dispatch.create_vehicle(f"Bus {day}") for day in days]

    def assign(n: int) -> httpx.Response:
        body = {"charter_id": trips[n], "driver_id": rosa, "vehicle_id": coaches[n]}
        return dispatch.send("POST", "/dispatch/assignments", body)

    assert count_statuses(run_concurrently(len(days), assign)) == {201: len(days)}
    assert len(dispatch.list_diary_jobs(rosa)) == dispatch.count_upcoming_jobs(rosa) == len(days)


def test_assign_one_trip_many_at_once_succeeds_once(dispatch: DispatchOrganization) -> None:
    charter_id = dispatch.create_booked_trip()
    crews = [(dispatch.create_driver()["id"], dispatch.create_vehicle(f"Van {n}")) for n in range(8)]

    def assign(n: int) -> httpx.Response:
        body = {"charter_id": charter_id, "driver_id": crews[n][0], "vehicle_id": crews[n][1]}
        return dispatch.send("POST", "/dispatch/assignments", body)

    answers = run_concurrently(8, assign)
    assert count_statuses(answers) == {201: 1, 409: 7}
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"charter_fully_assigned"}
    assert len(dispatch.list_assignments(charter_id=charter_id)) == 1
    assert (
        sum(dispatch.count_upcoming_jobs(driver) for driver, _ in crews)
        == sum(dispatch.count_upcoming_jobs(coach) for _, coach in crews)
        == 1
    )


def test_cancel_assigned_trip_notifies_driver_and_releases_assignment(
    dispatch: DispatchOrganization, stack: Stack
) -> None:
    rosa, coach, charter_id = (
        dispatch.create_driver(),
        dispatch.create_vehicle("Coach 7"),
        dispatch.create_booked_trip(),
    )
    assignment = dispatch.call(
        "POST", "/dispatch/assignments", {"charter_id": charter_id, "driver_id": rosa["id"], "vehicle_id": coach}
    )
    text = eventually(lambda: stack.texts(rosa["phone"]), 60, "no text message came")[0]["body"]
    assert assignment["charter_number"] in text
    assert "/pages/driver" in text
    dispatch.call("POST", f"/charters/{charter_id}/cancel", {"reason": "The event is off"})

    def is_released() -> bool:
        return bool(dispatch.call("GET", f"/dispatch/assignments/{assignment['id']}")["status"] == "released")

    eventually(is_released, 60, "the assignment was not released")
    eventually(lambda: len(stack.texts(rosa["phone"])) == 2, 60, "the driver was not notified")
    assert dispatch.count_upcoming_jobs(rosa["id"]) == dispatch.count_upcoming_jobs(coach) == 0
    assert dispatch.list_diary_jobs(rosa["id"]) == []


def test_auto_assign_many_at_once_assigns_each_driver_once(stack: Stack) -> None:
    dispatch = DispatchOrganization(stack)
    crews = 6
    drivers = [dispatch.create_driver()["id"] for _ in range(crews)]
    for n in range(crews):
        dispatch.create_vehicle(f"Coach {n}")
    trips = dispatch.create_booked_trips(12)
    answers = run_concurrently(
        12, lambda n: dispatch.send("POST", "/dispatch/assignments/auto", {"charter_id": trips[n]})
    )
    assignments = [each.json()["assignment"] for each in answers if each.status_code == 201]
    # A request gives up after ten conflicts; no driver gets two trips.
    assert set(count_statuses(answers)) == {201, 409}
    assert Counter(each["driver_id"] for each in assignments).most_common(1)[0][1] == 1
    assert Counter(each["vehicle_id"] for each in assignments).most_common(1)[0][1] == 1
    assert sum(dispatch.count_upcoming_jobs(each) for each in drivers) == len(assignments)
