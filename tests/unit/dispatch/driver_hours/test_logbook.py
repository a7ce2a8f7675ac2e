"""A driver's log from actual and planned times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.core.types.geo import Coordinates
from coachway.dispatch.assignments.model import Assignment, AssignmentStop
from coachway.dispatch.assignments.rules import estimate_travel_time
from coachway.dispatch.diaries.model import DutyBlock
from coachway.dispatch.driver_hours import logbook
from coachway.fleet.model import DRIVER_EXAMPLE, Driver
from coachway.hours.model import DutyStatus, Legality, Segment
from coachway.hours.rules import check_hours

START = datetime(2027, 3, 3, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
NINE_DAYS_BEFORE = START - timedelta(days=9)
REST = 8 * HOUR
NEW_YORK = Coordinates(40.7074, -74.0113)
BOSTON = Coordinates(42.3601, -71.0589)


def create_driver(**fields: Any) -> Driver:
    defaults = {"id": "drv_1", "org_id": "org_1", "user_id": "usr_1", "timezone": "America/New_York"}
    return Driver(**{**DRIVER_EXAMPLE, **defaults, "created_at": datetime(2026, 1, 1, tzinfo=UTC), **fields})


def create_block(starts_at: datetime = START, number: str = "1") -> DutyBlock:
    """Create a block: half an hour to the first stop, three hours of driving, one of waiting, three and a half back."""
    moment, duty = starts_at, []
    for hours, status in ((0.5, "D"), (3, "D"), (1, "ON"), (3, "D"), (0.5, "D")):
        duty.append(Segment(start=moment, end=moment + hours * HOUR, status=DutyStatus(status)))
        moment += hours * HOUR
    return DutyBlock(
        assignment_id=f"asg_{number}",
        charter_id="chr_1",
        number="CH-1",
        starts_at=starts_at,
        ends_at=moment,
        pickup_at=starts_at + HOUR / 2,
        dropoff_at=moment - HOUR / 2,
        duty=duty,
    )


def create_assignment(
    block: DutyBlock, *, checked_in: float | None = 0, checked_out: float | None = None, **event_times: float
) -> Assignment:
    """Create the block's assignment. `left0=0.6` is a departure from the first stop 0.6 h after the start."""
    plan = [(None, 0.5), (3.5, 4.5), (7.5, None)]
    stops = [
        AssignmentStop(
            stop_type="waypoint",
            address=f"stop {n}",
            timezone="America/New_York",
            arrival=None if arrives is None else block.starts_at + arrives * HOUR,
            departure=None if leaves is None else block.starts_at + leaves * HOUR,
            arrived_at=block.starts_at + event_times[f"came{n}"] * HOUR if f"came{n}" in event_times else None,
            departed_at=block.starts_at + event_times[f"left{n}"] * HOUR if f"left{n}" in event_times else None,
        )
        for n, (arrives, leaves) in enumerate(plan)
    ]
    return Assignment(
        id=block.assignment_id,
        org_id="org_1",
        charter_id="chr_1",
        charter_number="CH-1",
        vehicle_number=1,
        client_id="cli_1",
        driver_id="drv_1",
        driver_name="Rosa",
        vehicle_id="veh_1",
        vehicle_name="Coach",
        vehicle_class="coach",
        timezone="America/New_York",
        passengers=40,
        starts_at=block.starts_at,
        ends_at=block.ends_at,
        pickup_at=block.pickup_at,
        dropoff_at=block.dropoff_at,
        stops=stops,
        offered_at=NINE_DAYS_BEFORE,
        checked_in_at=None if checked_in is None else block.starts_at + checked_in * HOUR,
        checked_out_at=None if checked_out is None else block.starts_at + checked_out * HOUR,
    )


def summarize(segments: list[Segment]) -> list[tuple[str, float, float]]:
    """Return status, start and end in hours after `START`; adjacent segments of one status are merged."""
    summary: list[tuple[str, float, float]] = []
    for segment in segments:
        start, end = ((moment - START) / HOUR for moment in (segment.start, segment.end))
        if summary and summary[-1][0] == segment.status.value and abs(summary[-1][2] - start) < 1e-6:
            summary[-1] = (segment.status.value, summary[-1][1], round(end, 3))
        else:
            summary.append((segment.status.value, round(start, 3), round(end, 3)))
    return summary


def summarize_log(
    *blocks: DutyBlock, now: float = -24, assignment: Assignment | None = None, until: float = 24, **fields: Any
) -> Any:
    started = {assignment.id: assignment} if assignment else {}
    return summarize(
        logbook.build_log(
            create_driver(**fields), blocks, started, START, START + until * HOUR, START + now * HOUR, REST
        )
    )


def test_build_log_of_future_blocks_follows_the_plan() -> None:
    plan = [("D", 0, 3.5), ("ON", 3.5, 4.5), ("D", 4.5, 8)]
    assert summarize_log(create_block()) == [*plan, ("OFF", 8, 24)]
    assert summarize_log(create_block(), create_block(START + 20 * HOUR, "2"), until=21) == [
        *plan,
        ("OFF", 8, 20),
        ("D", 20, 21),
    ]


