"""Check in, depart and check out, on the table in memory."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coachway.compliance.rules import SubjectType
from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.core.types import ids
from coachway.dispatch.driver_hours import remaining_hours
from coachway.dispatch.tracking.position_encoding import round_position
from tests.integration.bookings import builders as booking_builders
from tests.integration.dispatch import builders, tracking_builders
from tests.integration.dispatch.builders import get_assignment
from tests.integration.dispatch.document_builders import expire_documents
from tests.integration.dispatch.tracking_builders import (
    action_path,
    create_offered_trip,
    create_trip_on_duty,
    event_types,
    freeze_time,
    local_time,
    send_departure_positions,
    send_ok,
    send_positions,
    send_request,
)


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def test_undo_check_in_takes_the_driver_off_duty_and_deletes_the_positions() -> None:
    _, assignment_id, rosa = create_offered_trip()
    path = action_path(assignment_id, "undo-check-in")
    with freeze_time("08:00"):
        assert send_request("POST", path, {}, driver_id=rosa).json()["code"] == "driver_not_on_duty"
        send_ok("POST", action_path(assignment_id, "check-in"), {}, driver_id=rosa)
        positions = [
            round_position(local_time("08:00"), *builders.NYC),
            round_position(local_time("08:01"), *builders.NYC),
        ]
    with freeze_time("08:02"):
        send_positions(assignment_id, positions, driver_id=rosa)
        assert get_assignment(assignment_id).stops[0].arrived_at == local_time("08:00")
    with freeze_time("08:15"):
        undone = send_ok("POST", path, {}, driver_id=rosa)
        assert (undone["status"], undone["checked_in_at"], undone["stops"][0]["arrived_at"]) == ("accepted", None, None)
        assert tracking_builders.list_stored_positions(assignment_id) == []
        assert event_types(assignment_id)[-1] == "assignment.check_in_undone"
        assert send_ok("POST", path, {}, driver_id=rosa)["version"] == undone["version"]
    with freeze_time("08:20"):
        assert send_ok("POST", action_path(assignment_id, "check-in"), {}, driver_id=rosa)["status"] == "checked_in"


def test_undo_check_in_that_arrives_after_another_check_in_changes_nothing() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    path, undone_at = action_path(assignment_id, "undo-check-in"), {"at": local_time("08:05").isoformat()}
    with freeze_time("08:05"):
        send_ok("POST", path, undone_at, driver_id=rosa)
    with freeze_time("08:10"):
        send_ok("POST", action_path(assignment_id, "check-in"), {}, driver_id=rosa)
        send_positions(assignment_id, [round_position(local_time("08:10"), *builders.NYC)], driver_id=rosa)
    with freeze_time("08:11"):
        assert send_ok("POST", path, undone_at, driver_id=rosa)["status"] == "checked_in"
    assert len(tracking_builders.list_stored_positions(assignment_id)) == 1


def test_undo_check_in_later_is_left_to_the_dispatcher() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    path = action_path(assignment_id, "undo-check-in")
    with freeze_time("08:16"):
        reply = send_request("POST", path, {}, driver_id=rosa)
        assert (reply.status, reply.json()["code"]) == (409, "undo_too_late")
        reply = builders.send_request("POST", action_path(assignment_id, "accept"))
        assert (reply.status, reply.json()["code"]) == (409, "invalid_status_transition")
        assert send_ok("POST", path, {})["status"] == "accepted"
        send_ok("POST", action_path(assignment_id, "check-in"), {}, driver_id=rosa)
        send_ok("POST", action_path(assignment_id, "depart"), {}, driver_id=rosa)
        reply = send_request("POST", path, {}, driver_id=rosa)
    assert (reply.status, reply.json()["code"]) == (409, "invalid_status_transition")


def test_check_in_depart_and_check_out_complete_the_trip() -> None:
    charter_id, assignment_id, rosa = create_offered_trip()
    with freeze_time("08:00"):
        assignment = send_ok("POST", action_path(assignment_id, "check-in"), {}, driver_id=rosa)
        assert (assignment["status"], assignment["checked_in_at"]) == ("checked_in", "2027-03-03T08:00:00-05:00")
        assert builders.get_charter(charter_id)["status"] == "confirmed"
    with freeze_time("09:05"):
        assignment = send_ok("POST", action_path(assignment_id, "depart"), {}, driver_id=rosa)
        assert (assignment["status"], assignment["stops"][0]["departed_at"]) == (
            "in_progress",
            "2027-03-03T09:05:00-05:00",
        )
        assert assignment["may_drive_until"] == "2027-03-03T19:05:00-05:00"
        assert builders.get_charter(charter_id)["status"] == "in_progress"
        assert (
            send_ok("POST", action_path(assignment_id, "depart"), {"stop": 0}, driver_id=rosa)["version"]
            == assignment["version"]
        )
        reply = send_request("POST", action_path(assignment_id, "depart"), {}, driver_id=rosa)
        assert (reply.status, reply.json()["code"]) == (409, "no_stop_to_depart")
    with freeze_time("12:10"):
        assignment = send_ok("POST", action_path(assignment_id, "check-out"), {}, driver_id=rosa)
        assert (assignment["status"], assignment["checked_out_at"]) == ("completed", "2027-03-03T12:10:00-05:00")
        assert assignment["stops"][1]["arrived_at"] == assignment["checked_out_at"]
    assert builders.get_charter(charter_id)["status"] == "completed"
    assert event_types(assignment_id)[1:] == [
        "assignment.checked_in",
        "trip.arrived",
        "trip.departed",
        "trip.arrived",
        "assignment.checked_out",
    ]


def test_duty_actions_repeated_change_nothing() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    with freeze_time("08:30"):
        repeated = send_ok("POST", action_path(assignment_id, "check-in"), {}, driver_id=rosa)
        assert repeated["checked_in_at"] == "2027-03-03T08:00:00-05:00"
    with freeze_time("09:00"):
        send_ok("POST", action_path(assignment_id, "depart"), {}, driver_id=rosa)
        checked_out = send_ok("POST", action_path(assignment_id, "check-out"), {}, driver_id=rosa)
        assert (
            send_ok("POST", action_path(assignment_id, "check-out"), {}, driver_id=rosa)["version"]
            == checked_out["version"]
        )


def test_duty_actions_sent_later_keep_their_time() -> None:
    _, assignment_id, rosa = create_offered_trip()
    with freeze_time("09:30"):
        assignment = send_ok(
            "POST", action_path(assignment_id, "check-in"), {"at": local_time("08:10").isoformat()}, driver_id=rosa
        )
        assert assignment["checked_in_at"] == "2027-03-03T08:10:00-05:00"
        assignment = send_ok(
            "POST",
            action_path(assignment_id, "depart"),
            {"at": local_time("09:01").isoformat(), "stop": 0},
            driver_id=rosa,
        )
        assert assignment["stops"][0]["departed_at"] == "2027-03-03T09:01:00-05:00"
        for invalid_time in (local_time("09:36"), local_time("09:29") - timedelta(days=1)):
            reply = send_request(
                "POST", action_path(assignment_id, "check-out"), {"at": invalid_time.isoformat()}, driver_id=rosa
            )
            assert (reply.status, reply.json()["errors"][0]["field"]) == (422, "at")


def test_check_in_too_early_is_refused() -> None:
    _, assignment_id, rosa = create_offered_trip()
    with freeze_time("04:00"):
        reply = send_request("POST", action_path(assignment_id, "check-in"), {}, driver_id=rosa)
    assert (reply.status, reply.json()["code"]) == (409, "check_in_too_early")


def test_duty_actions_of_another_driver_return_404() -> None:
    _, assignment_id, _ = create_offered_trip()
    other_driver = builders.create_driver("Sam Tran")
    with freeze_time("08:00"):
        for action in ("check-in", "depart", "check-out"):
            assert send_request("POST", action_path(assignment_id, action), {}, driver_id=other_driver).status == 404
            assert send_request("POST", action_path(assignment_id, action), {}, rights="dispatch:read").status == 403
            assert send_request("POST", action_path(ids.new("asg"), action), {}).status == 404


def test_duty_actions_recorded_by_staff_days_later_complete_the_trip() -> None:
    """The driver's phone was lost, so staff record the duty days later."""
    charter_id, assignment_id, rosa = create_offered_trip()
    expire_documents(SubjectType.DRIVER, rosa)
    later_day, steps = "2027-03-08", [("check-in", "08:30"), ("depart", "09:05"), ("check-out", "12:20")]
    with freeze_time("10:00", later_day):
        body = {"at": local_time("08:30").isoformat()}
        reply = send_request("POST", action_path(assignment_id, "check-in"), body, driver_id=rosa)
        assert (reply.status, reply.json()["errors"][0]["field"]) == (422, "at")
        for action, clock_time in steps:
            assignment = send_ok("POST", action_path(assignment_id, action), {"at": local_time(clock_time).isoformat()})
        assert (assignment["status"], assignment["checked_out_at"]) == ("completed", "2027-03-03T12:20:00-05:00")
        hours = remaining_hours.get_driver_hours(builders.SYSTEM, rosa)
        assert (hours.hours_status, hours.days[5].on_duty_hours) == ("known", 3.83)
        old_body = {"at": (local_time("08:30") - timedelta(days=9)).isoformat()}
        assert send_request("POST", action_path(assignment_id, "check-out"), old_body).status == 422
    # A past departure with expired documents raises an alarm instead of an error.
    assert "trip.papers_lacking" in event_types(assignment_id)
    assert builders.get_charter(charter_id)["status"] == "completed"


