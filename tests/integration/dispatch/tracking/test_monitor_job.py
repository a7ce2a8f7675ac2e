"""The timer that monitors trips, on the table in memory."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from coachway.core import store
from coachway.core.persistence.domain_events import Envelope
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from coachway.dispatch.assignments.monitoring_schedule import MonitoringSchedule
from coachway.dispatch.tracking import monitor_job
from coachway.dispatch.tracking.position_encoding import round_position
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch import builders, tracking_builders
from tests.integration.dispatch.builders import get_assignment
from tests.integration.dispatch.tracking_builders import (
    create_trip_on_duty,
    event_types,
    freeze_time,
    local_time,
    send_ok,
    send_positions,
)


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def run_monitor(clock_time: str, day: str = "2027-03-03") -> dict[str, int]:
    with freeze_time(clock_time, day):
        return monitor_job.run().model_dump()


def list_event_data(assignment_id: str, kind: str) -> list[dict[str, Any]]:
    """The data of an assignment's events of one type."""
    envelopes = query_all(Envelope, get_assignment(assignment_id).key().pk, prefix="EVENT#")
    return [item.data for item in envelopes if item.type == kind]


def test_monitor_without_check_in_raises_one_alarm() -> None:
    assignment_id = builders.create_assignment(
        builders.create_trip(), builders.create_driver(), builders.create_vehicle()
    )["id"]
    assert run_monitor("09:14")["checked"] == 0
    assert run_monitor("09:15")["not_started"] == 1
    assert run_monitor("09:16")["not_started"] == run_monitor("09:20")["not_started"] == 0
    [data] = list_event_data(assignment_id, "trip.unstarted")
    assert (data["minutes"], data["driver_name"]) == (15, "Rosa Delgado")
    assert data["driver_phone"].startswith("+1212")


@pytest.mark.parametrize("made_at", ["10:05:00", "10:59:30"])
def test_monitor_checks_a_trip_assigned_after_its_start(made_at: str) -> None:
    charter_id, rosa, coach = builders.create_trip(), builders.create_driver(), builders.create_vehicle()
    run_monitor(made_at)  # the hours before ten are finished
    with freeze_time(made_at):
        builders.create_assignment(charter_id, rosa, coach)
    assert run_monitor("11:01")["not_started"] == 1


def test_monitor_without_departure_raises_an_alarm_every_15_minutes() -> None:
    _, assignment_id, _ = create_trip_on_duty()
    for minutes in range(0, 60, 5):
        run_monitor(f"09:{minutes:02d}")
    assert [item["minutes"] for item in list_event_data(assignment_id, "trip.late_risk")] == [15, 30, 45]
    assert [item["stop"] for item in list_event_data(assignment_id, "trip.late_risk")] == [0, 0, 0]
    assert get_assignment(assignment_id).late_minutes == 45


def test_monitor_raises_no_delay_alarms_after_two_hours() -> None:
    _, assignment_id, _ = create_trip_on_duty()
    for hour in range(9, 20):
        for minutes in (0, 15, 30, 45):
            run_monitor(f"{hour:02d}:{minutes:02d}")
    assert [item["minutes"] for item in list_event_data(assignment_id, "trip.late_risk")] == list(range(15, 121, 15))


def test_monitor_without_positions_raises_an_alarm_after_the_planned_arrival() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    with freeze_time("09:05"):
        send_ok("POST", f"/dispatch/assignments/{assignment_id}/depart", {}, driver_id=rosa)
    for clock_time in ("09:20", "11:30", "12:05"):
        assert run_monitor(clock_time)["alarms"] == 0
    assert run_monitor("12:16")["alarms"] == 1
    [data] = list_event_data(assignment_id, "trip.late_risk")
    assert (data["stop"], data["minutes"], data["expected_at"]) == (1, 16, None)


