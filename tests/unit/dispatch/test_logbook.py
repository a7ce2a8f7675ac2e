"""A driver's log: what was done, what is planned, what nobody knows."""

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
from coachway.dispatch.assignments.rules import travel_time
from coachway.dispatch.diaries.model import DutyBlock
from coachway.dispatch.driver_hours import logbook
from coachway.fleet.model import DRIVER_EXAMPLE, Driver
from coachway.hours.model import Answer, Segment, Status
from coachway.hours.rules import check

NINE = datetime(2027, 3, 3, 9, tzinfo=UTC)
H = timedelta(hours=1)
BEFORE = NINE - timedelta(days=9)
REST = 8 * H
NEW_YORK = Coordinates(40.7074, -74.0113)
BOSTON = Coordinates(42.3601, -71.0589)


def driver(**fields: Any) -> Driver:
    known = {"id": "drv_1", "org_id": "org_1", "user_id": "usr_1", "timezone": "America/New_York"}
    return Driver(**{**DRIVER_EXAMPLE, **known, "created_at": datetime(2026, 1, 1, tzinfo=UTC), **fields})


def job(starts_at: datetime = NINE, number: str = "1") -> DutyBlock:
    """Half an hour to the first stop, three hours of driving, an hour's wait, three hours back, half an hour home."""
    at, duty = starts_at, []
    for hours, status in ((0.5, "D"), (3, "D"), (1, "ON"), (3, "D"), (0.5, "D")):
        duty.append(Segment(start=at, end=at + hours * H, status=Status(status)))
        at += hours * H
    return DutyBlock(
        assignment_id=f"asg_{number}",
        charter_id="chr_1",
        number="CH-1",
        starts_at=starts_at,
        ends_at=at,
        pickup_at=starts_at + H / 2,
        dropoff_at=at - H / 2,
        duty=duty,
    )


def begun(of: DutyBlock, *, checked_in: float | None = 0, out: float | None = None, **at: float) -> Assignment:
    """Its assignment: `left0=0.6` says that the first stop was left so many hours after the duty's planned start."""
    plan = [(None, 0.5), (3.5, 4.5), (7.5, None)]
    stops = [
        AssignmentStop(
            stop_type="waypoint",
            address=f"stop {n}",
            timezone="America/New_York",
            arrival=None if arrives is None else of.starts_at + arrives * H,
            departure=None if leaves is None else of.starts_at + leaves * H,
            arrived_at=of.starts_at + at[f"came{n}"] * H if f"came{n}" in at else None,
            departed_at=of.starts_at + at[f"left{n}"] * H if f"left{n}" in at else None,
        )
        for n, (arrives, leaves) in enumerate(plan)
    ]
    return Assignment(
        id=of.assignment_id,
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
        starts_at=of.starts_at,
        ends_at=of.ends_at,
        pickup_at=of.pickup_at,
        dropoff_at=of.dropoff_at,
        stops=stops,
        offered_at=BEFORE,
        checked_in_at=None if checked_in is None else of.starts_at + checked_in * H,
        checked_out_at=None if out is None else of.starts_at + out * H,
    )


def told(segments: list[Segment]) -> list[tuple[str, float, float]]:
    """Status, and from when to when in hours after nine; neighbours of one status together."""
    found: list[tuple[str, float, float]] = []
    for each in segments:
        start, end = ((at - NINE) / H for at in (each.start, each.end))
        if found and found[-1][0] == each.status.value and abs(found[-1][2] - start) < 1e-6:
            found[-1] = (each.status.value, found[-1][1], round(end, 3))
        else:
            found.append((each.status.value, round(start, 3), round(end, 3)))
    return found


def log(*jobs: DutyBlock, now: float = -24, known: Assignment | None = None, until: float = 24, **fields: Any) -> Any:
    known_by_id = {known.id: known} if known else {}
    return told(logbook.build_log(driver(**fields), jobs, known_by_id, NINE, NINE + until * H, NINE + now * H, REST))