def create_transfer_blocks(hours: float, *, deadhead: bool = False) -> tuple[DutyBlock, DutyBlock]:
    """Create a block that ends in New York, and `hours` later one that begins in Boston, five driving hours away."""
    one = create_block().model_copy(update={"dropoff_place": NEW_YORK})
    other = create_block(one.ends_at + hours * HOUR, "2").model_copy(update={"pickup_place": BOSTON})
    if not deadhead:
        one, other = (
            segment.model_copy(update={"dropoff_at": segment.ends_at, "pickup_at": segment.starts_at})
            for segment in (one, other)
        )
    return one, other


def test_build_log_adds_the_transfer_before_the_next_block() -> None:
    transfer_hours = estimate_travel_time(NEW_YORK, BOSTON) / HOUR
    assert 4.9 < transfer_hours < 5.1
    one, other = create_transfer_blocks(6)
    assert summarize_log(one, other, until=15) == [
        ("D", 0, 3.5),
        ("ON", 3.5, 4.5),
        ("D", 4.5, 8),
        ("OFF", 8, pytest.approx(14 - transfer_hours, abs=0.01)),
        ("D", pytest.approx(14 - transfer_hours, abs=0.01), 15),
    ]
    # The plans include half an hour to and from the garage each.
    one, other = create_transfer_blocks(6, deadhead=True)
    assert logbook.calculate_transfer_time(one, other, REST) == estimate_travel_time(NEW_YORK, BOSTON) - HOUR


def test_calculate_transfer_time_with_a_full_rest_is_zero() -> None:
    transfer_hours = estimate_travel_time(NEW_YORK, BOSTON) / HOUR
    assert logbook.calculate_transfer_time(*create_transfer_blocks(transfer_hours + 8), REST) == timedelta()
    assert logbook.calculate_transfer_time(
        *create_transfer_blocks(transfer_hours + 7.99), REST
    ) == estimate_travel_time(NEW_YORK, BOSTON)
    assert logbook.calculate_transfer_time(
        *create_transfer_blocks(transfer_hours + 8), timedelta(hours=10)
    ) == estimate_travel_time(NEW_YORK, BOSTON)


def test_build_log_adds_the_transfer_before_check_in() -> None:
    one, other = create_transfer_blocks(6)
    second_assignment = create_assignment(other, checked_in=0.25)
    started = {
        one.assignment_id: create_assignment(one, checked_out=8, left0=0.5, came1=3.5, left1=4.5, came2=7.5),
        second_assignment.id: second_assignment,
    }
    segments = logbook.build_log(
        create_driver(), [one, other], started, START, START + 14.3 * HOUR, START + 14.3 * HOUR, REST
    )
    [transfer] = [
        segment for segment in segments if segment.status is DutyStatus.DRIVING and segment.end == START + 14.25 * HOUR
    ]
    assert transfer.length == estimate_travel_time(NEW_YORK, BOSTON)


def test_build_log_of_a_completed_block_uses_actual_times() -> None:
    completed = create_assignment(
        create_block(), checked_in=-0.25, left0=0.75, came1=4, left1=5, came2=8.25, checked_out=9.5
    )
    # Checked in 15 minutes early. The drive to the first stop takes at most the planned time.
    assert summarize_log(create_block(), assignment=completed, now=20) == [
        ("ON", 0, 0.25),
        ("D", 0.25, 4),
        ("ON", 4, 5),
        ("D", 5, 8.75),
        ("ON", 8.75, 9.5),
        ("OFF", 9.5, 24),
    ]


def test_build_log_of_a_timetable_too_fast_for_the_miles_ends_the_drive_at_the_actual_arrival() -> None:
    """The miles of the first drive need half an hour more than the timetable, which the wait absorbs."""
    times = ((0, 0.5, "D"), (0.5, 4, "D"), (4, 4.5, "ON"), (4.5, 7.5, "D"), (7.5, 8, "D"))
    duty = [
        Segment(start=START + start * HOUR, end=START + end * HOUR, status=DutyStatus(status))
        for start, end, status in times
    ]
    block = create_block().model_copy(update={"duty": duty})
    under_way = create_assignment(block, left0=0.5)
    assert summarize_log(block, assignment=under_way, now=2)[:3] == [("D", 0, 4), ("ON", 4, 4.5), ("D", 4.5, 8)]
    arrived = create_assignment(block, left0=0.5, came1=3.5, left1=4.5)
    assert summarize_log(block, assignment=arrived, now=5)[:3] == [("D", 0, 3.5), ("ON", 3.5, 4.5), ("D", 4.5, 8)]


def test_build_log_after_a_late_departure_delays_the_rest() -> None:
    assert summarize_log(create_block(), assignment=create_assignment(create_block(), left0=1.5), now=2) == [
        ("ON", 0, 1),
        ("D", 1, 4.5),
        ("ON", 4.5, 5.5),
        ("D", 5.5, 9),
        ("OFF", 9, 24),
    ]


