"""Reporting for duty, leaving, being done: through their routes, on the table in memory."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from coachway.compliance import subjects
from coachway.compliance.rules import SubjectType
from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.core.persistence.records import Key
from coachway.core.types import ids
from coachway.dispatch.driver_hours import clock
from coachway.dispatch.tracking.position_encoding import round_fix
from coachway.fleet.model import DRIVER, VEHICLE, Driver, DriverStatus, Vehicle, VehicleStatus
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch import builders, trip_builders
from tests.integration.dispatch.trip_builders import assignment, at, done, events, on_duty, the_time_is, told

EXPIRED = date(2027, 3, 2)


@pytest.fixture(autouse=True)
def organization() -> None:
    trip_builders.found()


def offered() -> tuple[str, str, str]:
    run, rosa = builders.trip(), builders.driver()
    return run, str(builders.assigned(run, rosa, builders.vehicle())["id"]), rosa


def path(assignment_id: str, what: str) -> str:
    return f"/dispatch/assignments/{assignment_id}/{what}"


def run_out(subject_type: SubjectType, subject_id: str) -> None:
    """All papers of a subject are found to have expired the day before the trip."""
    before = subjects.get(builders.SYSTEM, subject_type, subject_id)
    papers = [each.model_copy(update={"expiration_date": EXPIRED}) for each in before.papers]
    store.commit(builders.SYSTEM, Update(before, before.model_copy(update={"papers": papers})))


def test_a_driver_runs_a_trip_by_hand() -> None:
    run, assignment_id, rosa = offered()
    with the_time_is("08:00"):
        made = done("POST", path(assignment_id, "check-in"), {}, by=rosa)
        assert (made["status"], made["checked_in_at"]) == ("checked_in", "2027-03-03T13:00:00Z")
        assert builders.charter(run)["status"] == "confirmed"
    with the_time_is("09:05"):
        made = done("POST", path(assignment_id, "depart"), {}, by=rosa)
        assert (made["status"], made["stops"][0]["departed_at"]) == ("in_progress", "2027-03-03T14:05:00Z")
        assert made["may_drive_until"] == "2027-03-04T00:05:00Z"
        assert builders.charter(run)["status"] == "in_progress"
        assert done("POST", path(assignment_id, "depart"), {"stop": 0}, by=rosa)["version"] == made["version"]
        again = trip_builders.ask("POST", path(assignment_id, "depart"), {}, by=rosa)
        assert (again.status, again.json()["code"]) == (409, "no_stop_to_depart")
    with the_time_is("12:10"):
        made = done("POST", path(assignment_id, "check-out"), {}, by=rosa)
        assert (made["status"], made["checked_out_at"]) == ("completed", "2027-03-03T17:10:00Z")
        assert made["stops"][1]["arrived_at"] == made["checked_out_at"]
    assert builders.charter(run)["status"] == "completed"
    assert events(assignment_id)[1:] == [
        "assignment.checked_in",
        "trip.arrived",
        "trip.departed",
        "trip.arrived",
        "assignment.checked_out",
    ]


def test_what_is_said_twice_changes_nothing() -> None:
    _, assignment_id, rosa = on_duty()
    with the_time_is("08:30"):
        again = done("POST", path(assignment_id, "check-in"), {}, by=rosa)
        assert again["checked_in_at"] == "2027-03-03T13:00:00Z"
    with the_time_is("09:00"):
        done("POST", path(assignment_id, "depart"), {}, by=rosa)
        out = done("POST", path(assignment_id, "check-out"), {}, by=rosa)
        assert done("POST", path(assignment_id, "check-out"), {}, by=rosa)["version"] == out["version"]


def test_what_was_done_without_a_network_keeps_its_time() -> None:
    _, assignment_id, rosa = offered()
    with the_time_is("09:30"):
        made = done("POST", path(assignment_id, "check-in"), {"at": at("08:10").isoformat()}, by=rosa)
        assert made["checked_in_at"] == "2027-03-03T13:10:00Z"
        made = done("POST", path(assignment_id, "depart"), {"at": at("09:01").isoformat(), "stop": 0}, by=rosa)
        assert made["stops"][0]["departed_at"] == "2027-03-03T14:01:00Z"
        for wrong in (at("09:36"), at("09:29") - timedelta(days=1)):
            reply = trip_builders.ask("POST", path(assignment_id, "check-out"), {"at": wrong.isoformat()}, by=rosa)
            assert (reply.status, reply.json()["errors"][0]["field"]) == (422, "at")


def test_nobody_checks_in_for_tomorrow() -> None:
    _, assignment_id, rosa = offered()
    with the_time_is("04:00"):
        refused = trip_builders.ask("POST", path(assignment_id, "check-in"), {}, by=rosa)
    assert (refused.status, refused.json()["code"]) == (409, "check_in_too_early")


def test_only_its_own_driver_reports_for_duty() -> None:
    _, assignment_id, _ = offered()
    stranger = builders.driver("Sam Tran")
    with the_time_is("08:00"):
        for what in ("check-in", "depart", "check-out"):
            assert trip_builders.ask("POST", path(assignment_id, what), {}, by=stranger).status == 404
            assert trip_builders.ask("POST", path(assignment_id, what), {}, rights="dispatch:read").status == 403
            assert trip_builders.ask("POST", path(ids.new("asg"), what), {}).status == 404


@pytest.mark.parametrize("whose", ["driver", "vehicle", "organization"])
def test_papers_that_ran_out_keep_a_vehicle_from_leaving(whose: str) -> None:
    _, assignment_id, rosa = offered()
    named = assignment(assignment_id)
    subject_id = {"driver": rosa, "vehicle": named.vehicle_id, "organization": ORG}[whose]
    run_out(SubjectType(whose), subject_id)
    with the_time_is("08:00"):
        refused = trip_builders.ask("POST", path(assignment_id, "check-in"), {}, by=rosa)
    assert (refused.status, refused.json()["code"]) == (409, "departure_documents_invalid")
    wrong = refused.json()["errors"]
    assert len(wrong) == 3
    assert all("is expired on 2027-03-03: " in each["message"] for each in wrong)
    name = {"driver": "Rosa Delgado", "vehicle": "Coach 12", "organization": "The organization"}[whose]
    assert wrong[0]["message"].startswith(name)


@pytest.mark.parametrize(
    ("whose", "fields", "said"),
    [
        ("driver", {"status": DriverStatus.ON_LEAVE}, "Rosa Delgado is on leave"),
        ("driver", {"license_expires": EXPIRED}, "Rosa Delgado has a license that expires on 2027-03-02"),
        ("vehicle", {"status": VehicleStatus.OUT_OF_SERVICE}, "Coach 12 is out of service"),
    ],
)
def test_who_fell_out_since_keeps_a_vehicle_from_leaving(whose: str, fields: dict[str, Any], said: str) -> None:
    _, assignment_id, rosa = on_duty()
    model, key = (Driver, DRIVER.key(org=ORG, id=rosa)) if whose == "driver" else (Vehicle, car(assignment_id))
    before = store.get(model, key)
    store.commit(builders.SYSTEM, Update(before, before.model_copy(update=fields)))
    with the_time_is("09:00"):
        refused = trip_builders.ask("POST", path(assignment_id, "depart"), {}, by=rosa)
    assert (refused.status, refused.json()["code"]) == (409, "departure_not_ready")
    assert [(each["field"], each["message"]) for each in refused.json()["errors"]] == [(f"{whose}_id", said)]
    away(assignment_id, rosa)
    assert "trip.papers_lacking" in events(assignment_id)


def car(assignment_id: str) -> Key:
    return VEHICLE.key(org=ORG, id=assignment(assignment_id).vehicle_id)


def test_papers_are_looked_at_again_when_a_driver_leaves_by_hand() -> None:
    run, assignment_id, rosa = on_duty()
    run_out(SubjectType.DRIVER, rosa)
    with the_time_is("09:00"):
        refused = trip_builders.ask("POST", path(assignment_id, "depart"), {}, by=rosa)
    assert (refused.status, refused.json()["code"]) == (409, "departure_documents_invalid")
    assert builders.charter(run)["status"] == "confirmed"


def test_a_vehicle_that_left_all_the_same_raises_an_alarm() -> None:
    run, assignment_id, rosa = on_duty()
    run_out(SubjectType.DRIVER, rosa)
    away(assignment_id, rosa)
    assert "trip.papers_lacking" in events(assignment_id)
    assert (assignment(assignment_id).status, builders.charter(run)["status"]) == ("in_progress", "in_progress")


def away(assignment_id: str, rosa: str, since: str = "09:00") -> None:
    """The positions of a vehicle that is at its first stop and leaves it."""
    told(
        assignment_id,
        [
            round_fix(
                at(since) + timedelta(seconds=10 * n), builders.NYC[0] + (n - 2 if n > 2 else 0) / 300, builders.NYC[1]
            )
            for n in range(6)
        ],
        by=rosa,
    )


def test_a_charter_that_is_not_confirmed_does_not_leave_by_hand() -> None:
    run = builders.trip(vehicle_count=2, passengers=80)
    _, assignment_id, rosa = on_duty(run)
    with the_time_is("09:00"):
        refused = trip_builders.ask("POST", path(assignment_id, "depart"), {}, by=rosa)
    assert (refused.status, refused.json()["code"]) == (409, "charter_not_confirmed")
    away(assignment_id, rosa)
    assert (assignment(assignment_id).status, builders.charter(run)["status"]) == ("in_progress", "booked")


def test_a_charter_is_completed_with_the_last_of_its_vehicles() -> None:
    run = builders.trip(vehicle_count=2, passengers=80)
    one, two = builders.driver(), builders.driver("Sam Tran")
    first = builders.assigned(run, one, builders.vehicle("Coach 1"))["id"]
    second = builders.assigned(run, two, builders.vehicle("Coach 2"))["id"]
    with the_time_is("08:30"):
        done("POST", path(first, "check-in"), {}, by=one)
        done("POST", path(second, "check-in"), {}, by=two)
    with the_time_is("09:00"):
        done("POST", path(first, "depart"), {}, by=one)
        assert builders.charter(run)["status"] == "in_progress"
        done("POST", path(second, "depart"), {}, by=two)
    with the_time_is("12:00"):
        done("POST", path(second, "check-out"), {}, by=two)
        assert builders.charter(run)["status"] == "in_progress"
        done("POST", path(first, "check-out"), {}, by=one)
        assert builders.charter(run)["status"] == "completed"


def test_of_two_vehicles_that_come_to_their_last_stops_at_once_one_counts_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = builders.trip(vehicle_count=2, passengers=80)
    one, two = builders.driver(), builders.driver("Sam Tran")
    first = builders.assigned(run, one, builders.vehicle("Coach 1"))["id"]
    second = builders.assigned(run, two, builders.vehicle("Coach 2"))["id"]
    with the_time_is("08:30"):
        done("POST", path(first, "check-in"), {}, by=one)
        done("POST", path(second, "check-in"), {}, by=two)
    with the_time_is("09:00"):
        done("POST", path(first, "depart"), {}, by=one)
        done("POST", path(second, "depart"), {}, by=two)
    numbers, looks = store.get_counters, []

    def at_the_same_moment(key: Key) -> dict[str, int]:
        """Before the second has counted, the first has too: what was read is old."""
        found = numbers(key)
        if key.pk.startswith(f"ORG#{ORG}#DROPPED#"):
            looks.append(found)
            if len(looks) == 1:
                done("POST", path(first, "check-out"), {}, by=one)
        return found

    monkeypatch.setattr(store, "get_counters", at_the_same_moment)
    with the_time_is("12:00"):
        done("POST", path(second, "check-out"), {}, by=two)
    assert looks == [{}, {}, {"n": 1}]
    assert builders.charter(run)["status"] == "completed"
    assert [assignment(each).status for each in (first, second)] == ["completed", "completed"]


def test_hours_of_service_are_judged_by_what_was_really_done() -> None:
    """Eight hours late with the first trip, the driver cannot begin the second as planned."""
    rosa = builders.driver()
    first = builders.assigned(builders.trip(), rosa, builders.vehicle("Coach 1"))["id"]
    second = builders.assigned(builders.trip("2027-03-04", "09:00", 9, back=True), rosa, builders.vehicle("Coach 2"))[
        "id"
    ]
    with the_time_is("08:00"):
        done("POST", path(first, "check-in"), {}, by=rosa)
    with the_time_is("09:00"):
        done("POST", path(first, "depart"), {}, by=rosa)
    with the_time_is("02:00", "2027-03-04"):
        done("POST", path(first, "check-out"), {}, by=rosa)
    with the_time_is("08:30", "2027-03-04"):
        refused = trip_builders.ask("POST", path(second, "check-in"), {}, by=rosa)
    assert (refused.status, refused.json()["code"]) == (409, "hours_of_service_exceeded")
    assert "49 CFR 395.5" in refused.json()["detail"]


def test_the_way_to_the_next_trip_counts_when_its_driver_reports_for_it() -> None:
    """An hour late in Atlantic City, and two and a half hours of driving from the next trip's start in New York."""
    rosa = builders.driver()
    first = builders.assigned(builders.trip(), rosa, builders.vehicle("Coach 1"))["id"]
    second = builders.assigned(builders.trip(leaves="16:00", hours=4), rosa, builders.vehicle("Coach 2"))["id"]
    with the_time_is("08:00"):
        done("POST", path(first, "check-in"), {}, by=rosa)
    with the_time_is("09:00"):
        done("POST", path(first, "depart"), {}, by=rosa)
    with the_time_is("13:10"):
        done("POST", path(first, "check-out"), {}, by=rosa)
    with the_time_is("16:00"):
        refused = trip_builders.ask("POST", path(second, "check-in"), {}, by=rosa)
    assert (refused.status, refused.json()["code"]) == (409, "hours_of_service_exceeded")
    assert "drive limit" in refused.json()["detail"]