def test_what_is_ahead_is_as_planned_and_between_jobs_a_driver_is_off() -> None:
    plan = [("D", 0, 3.5), ("ON", 3.5, 4.5), ("D", 4.5, 8)]
    assert log(job()) == [*plan, ("OFF", 8, 24)]
    assert log(job(), job(NINE + 20 * H, "2"), until=21) == [*plan, ("OFF", 8, 20), ("D", 20, 21)]


def between(hours: float, *, deadhead: bool = False) -> tuple[DutyBlock, DutyBlock]:
    """A job that ends in New York, and so many hours later one that begins in Boston, five hours of driving away."""
    one = job().model_copy(update={"finishes": NEW_YORK})
    other = job(one.ends_at + hours * H, "2").model_copy(update={"begins": BOSTON})
    if not deadhead:
        one, other = (
            each.model_copy(update={"dropoff_at": each.ends_at, "pickup_at": each.starts_at}) for each in (one, other)
        )
    return one, other


def test_the_way_from_one_job_to_the_next_is_driven_right_before_it() -> None:
    took = travel_time(NEW_YORK, BOSTON) / H
    assert 4.9 < took < 5.1
    one, other = between(6)
    assert log(one, other, until=15) == [
        ("D", 0, 3.5),
        ("ON", 3.5, 4.5),
        ("D", 4.5, 8),
        ("OFF", 8, pytest.approx(14 - took, abs=0.01)),
        ("D", pytest.approx(14 - took, abs=0.01), 15),
    ]
    # To and from the garage half an hour each is planned already.
    one, other = between(6, deadhead=True)
    assert logbook.transfer_time(one, other, REST) == travel_time(NEW_YORK, BOSTON) - H


def test_who_can_rest_in_full_on_the_way_gets_there_off_duty() -> None:
    took = travel_time(NEW_YORK, BOSTON) / H
    assert logbook.transfer_time(*between(took + 8), REST) == timedelta()
    assert logbook.transfer_time(*between(took + 7.99), REST) == travel_time(NEW_YORK, BOSTON)
    assert logbook.transfer_time(*between(took + 8), timedelta(hours=10)) == travel_time(NEW_YORK, BOSTON)


def test_the_way_was_driven_before_the_driver_reported_for_duty() -> None:
    one, other = between(6)
    came = begun(other, checked_in=0.25)
    known = {one.assignment_id: begun(one, out=8, left0=0.5, came1=3.5, left1=4.5, came2=7.5), came.id: came}
    segments = logbook.build_log(driver(), [one, other], known, NINE, NINE + 14.3 * H, NINE + 14.3 * H, REST)
    [way] = [each for each in segments if each.status is Status.DRIVING and each.end == NINE + 14.25 * H]
    assert way.length == travel_time(NEW_YORK, BOSTON)


def test_what_was_done_is_as_it_was() -> None:
    done = begun(job(), checked_in=-0.25, left0=0.75, came1=4, left1=5, came2=8.25, out=9.5)
    # From a quarter of an hour before nine on; the way to the first stop took no longer than planned.
    assert log(job(), known=done, now=20) == [
        ("ON", 0, 0.25),
        ("D", 0.25, 4),
        ("ON", 4, 5),
        ("D", 5, 8.75),
        ("ON", 8.75, 9.5),
        ("OFF", 9.5, 24),
    ]


def test_what_is_late_puts_off_what_is_ahead() -> None:
    assert log(job(), known=begun(job(), left0=1.5), now=2) == [
        ("ON", 0, 1),
        ("D", 1, 4.5),
        ("ON", 4.5, 5.5),
        ("D", 5.5, 9),
        ("OFF", 9, 24),
    ]


def test_driving_goes_on_until_the_arrival_that_is_overdue() -> None:
    assert log(job(), known=begun(job(), left0=0.5), now=5)[0] == ("D", 0, 5)


