"""The hours of service of the crew at check-in, on the table in memory."""

from __future__ import annotations

import pytest

from tests.integration.dispatch import builders, tracking_builders
from tests.integration.dispatch.tracking_builders import (
    action_path,
    freeze_time,
    local_time,
    send_ok,
    send_request,
)


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def test_check_in_after_a_late_trip_counts_the_actual_hours() -> None:
    """The first trip ends many hours late, so the driver cannot start the second one as planned."""
    rosa = builders.create_driver()
    first_id = builders.create_assignment(builders.create_trip(), rosa, builders.create_vehicle("Coach 1"))["id"]
    second_id = builders.create_assignment(
        builders.create_trip("2027-03-04", "09:00", 9, is_return=True), rosa, builders.create_vehicle("Coach 2")
    )["id"]
    with freeze_time("08:00"):
        send_ok("POST", action_path(first_id, "check-in"), {}, driver_id=rosa)
    with freeze_time("09:00"):
        send_ok("POST", action_path(first_id, "depart"), {}, driver_id=rosa)
    with freeze_time("02:00", "2027-03-04"):
        send_ok("POST", action_path(first_id, "check-out"), {}, driver_id=rosa)
    with freeze_time("08:30", "2027-03-04"):
        reply = send_request("POST", action_path(second_id, "check-in"), {}, driver_id=rosa)
    assert (reply.status, reply.json()["code"]) == (409, "hours_of_service_exceeded")
    assert "49 CFR 395.5" in reply.json()["detail"]


def test_check_in_counts_the_transfer_from_the_previous_trip() -> None:
    """The driver ends an hour late in Atlantic City; the next trip starts in New York, a drive of 2.5 hours."""
    rosa = builders.create_driver()
    first_id = builders.create_assignment(builders.create_trip(), rosa, builders.create_vehicle("Coach 1"))["id"]
    second_id = builders.create_assignment(
        builders.create_trip(departure="16:00", hours=4), rosa, builders.create_vehicle("Coach 2")
    )["id"]
    with freeze_time("08:00"):
        send_ok("POST", action_path(first_id, "check-in"), {}, driver_id=rosa)
    with freeze_time("09:00"):
        send_ok("POST", action_path(first_id, "depart"), {}, driver_id=rosa)
    with freeze_time("13:10"):
        send_ok("POST", action_path(first_id, "check-out"), {}, driver_id=rosa)
    with freeze_time("16:00"):
        reply = send_request("POST", action_path(second_id, "check-in"), {}, driver_id=rosa)
    assert (reply.status, reply.json()["code"]) == (409, "hours_of_service_exceeded")
    assert "drive limit" in reply.json()["detail"]


def test_check_in_without_check_out_of_the_previous_trip_is_refused() -> None:
    rosa = builders.create_driver()
    first = builders.create_assignment(builders.create_trip(), rosa, builders.create_vehicle("Coach 1"))
    second_id = builders.create_assignment(
        builders.create_trip("2027-03-04", is_return=True), rosa, builders.create_vehicle("Coach 2")
    )["id"]
    with freeze_time("08:00"):
        send_ok("POST", action_path(first["id"], "check-in"), {}, driver_id=rosa)
    with freeze_time("09:00"):
        send_ok("POST", action_path(first["id"], "depart"), {}, driver_id=rosa)
    with freeze_time("08:30", "2027-03-04"):
        reply = send_request("POST", action_path(second_id, "check-in"), {}, driver_id=rosa)
        assert reply.status == 409
        assert f"check out of {first['charter_number']} first" in reply.json()["detail"]
        send_ok("POST", action_path(first["id"], "check-out"), {"at": local_time("12:30").isoformat()}, driver_id=rosa)
        assert send_ok("POST", action_path(second_id, "check-in"), {}, driver_id=rosa)["status"] == "checked_in"
