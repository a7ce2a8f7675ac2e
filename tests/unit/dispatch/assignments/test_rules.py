"""Travel times and ISO weeks."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.core.types.geo import Coordinates
from coachway.dispatch.assignments.rules import REACH, estimate_travel_time, iso_week, list_iso_weeks
from tests.unit.dispatch.diary_builders import START, places


@settings(deadline=None)
@given(places, places)
def test_estimate_travel_time_is_at_most_the_reach(one: Coordinates | None, other: Coordinates | None) -> None:
    assert timedelta() <= estimate_travel_time(one, other) <= REACH


@settings(deadline=None)
@given(st.integers(-4_000_000, 8_000_000), st.integers(0, 60))
def test_list_iso_weeks_cover_every_day_of_the_range(minutes: int, days: int) -> None:
    start = START + timedelta(minutes=minutes)
    weeks = list_iso_weeks(start, start + timedelta(days=days))
    assert weeks == list(dict.fromkeys(iso_week(start + timedelta(days=n)) for n in range(days + 1)))