def test_a_job_past_its_end_without_a_word_is_a_hole() -> None:
    never = log(job(), now=20)
    assert never == [("OFF", 8, 24)]
    not_out = log(job(), known=begun(job(), left0=0.5, came1=3.5, left1=4.5, came2=7.5), now=20)
    assert not_out == [("D", 0, 3.5), ("ON", 3.5, 4.5), ("D", 4.5, 8), ("OFF", 20, 24)]


def test_of_a_hole_the_rules_say_unknown() -> None:
    history = logbook.build_log(driver(), [job()], {}, BEFORE, NINE + 20 * H, NINE + 20 * H, REST)
    plan = [Segment(start=NINE + 20 * H, end=NINE + 21 * H, status=Status.DRIVING)]
    assert check(history, plan).verdict is Answer.UNKNOWN
    whole = logbook.build_log(driver(), [], {}, BEFORE, NINE + 20 * H, NINE + 20 * H, REST)
    assert check(whole, plan).verdict is Answer.OK


def test_before_a_driver_was_added_their_own_statement_tells() -> None:
    added = datetime(2027, 3, 2, 15, tzinfo=UTC)
    since = datetime(2027, 2, 20, tzinfo=UTC)
    stated = [10, 0, 0, 0, 0, 0, 5]

    def of(statement: list[float] | None) -> list[Segment]:
        who = driver(created_at=added, duty_statement=statement)
        return logbook.build_log(who, [], {}, since, NINE, NINE, REST)

    found = of([float(each) for each in stated])
    midnight = datetime(2027, 2, 23, 5, tzinfo=UTC)  # in New York, seven days before
    assert (found[0].start, found[0].status, found[0].length) == (midnight, Status.ON, 5 * H)
    assert sum((each.length for each in found if each.status is Status.ON), timedelta()) == 15 * H
    assert found[-1].end == NINE
    assert [each.start for each in of(None)] == [added]


@pytest.mark.parametrize(("hours", "verdict"), [(0, "OK"), (9.5, "BLOCK"), (None, "UNKNOWN")])
def test_the_statement_counts_for_the_first_trip(hours: float | None, verdict: str) -> None:
    who = driver(created_at=NINE - H, duty_statement=None if hours is None else [hours] * 7)
    history = logbook.build_log(who, [], {}, BEFORE, NINE, NINE, REST)
    assert check(history, job().duty, home=ZoneInfo(who.timezone)).verdict == verdict


@settings(deadline=None)
@given(
    marks=st.lists(st.floats(-1, 12), min_size=6, max_size=6),
    known_of=st.integers(0, 6),
    now=st.floats(-2, 30),
)
def test_whatever_was_reported_the_log_is_in_order_and_without_overlap(
    marks: list[float], known_of: int, now: float
) -> None:
    names = ("checked_in", "left0", "came1", "left1", "came2", "out")
    said = dict(zip(names, sorted(marks), strict=True))
    seen = {name: said[name] for name in names[:known_of]}
    checked_in = seen.pop("checked_in", None)
    known = begun(job(), checked_in=checked_in, **seen)
    segments = logbook.build_log(driver(), [job()], {known.id: known}, BEFORE, NINE + 48 * H, NINE + now * H, REST)
    assert segments[0].start == BEFORE
    assert segments[-1].end == NINE + 48 * H
    assert all(one.end <= two.start for one, two in pairwise(segments))


@settings(deadline=None)
@given(st.integers(0, 47), st.integers(1, 47))
def test_a_shorter_look_sees_the_same(start: int, length: int) -> None:
    jobs = [job(), job(NINE + 22 * H, "2")]
    whole = logbook.build_log(driver(), jobs, {}, NINE - H, NINE + 96 * H, BEFORE, REST)
    since, until = NINE + start * H, NINE + (start + length) * H
    part = logbook.build_log(driver(), jobs, {}, since, until, BEFORE, REST)
    clipped = [
        each.model_copy(update={"start": max(each.start, since), "end": min(each.end, until)})
        for each in whole
        if each.start < until and each.end > since
    ]
    assert told(part) == told(clipped)