def test_a_trip_that_nobody_checked_out_of_is_a_hole_in_the_log() -> None:
    rosa = builders.driver()
    first = builders.assigned(builders.trip(), rosa, builders.vehicle("Coach 1"))
    second = builders.assigned(builders.trip("2027-03-04", back=True), rosa, builders.vehicle("Coach 2"))["id"]
    with the_time_is("08:00"):
        done("POST", path(first["id"], "check-in"), {}, by=rosa)
    with the_time_is("09:00"):
        done("POST", path(first["id"], "depart"), {}, by=rosa)
    with the_time_is("08:30", "2027-03-04"):
        refused = trip_builders.ask("POST", path(second, "check-in"), {}, by=rosa)
        assert refused.status == 409
        assert f"check out of {first['charter_number']} first" in refused.json()["detail"]
        done("POST", path(first["id"], "check-out"), {"at": at("12:30").isoformat()}, by=rosa)
        assert done("POST", path(second, "check-in"), {}, by=rosa)["status"] == "checked_in"


def test_the_office_notes_a_trip_that_nobody_told_of_days_later() -> None:
    """The driver's telephone was lost; until somebody says what was done, nobody knows their hours."""
    run, assignment_id, rosa = offered()
    run_out(SubjectType.DRIVER, rosa)
    later, steps = "2027-03-08", [("check-in", "08:30"), ("depart", "09:05"), ("check-out", "12:20")]
    with the_time_is("10:00", later):
        early = {"at": at("08:30").isoformat()}
        own = trip_builders.ask("POST", path(assignment_id, "check-in"), early, by=rosa)
        assert (own.status, own.json()["errors"][0]["field"]) == (422, "at")
        for what, when in steps:
            made = done("POST", path(assignment_id, what), {"at": at(when).isoformat()})
        assert (made["status"], made["checked_out_at"]) == ("completed", "2027-03-03T17:20:00Z")
        known = clock.get_driver_hours(builders.SYSTEM, rosa)
        assert (known.known, known.days[5].on_duty_hours) == ("known", 3.83)
        too_old = {"at": (at("08:30") - timedelta(days=9)).isoformat()}
        assert trip_builders.ask("POST", path(assignment_id, "check-out"), too_old).status == 422
    # What has left has left: that the papers had run out is told, not refused.
    assert "trip.papers_lacking" in events(assignment_id)
    assert builders.charter(run)["status"] == "completed"