def test_send_positions_of_a_slow_vehicle_raises_an_alarm_for_each_step() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    with freeze_time("09:40"):
        send_ok("POST", f"/dispatch/assignments/{assignment_id}/depart", {}, driver_id=rosa)
    positions = [
        round_position(local_time("09:41") + timedelta(seconds=20 * n), 40.7 - n / 400, -74.02, 40, 180, 5)
        for n in range(30)
    ]
    for position in positions:
        send_positions(assignment_id, [position], driver_id=rosa)
    first, *later = list_event_data(assignment_id, "trip.late_risk")
    assert first["minutes"] >= 15
    assert first["expected_at"] > first["planned_at"]
    steps = [item["minutes"] // 15 for item in (first, *later)]
    assert steps == sorted(set(steps))


def test_monitor_beyond_the_hours_of_service_raises_one_alarm() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    with freeze_time("09:00"):
        send_ok("POST", f"/dispatch/assignments/{assignment_id}/depart", {}, driver_id=rosa)
    assert get_assignment(assignment_id).may_drive_until == local_time("19:00")
    for clock_time in ("18:59", "19:10", "19:40", "20:30"):
        run_monitor(clock_time)
    assert [item["since"] for item in list_event_data(assignment_id, "trip.hours_exceeded")] == [
        local_time("19:00").isoformat().replace("+00:00", "Z")
    ]
    _, second_assignment_id, sam = create_trip_on_duty(driver_name="Sam Tran", vehicle_name="Coach 2", day="2027-03-10")
    with freeze_time("09:00", "2027-03-10"):
        send_ok("POST", f"/dispatch/assignments/{second_assignment_id}/depart", {}, driver_id=sam)
    for latitude, clock_time in ((39.9, "18:58"), (39.95, "19:05"), (39.96, "19:06")):
        send_positions(
            second_assignment_id,
            [round_position(local_time(clock_time, "2027-03-10"), latitude, -74.2)],
            driver_id=sam,
        )
    assert event_types(second_assignment_id).count("trip.hours_exceeded") == 1


def test_depart_with_two_drivers_adds_up_their_driving_time() -> None:
    """Each may drive for ten hours, and be on duty for fifteen, including riding along."""
    charter_id = builders.create_trip(requires_second_driver=True)
    rosa, sam = builders.create_driver(), builders.create_driver("Sam Tran")
    assignment_id = builders.create_assignment(charter_id, rosa, builders.create_vehicle(), second_driver_id=sam)["id"]
    with freeze_time("09:00"):
        send_ok("POST", f"/dispatch/assignments/{assignment_id}/check-in", {}, driver_id=rosa)
        send_ok("POST", f"/dispatch/assignments/{assignment_id}/depart", {}, driver_id=rosa)
    assert get_assignment(assignment_id).may_drive_until == local_time("00:00", "2027-03-04")
    run_monitor("20:00")
    assert list_event_data(assignment_id, "trip.hours_exceeded") == []


def test_depart_before_the_planned_start_counts_the_duty_from_the_early_check_in() -> None:
    charter_id = builders.create_trip(requires_second_driver=True)
    rosa, sam = builders.create_driver(), builders.create_driver("Sam Tran")
    assignment_id = builders.create_assignment(charter_id, rosa, builders.create_vehicle(), second_driver_id=sam)["id"]
    with freeze_time("06:00"):
        send_ok("POST", f"/dispatch/assignments/{assignment_id}/check-in", {}, driver_id=rosa)
    with freeze_time("08:55"):
        send_ok("POST", f"/dispatch/assignments/{assignment_id}/depart", {}, driver_id=rosa)
    assert get_assignment(assignment_id).may_drive_until == local_time("21:00")


def test_depart_after_a_long_wait_is_limited_by_the_duty_hours() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    with freeze_time("18:00"):
        send_ok("POST", f"/dispatch/assignments/{assignment_id}/depart", {}, driver_id=rosa)
    assert get_assignment(assignment_id).may_drive_until == local_time(
        "23:00"
    )  # after ten hours on duty, five are left


def test_monitor_of_a_declined_assignment_removes_the_schedule() -> None:
    rosa = builders.create_driver()
    assignment_id = builders.create_assignment(builders.create_trip(), rosa, builders.create_vehicle())["id"]
    builders.send_ok("POST", f"/dispatch/assignments/{assignment_id}/decline", {"reason": "ill"}, party_id=rosa)
    assert run_monitor("09:20")["over"] == 1
    schedule = MonitoringSchedule(org_id=ORG, assignment_id=assignment_id, due=clock.now())
    assert store.find(MonitoringSchedule, schedule.key()) is None