def test_build_log_with_an_overdue_arrival_continues_driving() -> None:
    assert summarize_log(create_block(), assignment=create_assignment(create_block(), left0=0.5), now=5)[0] == (
        "D",
        0,
        5,
    )


def test_build_log_of_an_ended_block_without_check_out_has_a_gap() -> None:
    not_checked_in = summarize_log(create_block(), now=20)
    assert not_checked_in == [("OFF", 8, 24)]
    not_checked_out = summarize_log(
        create_block(), assignment=create_assignment(create_block(), left0=0.5, came1=3.5, left1=4.5, came2=7.5), now=20
    )
    assert not_checked_out == [("D", 0, 3.5), ("ON", 3.5, 4.5), ("D", 4.5, 8), ("OFF", 20, 24)]


def test_check_of_a_log_with_a_gap_returns_unknown() -> None:
    history = logbook.build_log(
        create_driver(), [create_block()], {}, NINE_DAYS_BEFORE, START + 20 * HOUR, START + 20 * HOUR, REST
    )
    plan = [Segment(start=START + 20 * HOUR, end=START + 21 * HOUR, status=DutyStatus.DRIVING)]
    assert check_hours(history, plan).verdict is Legality.UNKNOWN
    complete = logbook.build_log(create_driver(), [], {}, NINE_DAYS_BEFORE, START + 20 * HOUR, START + 20 * HOUR, REST)
    assert check_hours(complete, plan).verdict is Legality.OK


def test_build_log_before_the_driver_was_added_uses_the_statement() -> None:
    added = datetime(2027, 3, 2, 15, tzinfo=UTC)
    since = datetime(2027, 2, 20, tzinfo=UTC)
    stated = [10, 0, 0, 0, 0, 0, 5]

    def build(statement: list[float] | None) -> list[Segment]:
        new_driver = create_driver(created_at=added, duty_statement=statement)
        return logbook.build_log(new_driver, [], {}, since, START, START, REST)

    log = build([float(segment) for segment in stated])
    midnight = datetime(2027, 2, 23, 5, tzinfo=UTC)  # in New York, seven days before
    assert (log[0].start, log[0].status, log[0].length) == (midnight, DutyStatus.ON, 5 * HOUR)
    assert sum((segment.length for segment in log if segment.status is DutyStatus.ON), timedelta()) == 15 * HOUR
    assert log[-1].end == START
    assert [segment.start for segment in build(None)] == [added]


@pytest.mark.parametrize(("hours", "verdict"), [(0, "OK"), (9.5, "BLOCK"), (None, "UNKNOWN")])
def test_check_of_the_first_trip_counts_the_statement(hours: float | None, verdict: str) -> None:
    new_driver = create_driver(created_at=START - HOUR, duty_statement=None if hours is None else [hours] * 7)
    history = logbook.build_log(new_driver, [], {}, NINE_DAYS_BEFORE, START, START, REST)
    assert check_hours(history, create_block().duty, home_zone=ZoneInfo(new_driver.timezone)).verdict == verdict


@settings(deadline=None)
@given(
    times=st.lists(st.floats(-1, 12), min_size=6, max_size=6),
    known_count=st.integers(0, 6),
    now=st.floats(-2, 30),
)
def test_build_log_of_any_reports_is_ordered_without_overlap(times: list[float], known_count: int, now: float) -> None:
    names = ("checked_in", "left0", "came1", "left1", "came2", "out")
    reported = dict(zip(names, sorted(times), strict=True))
    known_times = {name: reported[name] for name in names[:known_count]}
    checked_in = known_times.pop("checked_in", None)
    assignment = create_assignment(create_block(), checked_in=checked_in, **known_times)
    segments = logbook.build_log(
        create_driver(),
        [create_block()],
        {assignment.id: assignment},
        NINE_DAYS_BEFORE,
        START + 48 * HOUR,
        START + now * HOUR,
        REST,
    )
    assert segments[0].start == NINE_DAYS_BEFORE
    assert segments[-1].end == START + 48 * HOUR
    assert all(one.end <= two.start for one, two in pairwise(segments))


@settings(deadline=None)
@given(st.integers(0, 47), st.integers(1, 47))
def test_build_log_of_a_shorter_range_is_the_same_log(start: int, length: int) -> None:
    blocks = [create_block(), create_block(START + 22 * HOUR, "2")]
    complete = logbook.build_log(create_driver(), blocks, {}, START - HOUR, START + 96 * HOUR, NINE_DAYS_BEFORE, REST)
    since, until = START + start * HOUR, START + (start + length) * HOUR
    partial = logbook.build_log(create_driver(), blocks, {}, since, until, NINE_DAYS_BEFORE, REST)
    clipped = [
        segment.model_copy(update={"start": max(segment.start, since), "end": min(segment.end, until)})
        for segment in complete
        if segment.start < until and segment.end > since
    ]
    assert summarize(partial) == summarize(clipped)
