"""When a vehicle can be down."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from coachway.dispatch.diaries.model import DowntimeBlock, DowntimeType
from coachway.dispatch.downtimes import rules
from coachway.fleet.rules import Span
from tests.unit.dispatch.matching_builders import HOUR, PICKUP_AT, create_block

TODAY = date(2027, 3, 3)


@pytest.mark.parametrize(
    ("first", "last", "reason"),
    [
        (TODAY, TODAY, None),
        (date(2027, 1, 1), date(2027, 3, 2), None),
        (date(2027, 1, 1), date(2027, 3, 1), "must not be before yesterday"),
        (TODAY, date(2027, 3, 2), "must not be before first_day"),
        (TODAY, TODAY + timedelta(days=179), None),
        (TODAY, TODAY + timedelta(days=180), "the downtime is at most 180 days"),
    ],
)
def test_range_reason_names_the_wrong_bound(first: date, last: date, reason: str | None) -> None:
    found = rules.range_reason(first, last, TODAY)
    assert found == reason if reason is None else found is not None and found.startswith(reason)


@pytest.mark.parametrize(
    ("start", "hours", "now", "is_blocking"),
    [
        (0, 3, -1, True),
        (-3, 3, -9, False),  # ends when the downtime begins
        (24, 3, -1, False),  # begins when the downtime ends
        (23, 3, -1, True),
        (0, 3, 2, True),  # under way
        (0, 3, 3, False),  # over
    ],
)
def test_list_blocking_trips_lists_trips_that_overlap_and_are_not_over(
    start: int, hours: int, now: int, is_blocking: bool
) -> None:
    span, block = Span(PICKUP_AT, PICKUP_AT + 24 * HOUR), create_block(PICKUP_AT + start * HOUR, hours)
    assert rules.list_blocking_trips(span, [block], PICKUP_AT + now * HOUR) == ([block] if is_blocking else [])


def test_list_overlapping_downtimes_leaves_out_itself_and_neighbours() -> None:
    def create(number: int, start: int) -> DowntimeBlock:
        starts_at = PICKUP_AT + start * HOUR
        return DowntimeBlock(
            downtime_id=f"dwn_{number}",
            downtime_type=DowntimeType.REPAIR,
            starts_at=starts_at,
            ends_at=starts_at + 24 * HOUR,
        )

    downtimes = [create(1, 0), create(2, 24), create(3, 23), create(4, -24)]
    span = Span(PICKUP_AT, PICKUP_AT + 24 * HOUR)
    assert rules.list_overlapping_downtimes(span, downtimes, "dwn_1") == [downtimes[2]]
