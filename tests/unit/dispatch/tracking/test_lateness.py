from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.dispatch.tracking import lateness as tracking_lateness
from coachway.dispatch.tracking.geofence import Progress, apply_recorded_events
from tests.unit.dispatch.builders import PICKUP_AT, create_assignment, minutes


def test_is_check_in_overdue_15_minutes_after_the_start_returns_true_once() -> None:
    accepted = create_assignment()
    assert not tracking_lateness.is_check_in_overdue(accepted, PICKUP_AT - minutes(26))
    assert tracking_lateness.is_check_in_overdue(accepted, PICKUP_AT - minutes(25))
    assert not tracking_lateness.is_check_in_overdue(create_assignment("checked_in"), PICKUP_AT)
    assert not tracking_lateness.is_check_in_overdue(create_assignment(check_in_alarm_at=PICKUP_AT), PICKUP_AT)


@pytest.mark.parametrize(
    ("progress", "elapsed", "stop", "minutes_late"),
    [
        (Progress(stop=0), minutes(20), 0, 20),
        (Progress(stop=0, is_at_stop=True), minutes(20), 1, 20),
        (Progress(stop=1), minutes(200), 1, 20),
    ],
)
def test_calculate_minimum_lateness_is_measured_at_the_overdue_stop(
    progress: Progress, elapsed: timedelta, stop: int, minutes_late: int
) -> None:
    assert tracking_lateness.calculate_minimum_lateness(
        create_assignment("in_progress"), progress, PICKUP_AT + elapsed
    ) == (
        stop,
        minutes_late,
    )


def test_calculate_minimum_lateness_before_due_or_after_the_end_returns_none() -> None:
    running = create_assignment("in_progress")
    assert tracking_lateness.calculate_minimum_lateness(running, Progress(stop=0), PICKUP_AT) is None
    assert tracking_lateness.calculate_minimum_lateness(running, Progress(stop=1), PICKUP_AT + minutes(100)) is None
    assert tracking_lateness.calculate_minimum_lateness(running, Progress(stop=2), PICKUP_AT + minutes(500)) is None
    assert (
        tracking_lateness.calculate_minimum_lateness(
            create_assignment("declined"), Progress(stop=0), PICKUP_AT + minutes(500)
        )
        is None
    )


def test_calculate_next_check_time_returns_the_next_possible_alarm() -> None:
    assert tracking_lateness.calculate_next_check_time(
        create_assignment(), PICKUP_AT - minutes(60)
    ) == PICKUP_AT - minutes(25)
    assert tracking_lateness.calculate_next_check_time(
        create_assignment(check_in_alarm_at=PICKUP_AT), PICKUP_AT - minutes(20)
    ) == PICKUP_AT + minutes(15)
    running = create_assignment("in_progress", may_drive_until=PICKUP_AT + minutes(10))
    assert tracking_lateness.calculate_next_check_time(running, PICKUP_AT) == PICKUP_AT + minutes(11)
    assert tracking_lateness.calculate_next_check_time(
        create_assignment("in_progress", late_minutes=20), PICKUP_AT + minutes(16)
    ) == PICKUP_AT + minutes(30)
    for status in ("completed", "declined", "released"):
        assert tracking_lateness.calculate_next_check_time(create_assignment(status), PICKUP_AT) is None


@given(
    st.sampled_from(["offered", "accepted", "checked_in", "in_progress"]),
    st.integers(-600, 600),
    st.none() | st.integers(0, 600),
    st.booleans(),
)
def test_calculate_next_check_time_of_a_live_assignment_is_in_the_future(
    status: str, offset: int, late_minutes: int | None, has_departed: bool
) -> None:
    running = create_assignment(status, late_minutes=late_minutes)
    if has_departed:
        running.stops[0].departed_at = PICKUP_AT
    now = PICKUP_AT + minutes(offset)
    next_check = tracking_lateness.calculate_next_check_time(running, now)
    assert next_check is not None
    assert now < next_check
    lateness = tracking_lateness.calculate_minimum_lateness(running, apply_recorded_events(running.stops), now)
    if (
        lateness is not None and (late_minutes or 0) <= lateness.minutes
    ):  # otherwise the recorded delay exceeds the actual one
        assert next_check <= now + tracking_lateness.CHECK_INTERVAL
