"""Automatic assignment and its explanation, on the table in memory."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coachway.core.caller import Caller
from coachway.dispatch.matching import assignment_service
from coachway.dispatch.matching.assignment_context import AssignmentContext
from coachway.dispatch.matching.schemas import AssignInput
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch.builders import (
    award_to_vendor,
    create_assignment,
    create_driver,
    create_organization,
    create_trip,
    create_vehicle,
    send_ok,
    send_request,
)

NEAR_NYC: dict[str, Any] = {"home_latitude": 40.71, "home_longitude": -74.0}
NEAR_BOSTON: dict[str, Any] = {"home_latitude": 42.36, "home_longitude": -71.06}


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organization()


def test_assign_automatically_chooses_the_nearest_driver_and_explains_all_candidates() -> None:
    near, far = create_driver("Nia Near", **NEAR_NYC), create_driver("Finn Far", **NEAR_BOSTON)
    off_duty = create_driver("Olga Off", **NEAR_NYC, availability={"weekly": [_monday_hours()]})
    on_leave_driver = create_driver("Ira Ill", **NEAR_NYC, status="on_leave")
    create_driver("Gus Gone", **NEAR_NYC, status="inactive")
    minibus, coach = create_vehicle("Minibus 3", vehicle_class="minibus", capacity=20), create_vehicle("Coach 12")
    out_of_service = create_vehicle("Coach 13", status="out_of_service")
    create_vehicle("Coach 1", status="retired")
    charter_id = create_trip()
    result = send_ok("POST", "/dispatch/assignments/auto", {"charter_id": charter_id})
    assert (result["assignment"]["driver_id"], result["assignment"]["vehicle_id"]) == (near, coach)
    assert [each["driver_id"] for each in result["drivers"]] == [near, far, off_duty, on_leave_driver]
    first, second, third, fourth = result["drivers"]
    assert first["score"] > second["score"]
    details = first["score_details"]
    points = sum(details[f"{name}_points"] for name in ("distance", "hours_left", "rating", "balance"))
    assert first["score"] == pytest.approx(points)
    assert details["distance_miles"] < 1
    assert third["score"] is None
    assert third["blocked_by"][0]["rule"] == "availability"
    assert "does not work" in third["blocked_by"][0]["message"]
    assert [(each["rule"], each["message"]) for each in fourth["blocked_by"]] == [("status", "Ira Ill is on leave")]
    assert [each["vehicle_id"] for each in result["vehicles"]] == [coach, minibus, out_of_service]
    assert [each["rule"] for each in result["vehicles"][1]["blocked_by"]] == ["vehicle_class", "capacity"]
    assert result["vehicles"][2]["blocked_by"][0]["message"] == "Coach 13 is out of service"
    assignment = send_ok("GET", f"/dispatch/assignments/{result['assignment']['id']}")
    assert assignment == result["assignment"]


def _monday_hours() -> dict[str, str]:
    return {"weekday": "monday", "start_time": "05:00", "end_time": "22:00"}


def test_assign_automatically_prefers_the_driver_with_less_work() -> None:
    rosa, sam = create_driver(**NEAR_NYC), create_driver("Sam Tran", **NEAR_NYC)
    create_vehicle()
    for day in ("2027-03-01", "2027-03-05"):
        create_assignment(create_trip(day), rosa, create_vehicle(f"Coach {day}"))
    result = send_ok("POST", "/dispatch/assignments/auto", {"charter_id": create_trip()})
    assert result["assignment"]["driver_id"] == sam
    busy_driver = next(each for each in result["drivers"] if each["driver_id"] == rosa)
    assert busy_driver["score_details"]["other_work_hours"] == 6
    assert busy_driver["score_details"]["balance_points"] < result["drivers"][0]["score_details"]["balance_points"]


def test_assign_automatically_explains_a_blocked_driver_with_rule_and_earliest_start() -> None:
    rosa = create_driver(**NEAR_NYC)
    create_assignment(create_trip(departure="00:00", hours=9), rosa, create_vehicle("Coach 1"))
    sam = create_driver("Sam Tran", **NEAR_BOSTON)
    create_vehicle("Coach 2")
    result = send_ok(
        "POST", "/dispatch/assignments/auto", {"charter_id": create_trip(departure="13:00", hours=4, is_return=True)}
    )
    assert result["assignment"]["driver_id"] == sam
    blocked = result["drivers"][1]
    assert blocked["driver_id"] == rosa
    assert (blocked["blocked_by"][0]["rule"], blocked["blocked_by"][0]["citation"]) == (
        "hours_of_service",
        "49 CFR 395.5(a)(1)",
    )
    assert blocked["earliest_legal_at"] == "2027-03-03T17:00:00-05:00"


def test_assign_automatically_without_an_available_driver_lists_all_reasons() -> None:
    rosa, coach = create_driver(), create_vehicle()
    create_assignment(create_trip(), rosa, coach)
    reply = send_request("POST", "/dispatch/assignments/auto", {"charter_id": create_trip(departure="10:00")})
    assert (reply.status, reply.json()["code"]) == (409, "no_driver_available")
    assert reply.json()["detail"] == "1 driver and 1 vehicle were considered"
    messages = {each["field"]: each["message"] for each in reply.json()["errors"]}
    assert set(messages) == {rosa, coach}
    assert "earliest legal start" in messages[rosa]


def test_assign_automatically_without_a_vehicle_is_refused() -> None:
    create_driver()
    reply = send_request("POST", "/dispatch/assignments/auto", {"charter_id": create_trip()})
    assert (reply.status, reply.json()["code"]) == (409, "no_vehicle_available")


def test_assign_automatically_chooses_a_vehicle_that_a_driver_is_licensed_for() -> None:
    rosa = create_driver(license_class="C", endorsements=["P"])
    heavy = create_vehicle("Coach 12", gross_weight_pounds=40_000)
    light = create_vehicle("Coach 99", capacity=80, gross_weight_pounds=20_000)
    result = send_ok("POST", "/dispatch/assignments/auto", {"charter_id": create_trip()})
    assert (result["assignment"]["driver_id"], result["assignment"]["vehicle_id"]) == (rosa, light)
    assert [each["vehicle_id"] for each in result["vehicles"]] == [heavy, light]


def test_assign_automatically_with_a_required_second_driver_chooses_two() -> None:
    rosa, sam, _ = (
        create_driver(**NEAR_NYC),
        create_driver("Sam Tran", **NEAR_NYC),
        create_driver("Finn Far", **NEAR_BOSTON),
    )
    create_vehicle()
    result = send_ok("POST", "/dispatch/assignments/auto", {"charter_id": create_trip(requires_second_driver=True)})
    assert {result["assignment"]["driver_id"], result["assignment"]["second_driver_id"]} == {rosa, sam}
    assert [each["crew_positions"] for each in result["drivers"]] == [[1, 2]] * 3


def test_assign_automatically_of_two_drivers_checks_each_on_their_own_seat() -> None:
    """A driver without driving time left may still ride along until the duty limit."""
    tired, fresh = create_driver("Tia Tired", **NEAR_NYC), create_driver("Finn Far", **NEAR_BOSTON)
    create_assignment(create_trip(departure="00:00", hours=8), tired, create_vehicle("Coach 1"))
    charter_id = create_trip(departure="11:30", is_return=True, requires_second_driver=True)
    result = send_ok("POST", "/dispatch/assignments/auto", {"charter_id": charter_id})
    assert (result["assignment"]["driver_id"], result["assignment"]["second_driver_id"]) == (fresh, tired)
    seats = {each["driver_id"]: each["crew_positions"] for each in result["drivers"]}
    assert seats == {fresh: [1, 2], tired: [2]}


def test_assign_automatically_retries_when_the_driver_was_assigned_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    rosa, sam = create_driver(**NEAR_NYC), create_driver("Sam Tran", **NEAR_BOSTON)
    create_vehicle("Coach 1")
    create_vehicle("Coach 2")
    charter_id, rival_charter_id = create_trip(), create_trip()
    commit = assignment_service.commit_assignment
    rival_charter_ids = [rival_charter_id]

    def commit_after_rival(*args: Any, **options: Any) -> None:
        if rival_charter_ids:
            body = AssignInput(
                charter_id=rival_charter_ids.pop(), driver_id=rosa, vehicle_id=_other_vehicle_id(args[1], args[3])
            )
            assignment_service.create_assignment(Caller(org_id=ORG, user_id="usr_2", role="staff"), body)
        commit(*args, **options)

    monkeypatch.setattr(assignment_service, "commit_assignment", commit_after_rival)
    result = send_ok("POST", "/dispatch/assignments/auto", {"charter_id": charter_id})
    assert result["assignment"]["driver_id"] == sam
    assert result["drivers"][-1]["blocked_by"][0]["rule"] == "overlap"


def _other_vehicle_id(context: AssignmentContext, chosen: object) -> str:
    """The id of the vehicle that was not chosen."""
    return next(each.vehicle.id for each in context.vehicles if each is not chosen)


def test_assign_automatically_of_a_vendor_with_expired_documents_is_refused() -> None:
    charter_id = create_trip()
    vendor_id = award_to_vendor(charter_id, documents_expire=date(2027, 3, 1))
    create_driver("Vic Otto", vendor_id=vendor_id)
    create_vehicle("Blue 1", vendor_id=vendor_id)
    reply = send_request("POST", "/dispatch/assignments/auto", {"charter_id": charter_id})
    assert (reply.status, reply.json()["code"]) == (409, "vendor_not_compliant")
