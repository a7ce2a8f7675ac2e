"""A simple reference implementation of the hours rules, slot by slot; both must agree on any record."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.hours.model import DutyStatus, Ruleset, Segment
from coachway.hours.rules import check_hours
from coachway.hours.rulesets import US_PASSENGER, US_PROPERTY

SLOT = timedelta(minutes=15)
NEW_YORK = ZoneInfo("America/New_York")
STARTS = [datetime(2027, 3, 1, 5, tzinfo=UTC), datetime(2027, 3, 8, 17, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC)]
"""Weeks without and with a DST change. The first starts at midnight in New York."""

LENGTHS = st.integers(1, 60) | st.sampled_from([2, 4, 31, 32, 33, 40, 136])
PARTS = st.lists(st.tuples(st.sampled_from(list(DutyStatus)), LENGTHS, st.booleans()), min_size=2, max_size=30)


def build_segments(parts: list[tuple[DutyStatus, int, bool]], start: datetime) -> list[Segment]:
    """Nine days off, then the drawn segments; a driver on duty may be riding along."""
    segments = [Segment(start=start - timedelta(days=9), end=start, status=DutyStatus.OFF)]
    for status, slots, riding in parts:
        end = start + slots * SLOT
        segments.append(Segment(start=start, end=end, status=status, riding=riding and status is DutyStatus.ON))
        start = end
    return segments


def list_activities(segments: list[Segment], rest: timedelta) -> list[str]:
    """The activity of each slot: R(est), O(n duty) or D(riving). Riding is rest if a full rest follows it."""
    activities: list[str] = []
    for number, segment in enumerate(segments):
        following = timedelta()
        for after in segments[number + 1 :]:
            if not after.status.is_rest and not (after.riding and following < rest):
                break
            following = following + after.length if after.status.is_rest else timedelta()
        is_rest = segment.status.is_rest or (segment.riding and following >= rest)
        kind = "R" if is_rest else "D" if segment.status is DutyStatus.DRIVING else "O"
        activities += [kind] * (segment.length // SLOT)
    return activities


def count_illegal_slots(
    segments: list[Segment], planned: int, rules: Ruleset, daily: bool, home_zone: ZoneInfo | None
) -> Counter[str]:
    """Count the planned slots of driving beyond each limit; `planned` is the index of the first planned segment."""
    slots: Counter[str] = Counter()
    activities, cycle = list_activities(segments, rules.rest), rules.cycle(daily)
    first, plan_start = segments[0].start, sum(each.length // SLOT for each in segments[:planned])
    driven = on_duty = since_break = resting = not_driving = restarted = 0
    started: datetime | None = None
    for number, kind in enumerate(activities):
        now = first + number * SLOT
        if kind == "D" and number >= plan_start:
            window_start = now - timedelta(days=cycle.days)
            if home_zone is not None:
                day = now.astimezone(home_zone).date() - timedelta(days=cycle.days - 1)
                window_start = datetime.combine(day, time(), home_zone).astimezone(UTC)
            since = max(restarted, -(-(window_start - first) // SLOT))
            worked = sum(each != "R" for each in activities[since:number])
            duty = now - (started or now) if rules.has_duty_window else on_duty * SLOT
            slots["drive"] += driven * SLOT >= rules.drive
            slots["duty"] += duty >= rules.duty
            slots["cycle"] += worked * SLOT >= cycle.limit
            slots["break"] += rules.break_after is not None and since_break * SLOT >= rules.break_after
        resting = resting + 1 if kind == "R" else 0
        not_driving = not_driving + 1 if kind != "D" else 0
        on_duty += kind != "R"
        driven += kind == "D"
        since_break += kind == "D"
        started = started or now if kind != "R" else started
        if resting * SLOT >= rules.rest:
            driven, on_duty, started = 0, 0, None
        if rules.restart is not None and resting * SLOT >= rules.restart:
            restarted = number + 1
        if rules.break_length is not None and not_driving * SLOT >= rules.break_length:
            since_break = 0
    return +slots


@settings(deadline=None)
@given(
    parts=PARTS,
    planned=st.integers(1, 30),
    start=st.sampled_from(STARTS),
    rules=st.sampled_from([US_PASSENGER, US_PROPERTY]),
    daily=st.booleans(),
    home_zone=st.sampled_from([None, NEW_YORK]),
)
def test_check_hours_agrees_with_reference_implementation(
    parts: list[tuple[DutyStatus, int, bool]],
    planned: int,
    start: datetime,
    rules: Ruleset,
    daily: bool,
    home_zone: ZoneInfo | None,
) -> None:
    segments = build_segments(parts, start)
    planned = min(planned, len(segments) - 1)
    result = check_hours(segments[:planned], segments[planned:], rules, daily_carrier=daily, home_zone=home_zone)
    slots: Counter[str] = Counter()
    for violation in result.violations:
        slots[violation.rule.value] += violation.exceeded // SLOT
    assert slots == count_illegal_slots(segments, planned, rules, daily, home_zone)
