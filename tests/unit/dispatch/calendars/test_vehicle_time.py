"""How the time of a vehicle is used."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.dispatch.calendars import vehicle_time
from coachway.dispatch.calendars.vehicle_time import VehicleTime
from coachway.dispatch.diaries.model import DowntimeBlock, DowntimeType, DutyBlock
from coachway.fleet.rules import Span
from tests.unit.dispatch.matching_builders import create_block

START = datetime(2027, 3, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Span(START, START + 24 * HOUR)
Times = list[tuple[int, int]]


def create_blocks(times: Times) -> list[DutyBlock]:
    return [create_block(START + start * HOUR, end - start, "ON", n) for n, (start, end) in enumerate(times)]


def create_downtimes(times: Times) -> list[DowntimeBlock]:
    return [
        DowntimeBlock(
            downtime_id=f"dwn_{n}",
            downtime_type=DowntimeType.REPAIR,
            starts_at=START + start * HOUR,
            ends_at=START + end * HOUR,
        )
        for n, (start, end) in enumerate(times)
    ]


def divide(booked: Times, down: Times, held: Times, *, is_out_of_service: bool = False) -> tuple[float, ...]:
    """The hours that are booked, down, held and free."""
    parts = (create_blocks(booked), create_downtimes(down), create_blocks(held))
    return tuple(part / HOUR for part in vehicle_time.divide_time(DAY, *parts, is_out_of_service=is_out_of_service))


@pytest.mark.parametrize(
    ("booked", "down", "held", "expected"),
    [
        ([], [], [], (0, 0, 0, 24)),
        ([(9, 12)], [], [], (3, 0, 0, 21)),
        ([(-3, 2), (22, 30)], [], [], (4, 0, 0, 20)),  # across midnight
        ([(9, 12), (11, 13)], [], [], (4, 0, 0, 20)),  # never twice
        ([], [(-24, 48)], [], (0, 24, 0, 0)),
        ([(0, 8)], [(0, 24)], [], (8, 16, 0, 0)),  # broke down after a trip
        ([(9, 12)], [], [(9, 12)], (3, 0, 0, 21)),  # held for the charter that has it
        ([(9, 12)], [(14, 20)], [(10, 16)], (3, 6, 2, 13)),
        ([(-9, 0)], [(24, 30)], [(30, 40)], (0, 0, 0, 24)),
    ],
)
def test_divide_time_counts_each_hour_once(
    booked: Times, down: Times, held: Times, expected: tuple[float, ...]
) -> None:
    assert divide(booked, down, held) == expected


def test_divide_time_out_of_service_is_down_except_for_trips() -> None:
    assert divide([(9, 12)], [], [(14, 16)], is_out_of_service=True) == (3, 21, 0, 0)


times = st.lists(
    st.tuples(st.integers(-30, 50), st.integers(1, 40)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=5
)


@settings(deadline=None)
@given(times, times, times)
def test_divide_time_equals_a_count_of_hours(booked: Times, down: Times, held: Times) -> None:
    def is_in(hour: int, spans: Times) -> bool:
        return any(start <= hour < end for start, end in spans)

    counts = [0, 0, 0, 0]
    for hour in range(24):
        part = next((n for n, spans in enumerate((booked, down, held)) if is_in(hour, spans)), 3)
        counts[part] += 1
    assert divide(booked, down, held) == tuple(counts)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2027, 3, 13), 24), (date(2027, 3, 14), 23), (date(2027, 11, 7), 25), (date(2027, 11, 8), 24)],
)
def test_list_local_days_have_the_hours_of_the_clock(day: date, hours: int) -> None:
    [(listed, span)] = vehicle_time.list_local_days(day, day, "America/New_York")
    assert (listed, (span.end - span.start) / HOUR) == (day, hours)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 31))
def test_list_local_days_follow_each_other_without_gap(first: date, count: int) -> None:
    days = list(vehicle_time.list_local_days(first, first + timedelta(days=count), "America/Santiago"))
    assert len(days) == count + 1
    assert all(one.end == other.start for (_, one), (_, other) in itertools.pairwise(days))


def test_sum_times_adds_up_each_part() -> None:
    one = VehicleTime(HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR)
    assert vehicle_time.sum_times([one, one]) == VehicleTime(2 * HOUR, 4 * HOUR, 6 * HOUR, 8 * HOUR)
    assert vehicle_time.sum_times([]).total == timedelta()