def test_a_trip_that_was_completed_by_hand_can_still_be_noted() -> None:
    run, assignment_id, _ = offered()
    with the_time_is("18:00"):
        for status in ("in_progress", "completed"):
            assert booking_builders.set_status(run, status).status == 200
        for what, when in (("check-in", "08:30"), ("depart", "09:00"), ("check-out", "12:00")):
            made = done("POST", path(assignment_id, what), {"at": at(when).isoformat()})
    assert made["status"] == "completed"
    assert builders.charter(run)["status"] == "completed"


def test_a_trip_that_has_not_begun_is_not_checked_out_of() -> None:
    _, assignment_id, rosa = on_duty()
    with the_time_is("12:00"):
        refused = trip_builders.ask("POST", path(assignment_id, "check-out"), {}, by=rosa)
    assert (refused.status, refused.json()["code"]) == (409, "trip_not_started")


def test_who_took_a_trip_over_on_the_way_ends_it_by_hand() -> None:
    run, assignment_id, rosa = on_duty()
    before = assignment(assignment_id)
    stops = [before.stops[0].model_copy(update={"departed_at": at("07:50")}), before.stops[1]]
    store.commit(builders.SYSTEM, Update(before, before.model_copy(update={"stops": stops})))
    with the_time_is("12:00"):
        assert trip_builders.ask("POST", path(assignment_id, "depart"), {}, by=rosa).status == 409
        made = done("POST", path(assignment_id, "check-out"), {}, by=rosa)
    assert (made["status"], made["stops"][1]["arrived_at"]) == ("completed", made["checked_out_at"])
    assert builders.charter(run)["status"] == "completed"


def test_waiting_beyond_the_free_wait_is_noted() -> None:
    _, assignment_id, rosa = on_duty()
    away(assignment_id, rosa, "09:40")
    pickup = assignment(assignment_id).stops[0]
    assert (pickup.dwell_minutes, pickup.billable_minutes) == (0, 0)
    _, waited, sam = on_duty(name="Sam Tran", coach="Coach 2", leaves="11:00")
    still = [round_fix(at("10:50") + timedelta(minutes=n), *builders.NYC) for n in range(40)]
    told(waited, still, by=sam)
    with the_time_is("11:30"):
        done("POST", path(waited, "depart"), {}, by=sam)
    pickup = assignment(waited).stops[0]
    assert (pickup.dwell_minutes, pickup.billable_minutes) == (40, 15)
