"""Giving work to drivers and vehicles on the deployed stack: of many at the same moment, one; and who is told."""

from __future__ import annotations

from collections import Counter

import httpx
import pytest

from tests.stack import Stack, eventually
from tests.workflows.carrier import at_once, start_workers, statuses
from tests.workflows.yard import Yard

pytestmark = pytest.mark.xdist_group("races")

MANY = 50


@pytest.fixture(scope="module")
def yard(stack: Stack) -> Yard:
    return Yard(stack)


def test_fifty_assignments_of_one_driver_to_overlapping_trips_leave_one(yard: Yard) -> None:
    rosa = yard.driver()["id"]
    trips, coaches = yard.trips(MANY), [yard.vehicle(f"Coach {n}") for n in range(MANY)]

    def assign(n: int) -> httpx.Response:
        body = {"charter_id": trips[n], "driver_id": rosa, "vehicle_id": coaches[n]}
        return yard.send("POST", "/dispatch/assignments", body)

    start_workers(lambda: yard.send("GET", "/dispatch/assignments"))
    answers = at_once(MANY, assign)
    assert statuses(answers) == {201: 1, 409: MANY - 1}, [each.text for each in answers if each.status_code >= 500]
    winner = next(each.json() for each in answers if each.status_code == 201)
    lost = [each.json() for each in answers if each.status_code == 409]
    assert {each["code"] for each in lost} == {"driver_not_available"}
    assert all(winner["charter_number"] in each["detail"] for each in lost), "each refusal names the clash"

    assert [each["assignment_id"] for each in yard.diary(rosa)] == [winner["id"]]
    assert [each["id"] for each in yard.assignments(driver_id=rosa)] == [winner["id"]]
    assert yard.ahead(rosa) == 1
    assert Counter(len(yard.diary(each)) for each in coaches) == {0: MANY - 1, 1: 1}
    states = Counter(yard.ask("GET", f"/charters/{each}")["status"] for each in trips)
    assert states == {"confirmed": 1, "booked": MANY - 1}


def test_fifty_assignments_of_one_vehicle_to_overlapping_trips_leave_one(yard: Yard) -> None:
    coach = yard.vehicle("Coach 12")
    trips, drivers = yard.trips(MANY), at_once(MANY, lambda _: yard.driver()["id"])

    def assign(n: int) -> httpx.Response:
        body = {"charter_id": trips[n], "driver_id": drivers[n], "vehicle_id": coach}
        return yard.send("POST", "/dispatch/assignments", body)

    start_workers(lambda: yard.send("GET", "/dispatch/assignments"))
    answers = at_once(MANY, assign)
    assert statuses(answers) == {201: 1, 409: MANY - 1}, [each.text for each in answers if each.status_code >= 500]
    winner = next(each.json() for each in answers if each.status_code == 201)
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"vehicle_not_available"}
    assert [each["assignment_id"] for each in yard.diary(coach)] == [winner["id"]]
    assert [each["id"] for each in yard.assignments(vehicle_id=coach)] == [winner["id"]]
    assert yard.ahead(coach) == 1
    assert sum(len(yard.diary(each)) for each in drivers) == 1


def test_trips_that_do_not_overlap_are_all_given_to_one_driver_at_once(yard: Yard) -> None:
    rosa = yard.driver()["id"]
    days = range(8)
    trips = [yard.trip(later=day) for day in days]
    coaches = [yard.vehicle(f"Bus {day}") for day in days]

    def assign(n: int) -> httpx.Response:
        body = {"charter_id": trips[n], "driver_id": rosa, "vehicle_id": coaches[n]}
        return yard.send("POST", "/dispatch/assignments", body)

    assert statuses(at_once(len(days), assign)) == {201: len(days)}
    assert len(yard.diary(rosa)) == yard.ahead(rosa) == len(days)


def test_two_dispatchers_who_give_one_trip_away_give_it_once(yard: Yard) -> None:
    run = yard.trip()
    crews = [(yard.driver()["id"], yard.vehicle(f"Van {n}")) for n in range(8)]

    def assign(n: int) -> httpx.Response:
        body = {"charter_id": run, "driver_id": crews[n][0], "vehicle_id": crews[n][1]}
        return yard.send("POST", "/dispatch/assignments", body)

    answers = at_once(8, assign)
    assert statuses(answers) == {201: 1, 409: 7}
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"charter_fully_assigned"}
    assert len(yard.assignments(charter_id=run)) == 1
    assert sum(yard.ahead(driver) for driver, _ in crews) == sum(yard.ahead(coach) for _, coach in crews) == 1


def test_a_driver_is_told_of_a_trip_and_that_it_was_cancelled(yard: Yard, stack: Stack) -> None:
    rosa, coach, run = yard.driver(), yard.vehicle("Coach 7"), yard.trip()
    made = yard.ask("POST", "/dispatch/assignments", {"charter_id": run, "driver_id": rosa["id"], "vehicle_id": coach})
    text = eventually(lambda: stack.texts(rosa["phone"]), 60, "no text message came")[0]["body"]
    assert made["charter_number"] in text
    assert "/pages/driver" in text
    yard.ask("POST", f"/charters/{run}/cancel", {"reason": "The event is off"})

    def released() -> bool:
        return bool(yard.ask("GET", f"/dispatch/assignments/{made['id']}")["status"] == "released")

    eventually(released, 60, "the assignment was not released")
    eventually(lambda: len(stack.texts(rosa["phone"])) == 2, 60, "the driver was not told")
    assert yard.ahead(rosa["id"]) == yard.ahead(coach) == 0
    assert yard.diary(rosa["id"]) == []


def test_automatic_choices_at_once_give_nobody_two_trips(stack: Stack) -> None:
    yard = Yard(stack)
    crews = 6
    drivers = [yard.driver()["id"] for _ in range(crews)]
    for n in range(crews):
        yard.vehicle(f"Coach {n}")
    trips = yard.trips(12)
    answers = at_once(12, lambda n: yard.send("POST", "/dispatch/assignments/auto", {"charter_id": trips[n]}))
    won = [each.json()["assignment"] for each in answers if each.status_code == 201]
    # Whoever was overtaken ten times gives up and says so; nobody is given two trips.
    assert set(statuses(answers)) == {201, 409}
    assert Counter(each["driver_id"] for each in won).most_common(1)[0][1] == 1
    assert Counter(each["vehicle_id"] for each in won).most_common(1)[0][1] == 1
    assert sum(yard.ahead(each) for each in drivers) == len(won)