def test_duty_actions_after_the_charter_was_completed_are_recorded() -> None:
    charter_id, assignment_id, _ = create_offered_trip()
    with freeze_time("18:00"):
        for status in ("in_progress", "completed"):
            assert booking_builders.set_status(charter_id, status).status == 200
        for action, clock_time in (("check-in", "08:30"), ("depart", "09:00"), ("check-out", "12:00")):
            assignment = send_ok("POST", action_path(assignment_id, action), {"at": local_time(clock_time).isoformat()})
    assert assignment["status"] == "completed"
    assert builders.get_charter(charter_id)["status"] == "completed"


def test_check_out_before_departure_is_refused() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    with freeze_time("12:00"):
        reply = send_request("POST", action_path(assignment_id, "check-out"), {}, driver_id=rosa)
    assert (reply.status, reply.json()["code"]) == (409, "trip_not_started")


def test_check_out_of_a_taken_over_trip_completes_it() -> None:
    charter_id, assignment_id, rosa = create_trip_on_duty()
    before = get_assignment(assignment_id)
    stops = [before.stops[0].model_copy(update={"departed_at": local_time("07:50")}), before.stops[1]]
    store.commit(builders.SYSTEM, Update(before, before.model_copy(update={"stops": stops})))
    with freeze_time("12:00"):
        assert send_request("POST", action_path(assignment_id, "depart"), {}, driver_id=rosa).status == 409
        assignment = send_ok("POST", action_path(assignment_id, "check-out"), {}, driver_id=rosa)
    assert (assignment["status"], assignment["stops"][1]["arrived_at"]) == ("completed", assignment["checked_out_at"])
    assert builders.get_charter(charter_id)["status"] == "completed"


def test_depart_after_the_free_wait_stores_billable_minutes() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    send_departure_positions(assignment_id, rosa, "09:40")
    pickup = get_assignment(assignment_id).stops[0]
    assert (pickup.dwell_minutes, pickup.billable_minutes) == (0, 0)
    _, waiting_id, sam = create_trip_on_duty(driver_name="Sam Tran", vehicle_name="Coach 2", departure="11:00")
    positions = [round_position(local_time("10:50") + timedelta(minutes=n), *builders.NYC) for n in range(40)]
    send_positions(waiting_id, positions, driver_id=sam)
    with freeze_time("11:30"):
        send_ok("POST", action_path(waiting_id, "depart"), {}, driver_id=sam)
    pickup = get_assignment(waiting_id).stops[0]
    assert (pickup.dwell_minutes, pickup.billable_minutes) == (40, 15)
