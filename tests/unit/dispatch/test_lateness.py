from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.tracking import lateness as tracking_lateness
from coachway.dispatch.tracking.geofence import Progress, known_progress
from tests.unit.dispatch.builders import trip

NINE = datetime(2027, 3, 3, 14, tzinfo=UTC)


def assignment(status: str = "accepted", **more: Any) -> Assignment:
    known: dict[str, Any] = {
        "id": "asg_01JQZZZZZZZZZZZZZZZZZZZZZZ",
        "org_id": "org_01JQZZZZZZZZZZZZZZZZZZZZZZ",
        "charter_id": "chr_1",
        "charter_number": "CH-2027-000001",
        "vehicle_number": 1,
        "client_id": "cli_1",
        "driver_id": "drv_1",
        "driver_name": "Rosa Delgado",
        "vehicle_id": "veh_1",
        "vehicle_name": "Coach 12",
        "vehicle_class": "coach",
        "timezone": "America/New_York",
        "passengers": 40,
        "starts_at": NINE - timedelta(minutes=40),
        "ends_at": NINE + timedelta(hours=4),
        "pickup_at": NINE,
        "dropoff_at": NINE + timedelta(hours=3),
        "stops": trip("to-the-shore"),
        "offered_at": NINE - timedelta(days=2),
    }
    return Assignment(**{**known, "status": AssignmentStatus(status), **more})


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def test_a_duty_that_did_not_begin_is_told_of_after_a_quarter_of_an_hour() -> None:
    waits = assignment()
    assert not tracking_lateness.is_unstarted(waits, NINE - minutes(26))
    assert tracking_lateness.is_unstarted(waits, NINE - minutes(25))
    assert not tracking_lateness.is_unstarted(assignment("checked_in"), NINE)
    assert not tracking_lateness.is_unstarted(assignment(unstarted_at=NINE), NINE)


@pytest.mark.parametrize(
    ("progress", "at", "stop", "by"),
    [
        (Progress(stop=0), minutes(20), 0, 20),
        (Progress(stop=0, there=True), minutes(20), 1, 20),
        (Progress(stop=1), minutes(200), 1, 20),
    ],
)
def test_a_vehicle_is_as_late_as_the_stop_it_should_have_left_or_reached(
    progress: Progress, at: timedelta, stop: int, by: int
) -> None:
    assert tracking_lateness.minimum_lateness(assignment("in_progress"), progress, NINE + at) == (stop, by)


def test_nothing_is_late_that_is_not_due_or_over() -> None:
    running = assignment("in_progress")
    assert tracking_lateness.minimum_lateness(running, Progress(stop=0), NINE) is None
    assert tracking_lateness.minimum_lateness(running, Progress(stop=1), NINE + minutes(100)) is None
    assert tracking_lateness.minimum_lateness(running, Progress(stop=2), NINE + minutes(500)) is None
    assert tracking_lateness.minimum_lateness(assignment("declined"), Progress(stop=0), NINE + minutes(500)) is None


def test_the_timer_looks_when_something_might_have_to_be_told() -> None:
    assert tracking_lateness.next_check_at(assignment(), NINE - minutes(60)) == NINE - minutes(25)
    assert tracking_lateness.next_check_at(assignment(unstarted_at=NINE), NINE - minutes(20)) == NINE + minutes(15)
    running = assignment("in_progress", may_drive_until=NINE + minutes(10))
    assert tracking_lateness.next_check_at(running, NINE) == NINE + minutes(11)
    assert tracking_lateness.next_check_at(
        assignment("in_progress", late_minutes=20), NINE + minutes(16)
    ) == NINE + minutes(30)
    for over in ("completed", "declined", "released"):
        assert tracking_lateness.next_check_at(assignment(over), NINE) is None


@given(
    st.sampled_from(["offered", "accepted", "checked_in", "in_progress"]),
    st.integers(-600, 600),
    st.none() | st.integers(0, 600),
    st.booleans(),
)
def test_the_timer_always_looks_again_at_what_is_not_over(status: str, at: int, known: int | None, left: bool) -> None:
    running = assignment(status, late_minutes=known)
    if left:
        running.stops[0].departed_at = NINE
    now = NINE + minutes(at)
    following = tracking_lateness.next_check_at(running, now)
    assert following is not None
    assert now < following
    lateness = tracking_lateness.minimum_lateness(running, known_progress(running.stops), now)
    if lateness is not None and (known or 0) <= lateness.minutes:  # else more was told than has come true
        assert following <= now + tracking_lateness.CHECK_INTERVAL
