"""The hours rules read a second time, slot by slot and without cleverness: both readings agree on any record."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.hours.model import Ruleset, Segment, Status
from coachway.hours.rules import check
from coachway.hours.rulesets import US_PASSENGER, US_PROPERTY

SLOT = timedelta(minutes=15)
NEW_YORK = ZoneInfo("America/New_York")
STARTS = [datetime(2027, 3, 1, 5, tzinfo=UTC), datetime(2027, 3, 8, 17, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC)]
"""A week that begins at midnight, and those in which clocks go forward and back."""

lengths = st.integers(1, 60) | st.sampled_from([2, 4, 31, 32, 33, 40, 136])
parts = st.lists(st.tuples(st.sampled_from(list(Status)), lengths, st.booleans()), min_size=2, max_size=30)


def laid_out(drawn: list[tuple[Status, int, bool]], start: datetime) -> list[Segment]:
    """Nine days off, then what was drawn; who is on duty may be riding along."""
    found = [Segment(start=start - timedelta(days=9), end=start, status=Status.OFF)]
    for status, slots, riding in drawn:
        end = start + slots * SLOT
        found.append(Segment(start=start, end=end, status=status, riding=riding and status is Status.ON))
        start = end
    return found


def kinds(segments: list[Segment], rest: timedelta) -> list[str]:
    """What counts in each slot: R(est), O(n duty), D(riving). A ride is rest if a full rest follows it."""
    found: list[str] = []
    for number, each in enumerate(segments):
        following = timedelta()
        for after in segments[number + 1 :]:
            if not after.status.is_rest and not (after.riding and following < rest):
                break
            following = following + after.length if after.status.is_rest else timedelta()
        rested = each.status.is_rest or (each.riding and following >= rest)
        kind = "R" if rested else "D" if each.status is Status.DRIVING else "O"
        found += [kind] * (each.length // SLOT)
    return found


def read_again(
    segments: list[Segment], planned: int, rules: Ruleset, daily: bool, home: ZoneInfo | None
) -> Counter[str]:
    """By rule, how many planned slots of driving are past the limit; `planned` is the first segment of the plan."""
    found: Counter[str] = Counter()
    seen, cycle = kinds(segments, rules.rest), rules.cycle(daily)
    first, judged_from = segments[0].start, sum(each.length // SLOT for each in segments[:planned])
    driven = on_duty = since_break = resting = not_driving = restarted = 0
    began: datetime | None = None
    for number, kind in enumerate(seen):
        now = first + number * SLOT
        if kind == "D" and number >= judged_from:
            opens = now - timedelta(days=cycle.days)
            if home is not None:
                day = now.astimezone(home).date() - timedelta(days=cycle.days - 1)
                opens = datetime.combine(day, time(), home).astimezone(UTC)
            since = max(restarted, -(-(opens - first) // SLOT))
            worked = sum(each != "R" for each in seen[since:number])
            duty = now - (began or now) if rules.window else on_duty * SLOT
            found["drive"] += driven * SLOT >= rules.drive
            found["duty"] += duty >= rules.duty
            found["cycle"] += worked * SLOT >= cycle.limit
            found["break"] += rules.break_after is not None and since_break * SLOT >= rules.break_after
        resting = resting + 1 if kind == "R" else 0
        not_driving = not_driving + 1 if kind != "D" else 0
        on_duty += kind != "R"
        driven += kind == "D"
        since_break += kind == "D"
        began = began or now if kind != "R" else began
        if resting * SLOT >= rules.rest:
            driven, on_duty, began = 0, 0, None
        if rules.restart is not None and resting * SLOT >= rules.restart:
            restarted = number + 1
        if rules.break_length is not None and not_driving * SLOT >= rules.break_length:
            since_break = 0
    return +found


@settings(deadline=None)
@given(
    drawn=parts,
    planned=st.integers(1, 30),
    start=st.sampled_from(STARTS),
    rules=st.sampled_from([US_PASSENGER, US_PROPERTY]),
    daily=st.booleans(),
    home=st.sampled_from([None, NEW_YORK]),
)
def test_what_is_exceeded_is_the_same_read_slot_by_slot(
    drawn: list[tuple[Status, int, bool]],
    planned: int,
    start: datetime,
    rules: Ruleset,
    daily: bool,
    home: ZoneInfo | None,
) -> None:
    segments = laid_out(drawn, start)
    planned = min(planned, len(segments) - 1)
    verdict = check(segments[:planned], segments[planned:], rules, daily_carrier=daily, home=home)
    found: Counter[str] = Counter()
    for violation in verdict.violations:
        found[violation.rule.value] += violation.exceeded // SLOT
    assert found == read_again(segments, planned, rules, daily, home)
