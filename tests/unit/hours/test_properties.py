"""Properties of the hours check for any record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.hours.model import DutyStatus, Legality, Ruleset, Segment
from coachway.hours.rules import check_hours
from coachway.hours.rulesets import US_PASSENGER, US_PROPERTY

START = datetime(2027, 3, 1, tzinfo=UTC)
QUARTER_HOUR = timedelta(minutes=15)
LONG_REST = Segment(start=START - timedelta(days=8), end=START, status=DutyStatus.OFF)

RULESETS = st.sampled_from([US_PASSENGER, US_PROPERTY])
PARTS = st.lists(st.tuples(st.sampled_from(list(DutyStatus)), st.integers(1, 60)), min_size=1, max_size=14)


def build_segments(parts: list[tuple[DutyStatus, int]], start: datetime = START) -> list[Segment]:
    segments = []
    for status, quarter_hours in parts:
        end = start + quarter_hours * QUARTER_HOUR
        segments.append(Segment(start=start, end=end, status=status))
        start = end
    return segments


@given(parts=PARTS, ruleset=RULESETS, data=st.data())
def test_check_hours_ignores_splitting_of_segments(
    parts: list[tuple[DutyStatus, int]], ruleset: Ruleset, data: st.DataObject
) -> None:
    plan = build_segments(parts)
    index = data.draw(st.integers(0, len(plan) - 1))
    segment = plan[index]
    middle = segment.start + segment.length * data.draw(st.floats(0.1, 0.9))
    halves = [segment.model_copy(update={"end": middle}), segment.model_copy(update={"start": middle})]
    split = [*plan[:index], *halves, *plan[index + 1 :]]
    assert check_hours([LONG_REST], split, ruleset) == check_hours([LONG_REST], plan, ruleset)


@given(parts=PARTS, data=st.data(), rest=st.integers(1, 60))
def test_check_hours_additional_rest_never_adds_violations_of_passenger_rules(
    parts: list[tuple[DutyStatus, int]], data: st.DataObject, rest: int
) -> None:
    index = data.draw(st.integers(0, len(parts)))
    changed = [*parts[:index], (DutyStatus.OFF, rest), *parts[index:]]
    before, after = check_hours([LONG_REST], build_segments(parts)), check_hours([LONG_REST], build_segments(changed))
    assert _total_exceeded(after.violations) <= _total_exceeded(before.violations)


@given(parts=PARTS, ruleset=RULESETS, data=st.data())
def test_check_hours_rest_instead_of_duty_never_adds_violations(
    parts: list[tuple[DutyStatus, int]], ruleset: Ruleset, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(parts) - 1))
    changed = [*parts[:index], (DutyStatus.OFF, parts[index][1]), *parts[index + 1 :]]
    before, after = (
        check_hours([LONG_REST], build_segments(parts), ruleset),
        check_hours([LONG_REST], build_segments(changed), ruleset),
    )
    assert _total_exceeded(after.violations) <= _total_exceeded(before.violations)


@given(parts=PARTS.map(lambda parts: parts[:8]), data=st.data())
def test_check_hours_with_gap_in_last_eight_days_is_never_ok(
    parts: list[tuple[DutyStatus, int]], data: st.DataObject
) -> None:
    segments = [LONG_REST, *build_segments([*parts, (DutyStatus.DRIVING, 1)])]
    index = data.draw(st.integers(0, len(segments) - 2))
    with_gap = [*segments[:index], *segments[index + 1 :]]
    result = check_hours(with_gap[:-1], with_gap[-1:])
    assert result.verdict is not Legality.OK
    assert result.remaining is None
    assert result.earliest_drive_at is None


@settings(deadline=None)
@given(history=PARTS, plan=PARTS, ruleset=RULESETS)
def test_check_hours_earliest_time_is_legal_and_only_driving_violates(
    history: list[tuple[DutyStatus, int]], plan: list[tuple[DutyStatus, int]], ruleset: Ruleset
) -> None:
    past = [LONG_REST, *build_segments(history)]
    planned = build_segments(plan, past[-1].end)
    result = check_hours(past, planned, ruleset)
    driving = [segment for segment in planned if segment.status is DutyStatus.DRIVING]
    if not driving:
        assert result.verdict is Legality.OK
        return
    assert (result.verdict is Legality.OK) == (result.earliest_drive_at == driving[0].start)
    if result.earliest_drive_at is not None and result.violations:
        wait = result.earliest_drive_at - driving[0].start
        rest = Segment(start=past[-1].end, end=past[-1].end + wait, status=DutyStatus.OFF)
        assert check_hours([*past, rest], build_segments(plan, rest.end), ruleset).verdict is Legality.OK


def _total_exceeded(violations: object) -> timedelta:
    assert isinstance(violations, tuple)
    return sum((violation.exceeded for violation in violations), timedelta())
