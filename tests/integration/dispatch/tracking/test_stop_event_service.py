"""Positions change the assignment and its charter, on the table in memory."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from coachway.dispatch.tracking.position_encoding import round_position
from tests.integration.dispatch import builders, tracking_builders
from tests.integration.dispatch.tracking_builders import (
    create_trip_on_duty,
    event_types,
    list_stored_positions,
    local_time,
    send_ok,
    send_positions,
    send_track,
)
from tests.tracks import read_track


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def test_ingest_positions_of_a_recorded_track_completes_the_trip() -> None:
    charter_id, assignment_id, rosa = create_trip_on_duty()
    track = read_track("to-the-shore")
    send_track(assignment_id, track, driver_id=rosa)
    assignment = builders.get_assignment(assignment_id)
    pickup, dropoff = assignment.stops
    assert [pickup.arrived_at, pickup.departed_at, dropoff.arrived_at] == [
        local_time("08:24:30"),
        local_time("08:50:00"),
        local_time("11:04:30"),
    ]
    assert (pickup.dwell_minutes, pickup.billable_minutes) == (25, 0)
    assert assignment.status == "completed"
    assert builders.get_charter(charter_id)["status"] == "completed"
    assert event_types(assignment_id) == [
        "assignment.offered",
        "assignment.checked_in",
        "trip.arrived",
        "trip.departed",
        "trip.arrived",
        "trip.departed",
    ]
    with tracking_builders.freeze_time("12:00"):
        checked_out = send_ok("POST", f"/dispatch/assignments/{assignment_id}/check-out", {}, driver_id=rosa)
    assert (checked_out["status"], checked_out["checked_out_at"]) == ("completed", "2027-03-03T12:00:00-05:00")


def test_depart_right_after_positions_ahead_of_the_clock_is_accepted() -> None:
    """Positions have the phone's time; an action right after them is not refused as too early."""
    _, assignment_id, rosa = create_trip_on_duty()
    positions = [
        round_position(local_time("08:24") + timedelta(seconds=10 * n), 40.7074, -74.0113, 0, None, 5) for n in range(2)
    ]
    with tracking_builders.freeze_time("08:20"):
        send_positions(assignment_id, positions, driver_id=rosa)
        path = f"/dispatch/assignments/{assignment_id}/depart"
        reply = tracking_builders.send_request(
            "POST", path, {"stop": 0, "at": local_time("08:18").isoformat()}, driver_id=rosa
        )
        assert (reply.status, reply.json()["errors"][0]["field"]) == (422, "at")
        stop = send_ok("POST", path, {"stop": 0, "at": local_time("08:24:30").isoformat()}, driver_id=rosa)["stops"][0]
        assert (stop["arrived_at"], stop["departed_at"]) == ("2027-03-03T08:24:00-05:00", "2027-03-03T08:24:00-05:00")


@pytest.mark.parametrize("seed", range(4))
def test_ingest_positions_of_a_track_in_any_order_gives_the_same_trip(seed: int) -> None:
    """Positions recorded offline arrive in batches, some repeated, in any order."""
    charter_id, assignment_id, rosa = create_trip_on_duty()
    track = read_track("to-the-shore")
    batches = [track[first : first + 97] for first in range(0, len(track), 90)]
    random.Random(seed).shuffle(batches)
    with tracking_builders.freeze_time(track[-1].at):
        for batch in batches:
            send_positions(assignment_id, batch, driver_id=rosa)
    assert list_stored_positions(assignment_id) == track
    assignment = builders.get_assignment(assignment_id)
    assert (assignment.stops[0].arrived_at, assignment.stops[0].departed_at) == (
        local_time("08:24:30"),
        local_time("08:50:00"),
    )
    assert assignment.stops[1].arrived_at == local_time("11:04:30")
    assert (assignment.status, builders.get_charter(charter_id)["status"]) == ("completed", "completed")
    trip_events = [item for item in event_types(assignment_id) if item in {"trip.arrived", "trip.departed"}]
    assert sorted(trip_events) == [
        "trip.arrived",
        "trip.arrived",
        "trip.departed",
        "trip.departed",
    ]
