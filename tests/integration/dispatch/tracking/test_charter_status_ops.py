"""The status of a charter follows its vehicles, on the table in memory."""

from __future__ import annotations

import pytest

from coachway.core import store
from coachway.core.persistence.records import Key
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch import builders, tracking_builders
from tests.integration.dispatch.builders import get_assignment
from tests.integration.dispatch.tracking_builders import (
    action_path,
    create_trip_on_duty,
    freeze_time,
    send_departure_positions,
    send_ok,
    send_request,
)


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def test_depart_of_an_unconfirmed_charter_is_refused() -> None:
    charter_id = builders.create_trip(vehicle_count=2, passengers=80)
    _, assignment_id, rosa = create_trip_on_duty(charter_id)
    with freeze_time("09:00"):
        reply = send_request("POST", action_path(assignment_id, "depart"), {}, driver_id=rosa)
    assert (reply.status, reply.json()["code"]) == (409, "charter_not_confirmed")
    send_departure_positions(assignment_id, rosa)
    assert (get_assignment(assignment_id).status, builders.get_charter(charter_id)["status"]) == (
        "in_progress",
        "booked",
    )


def test_check_out_of_the_last_vehicle_completes_the_charter() -> None:
    charter_id = builders.create_trip(vehicle_count=2, passengers=80)
    first_driver, second_driver = builders.create_driver(), builders.create_driver("Sam Tran")
    first_id = builders.create_assignment(charter_id, first_driver, builders.create_vehicle("Coach 1"))["id"]
    second_id = builders.create_assignment(charter_id, second_driver, builders.create_vehicle("Coach 2"))["id"]
    with freeze_time("08:30"):
        send_ok("POST", action_path(first_id, "check-in"), {}, driver_id=first_driver)
        send_ok("POST", action_path(second_id, "check-in"), {}, driver_id=second_driver)
    with freeze_time("09:00"):
        send_ok("POST", action_path(first_id, "depart"), {}, driver_id=first_driver)
        assert builders.get_charter(charter_id)["status"] == "in_progress"
        send_ok("POST", action_path(second_id, "depart"), {}, driver_id=second_driver)
    with freeze_time("12:00"):
        send_ok("POST", action_path(second_id, "check-out"), {}, driver_id=second_driver)
        assert builders.get_charter(charter_id)["status"] == "in_progress"
        send_ok("POST", action_path(first_id, "check-out"), {}, driver_id=first_driver)
        assert builders.get_charter(charter_id)["status"] == "completed"


def test_check_out_of_two_vehicles_at_once_completes_the_charter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    charter_id = builders.create_trip(vehicle_count=2, passengers=80)
    first_driver, second_driver = builders.create_driver(), builders.create_driver("Sam Tran")
    first_id = builders.create_assignment(charter_id, first_driver, builders.create_vehicle("Coach 1"))["id"]
    second_id = builders.create_assignment(charter_id, second_driver, builders.create_vehicle("Coach 2"))["id"]
    with freeze_time("08:30"):
        send_ok("POST", action_path(first_id, "check-in"), {}, driver_id=first_driver)
        send_ok("POST", action_path(second_id, "check-in"), {}, driver_id=second_driver)
    with freeze_time("09:00"):
        send_ok("POST", action_path(first_id, "depart"), {}, driver_id=first_driver)
        send_ok("POST", action_path(second_id, "depart"), {}, driver_id=second_driver)
    get_counters, counts = store.get_counters, []

    def get_outdated_counters(key: Key) -> dict[str, int]:
        """Let the first vehicle be counted after the second one has read the counter."""
        counters = get_counters(key)
        if key.pk.startswith(f"ORG#{ORG}#DROPPED#"):
            counts.append(counters)
            if len(counts) == 1:
                send_ok("POST", action_path(first_id, "check-out"), {}, driver_id=first_driver)
        return counters

    monkeypatch.setattr(store, "get_counters", get_outdated_counters)
    with freeze_time("12:00"):
        send_ok("POST", action_path(second_id, "check-out"), {}, driver_id=second_driver)
    assert counts == [{}, {}, {"n": 1}]
    assert builders.get_charter(charter_id)["status"] == "completed"
    assert [get_assignment(item).status for item in (first_id, second_id)] == ["completed", "completed"]
