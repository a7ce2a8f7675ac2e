"""The automatic choice, and how it explains itself, on the table in memory."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.schemas import PartialUpdate
from coachway.dispatch.matching import assign
from coachway.dispatch.matching.context import AssignmentContext
from coachway.dispatch.matching.schemas import AssignInput
from coachway.fleet import drivers
from coachway.fleet.model import AvailabilityInput
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch.builders import (
    SYSTEM,
    ask,
    assigned,
    awarded,
    charter,
    done,
    driver,
    found,
    trip,
    vehicle,
)

NEAR: dict[str, Any] = {"home_latitude": 40.71, "home_longitude": -74.0}
FAR: dict[str, Any] = {"home_latitude": 42.36, "home_longitude": -71.06}


@pytest.fixture(autouse=True)
def organization() -> None:
    found()


def test_the_nearest_driver_of_equals_is_chosen_and_everybody_is_explained() -> None:
    near, far = driver("Nia Near", **NEAR), driver("Finn Far", **FAR)
    away = driver("Olga Off", **NEAR, availability={"weekly": [_monday()]})
    ill = driver("Ira Ill", **NEAR, status="on_leave")
    driver("Gus Gone", **NEAR, status="inactive")
    small, coach = vehicle("Minibus 3", vehicle_class="minibus", capacity=20), vehicle("Coach 12")
    broken = vehicle("Coach 13", status="out_of_service")
    vehicle("Coach 1", status="retired")
    run = trip()
    made = done("POST", "/dispatch/assignments/auto", {"charter_id": run})
    assert (made["assignment"]["driver_id"], made["assignment"]["vehicle_id"]) == (near, coach)
    assert [each["driver_id"] for each in made["considered"]] == [near, far, away, ill]
    first, second, last, on_leave = made["considered"]
    assert first["score"] > second["score"]
    parts = first["parts"]
    points = sum(parts[name] for name in ("distance", "hours_left", "rating", "balance"))
    assert first["score"] == pytest.approx(points)
    assert parts["distance_miles"] < 1
    assert last["score"] is None
    assert last["blocked_by"][0]["rule"] == "availability"
    assert "does not work" in last["blocked_by"][0]["message"]
    assert [(each["rule"], each["message"]) for each in on_leave["blocked_by"]] == [("status", "Ira Ill is on leave")]
    assert [each["vehicle_id"] for each in made["vehicles"]] == [coach, small, broken]
    assert [each["rule"] for each in made["vehicles"][1]["blocked_by"]] == ["vehicle_class", "capacity"]
    assert made["vehicles"][2]["blocked_by"][0]["message"] == "Coach 13 is out of service"
    kept = done("GET", f"/dispatch/assignments/{made['assignment']['id']}")
    assert kept == made["assignment"]


def _monday() -> dict[str, str]:
    return {"weekday": "monday", "start_time": "05:00", "end_time": "22:00"}


def test_work_is_balanced_between_drivers_who_live_together() -> None:
    rosa, sam = driver(**NEAR), driver("Sam Tran", **NEAR)
    vehicle()
    for day in ("2027-03-01", "2027-03-05"):
        assigned(trip(day), rosa, vehicle(f"Coach {day}"))
    made = done("POST", "/dispatch/assignments/auto", {"charter_id": trip()})
    assert made["assignment"]["driver_id"] == sam
    busy = next(each for each in made["considered"] if each["driver_id"] == rosa)
    assert busy["parts"]["work_hours_around"] == 6
    assert busy["parts"]["balance"] < made["considered"][0]["parts"]["balance"]


def test_a_driver_who_is_blocked_is_told_by_which_rule_and_when_they_could_drive() -> None:
    rosa = driver(**NEAR)
    assigned(trip(leaves="00:00", hours=9), rosa, vehicle("Coach 1"))
    sam = driver("Sam Tran", **FAR)
    vehicle("Coach 2")
    made = done("POST", "/dispatch/assignments/auto", {"charter_id": trip(leaves="13:00", hours=4, back=True)})
    assert made["assignment"]["driver_id"] == sam
    blocked = made["considered"][1]
    assert blocked["driver_id"] == rosa
    assert (blocked["blocked_by"][0]["rule"], blocked["blocked_by"][0]["citation"]) == (
        "hours_of_service",
        "49 CFR 395.5(a)(1)",
    )
    assert blocked["earliest_legal_at"] == "2027-03-03T22:00:00Z"


def test_when_nobody_can_the_refusal_explains_everybody() -> None:
    rosa, coach = driver(), vehicle()
    assigned(trip(), rosa, coach)
    refused = ask("POST", "/dispatch/assignments/auto", {"charter_id": trip(leaves="10:00")})
    assert (refused.status, refused.json()["code"]) == (409, "no_driver_available")
    assert refused.json()["detail"] == "1 driver and 1 vehicle were considered"
    told = {each["field"]: each["message"] for each in refused.json()["errors"]}
    assert set(told) == {rosa, coach}
    assert "earliest legal start" in told[rosa]


def test_without_a_vehicle_the_drivers_are_judged_all_the_same() -> None:
    driver()
    refused = ask("POST", "/dispatch/assignments/auto", {"charter_id": trip()})
    assert (refused.status, refused.json()["code"]) == (409, "no_vehicle_available")


def test_the_best_vehicle_is_one_that_somebody_is_licensed_for() -> None:
    rosa = driver(license_class="C", endorsements=["P"])
    big = vehicle("Coach 12", gross_weight_pounds=40_000)
    light = vehicle("Coach 99", capacity=80, gross_weight_pounds=20_000)
    made = done("POST", "/dispatch/assignments/auto", {"charter_id": trip()})
    assert (made["assignment"]["driver_id"], made["assignment"]["vehicle_id"]) == (rosa, light)
    assert [each["vehicle_id"] for each in made["vehicles"]] == [big, light]


def test_two_drivers_are_chosen_where_the_charter_requires_them() -> None:
    rosa, sam, _ = driver(**NEAR), driver("Sam Tran", **NEAR), driver("Finn Far", **FAR)
    vehicle()
    made = done("POST", "/dispatch/assignments/auto", {"charter_id": trip(requires_second_driver=True)})
    assert {made["assignment"]["driver_id"], made["assignment"]["second_driver_id"]} == {rosa, sam}
    assert [each["seats"] for each in made["considered"]] == [[1, 2]] * 3


def test_of_two_drivers_each_needs_to_be_legal_on_their_own_seat_only() -> None:
    """Who has driven too long for the wheel may still ride along, as long as their time on duty lasts."""
    tired, fresh = driver("Tia Tired", **NEAR), driver("Finn Far", **FAR)
    assigned(trip(leaves="00:00", hours=8), tired, vehicle("Coach 1"))
    two = trip(leaves="11:30", back=True, requires_second_driver=True)
    made = done("POST", "/dispatch/assignments/auto", {"charter_id": two})
    assert (made["assignment"]["driver_id"], made["assignment"]["second_driver_id"]) == (fresh, tired)
    seats = {each["driver_id"]: each["seats"] for each in made["considered"]}
    assert seats == {fresh: [1, 2], tired: [2]}


def test_a_choice_that_lost_its_driver_meanwhile_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rosa, sam = driver(**NEAR), driver("Sam Tran", **FAR)
    vehicle("Coach 1")
    vehicle("Coach 2")
    run, rival = trip(), trip()
    commit = assign.commit_assignment
    rivals = [rival]

    def overtaken(*args: Any, **more: Any) -> None:
        if rivals:
            body = AssignInput(charter_id=rivals.pop(), driver_id=rosa, vehicle_id=_another(args[1], args[3]))
            assign.create_assignment(Caller(org_id=ORG, user_id="usr_2", role="staff"), body)
        commit(*args, **more)

    monkeypatch.setattr(assign, "commit_assignment", overtaken)
    made = done("POST", "/dispatch/assignments/auto", {"charter_id": run})
    assert made["assignment"]["driver_id"] == sam
    assert made["considered"][-1]["blocked_by"][0]["rule"] == "overlap"


def _another(on: AssignmentContext, chosen: object) -> str:
    """The vehicle that the overtaken choice did not take."""
    return next(each.vehicle.id for each in on.vehicles if each is not chosen)


def test_a_diary_that_changed_between_reading_and_writing_is_a_lost_race(monkeypatch: pytest.MonkeyPatch) -> None:
    rosa = driver()
    one, two = trip(), trip(leaves="10:00")
    coaches = [vehicle("Coach 1"), vehicle("Coach 2")]
    commit, raced = assign.commit_assignment, list[str]()

    def overtaken(*args: Any, **more: Any) -> None:
        if not raced:
            raced.append("once")
            assigned(two, rosa, coaches[1])
        commit(*args, **more)

    monkeypatch.setattr(assign, "commit_assignment", overtaken)
    body = AssignInput(charter_id=one, driver_id=rosa, vehicle_id=coaches[0])
    with pytest.raises(errors.Conflict, match="overlap: Rosa Delgado is on"):
        assign.create_assignment(Caller(org_id=ORG, user_id="usr_1", role="staff"), body)


def test_a_driver_who_goes_away_at_the_same_moment_is_not_given_the_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    rosa, run, coach = driver(), trip(), vehicle()
    away = {"starts_at": "2027-03-01T00:00:00-05:00", "ends_at": "2027-03-08T00:00:00-05:00", "reason": "vacation"}
    commit, raced = assign.commit_assignment, list[str]()

    def overtaken(*args: Any, **more: Any) -> None:
        if not raced:
            raced.append("once")
            changes: PartialUpdate[AvailabilityInput] = PartialUpdate({"exceptions": [away]})
            drivers.set_availability(SYSTEM, rosa, changes, None)
        commit(*args, **more)

    monkeypatch.setattr(assign, "commit_assignment", overtaken)
    body = AssignInput(charter_id=run, driver_id=rosa, vehicle_id=coach)
    with pytest.raises(errors.Conflict, match="vacation"):
        assign.create_assignment(Caller(org_id=ORG, user_id="usr_1", role="staff"), body)
    assert charter(run)["vehicles"] == []


def test_what_was_awarded_to_a_vendor_whose_papers_ran_out_is_given_to_none_of_its_drivers() -> None:
    run = trip()
    vendor_id = awarded(run, papers_until=date(2027, 3, 1))
    driver("Vic Otto", vendor_id=vendor_id)
    vehicle("Blue 1", vendor_id=vendor_id)
    refused = ask("POST", "/dispatch/assignments/auto", {"charter_id": run})
    assert (refused.status, refused.json()["code"]) == (409, "vendor_not_compliant")
