"""What holds for any record of any driver."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.hours.model import Answer, Ruleset, Segment, Status
from coachway.hours.rules import check
from coachway.hours.rulesets import US_PASSENGER, US_PROPERTY

START = datetime(2027, 3, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
RESTED = Segment(start=START - timedelta(days=8), end=START, status=Status.OFF)

rulesets = st.sampled_from([US_PASSENGER, US_PROPERTY])
lengths = st.lists(st.tuples(st.sampled_from(list(Status)), st.integers(1, 60)), min_size=1, max_size=14)


def laid_out(parts: list[tuple[Status, int]], start: datetime = START) -> list[Segment]:
    segments = []
    for status, quarters in parts:
        end = start + quarters * QUARTER
        segments.append(Segment(start=start, end=end, status=status))
        start = end
    return segments


@given(parts=lengths, ruleset=rulesets, cut=st.data())
def test_splitting_a_segment_changes_nothing(
    parts: list[tuple[Status, int]], ruleset: Ruleset, cut: st.DataObject
) -> None:
    plan = laid_out(parts)
    index = cut.draw(st.integers(0, len(plan) - 1))
    whole = plan[index]
    middle = whole.start + whole.length * cut.draw(st.floats(0.1, 0.9))
    halves = [whole.model_copy(update={"end": middle}), whole.model_copy(update={"start": middle})]
    split = [*plan[:index], *halves, *plan[index + 1 :]]
    assert check([RESTED], split, ruleset) == check([RESTED], plan, ruleset)


@given(parts=lengths, where=st.data(), rest=st.integers(1, 60))
def test_more_rest_never_makes_it_worse_for_a_bus_driver(
    parts: list[tuple[Status, int]], where: st.DataObject, rest: int
) -> None:
    index = where.draw(st.integers(0, len(parts)))
    rested = [*parts[:index], (Status.OFF, rest), *parts[index:]]
    before, after = check([RESTED], laid_out(parts)), check([RESTED], laid_out(rested))
    assert _over(after.violations) <= _over(before.violations)


@given(parts=lengths, ruleset=rulesets, where=st.data())
def test_resting_instead_of_working_never_makes_it_worse(
    parts: list[tuple[Status, int]], ruleset: Ruleset, where: st.DataObject
) -> None:
    index = where.draw(st.integers(0, len(parts) - 1))
    rested = [*parts[:index], (Status.OFF, parts[index][1]), *parts[index + 1 :]]
    before, after = check([RESTED], laid_out(parts), ruleset), check([RESTED], laid_out(rested), ruleset)
    assert _over(after.violations) <= _over(before.violations)


@given(parts=lengths.map(lambda parts: parts[:8]), hole=st.data())
def test_a_hole_in_the_last_eight_days_is_never_ok(parts: list[tuple[Status, int]], hole: st.DataObject) -> None:
    segments = [RESTED, *laid_out([*parts, (Status.DRIVING, 1)])]
    index = hole.draw(st.integers(0, len(segments) - 2))
    holed = [*segments[:index], *segments[index + 1 :]]
    verdict = check(holed[:-1], holed[-1:])
    assert verdict.verdict is not Answer.OK
    assert verdict.remaining is None
    assert verdict.earliest_drive_at is None


@settings(deadline=None)
@given(history=lengths, plan=lengths, ruleset=rulesets)
def test_the_earliest_time_is_legal_and_only_driving_violates(
    history: list[tuple[Status, int]], plan: list[tuple[Status, int]], ruleset: Ruleset
) -> None:
    past = [RESTED, *laid_out(history)]
    planned = laid_out(plan, past[-1].end)
    verdict = check(past, planned, ruleset)
    driving = [segment for segment in planned if segment.status is Status.DRIVING]
    if not driving:
        assert verdict.verdict is Answer.OK
        return
    assert (verdict.verdict is Answer.OK) == (verdict.earliest_drive_at == driving[0].start)
    if verdict.earliest_drive_at is not None and verdict.violations:
        wait = verdict.earliest_drive_at - driving[0].start
        rest = Segment(start=past[-1].end, end=past[-1].end + wait, status=Status.OFF)
        assert check([*past, rest], laid_out(plan, rest.end), ruleset).verdict is Answer.OK


def _over(violations: object) -> timedelta:
    assert isinstance(violations, tuple)
    return sum((violation.exceeded for violation in violations), timedelta())
