"""Checks whether planned driving is legal after a driver's record: 49 CFR 395.5 (passengers), 395.3 (property).

Being on duty beyond a limit is legal; driving is not. A record with gaps is never OK.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Final

from coachway.core import errors
from coachway.hours import cycle
from coachway.hours.model import DutyStatus, HoursCheck, Legality, RemainingTime, Rule, Ruleset, Segment, Violation
from coachway.hours.rulesets import US_PASSENGER
from coachway.hours.timeline import ActivityKind, Interval, Timeline, build_timeline, sort_segments

_ZERO: Final = timedelta()
_SECOND: Final = timedelta(seconds=1)
_SHORTEST_DRIVE: Final = timedelta(microseconds=1)


def check_hours(
    history: Sequence[Segment],
    plan: Sequence[Segment],
    ruleset: Ruleset = US_PASSENGER,
    *,
    daily_carrier: bool = True,
    home_zone: tzinfo | None = None,
) -> HoursCheck:
    """Check the driving in `plan`. Time in `history` counts, but its violations are not reported.

    `daily_carrier` sets the cycle to 70 hours in 8 days instead of 60 in 7. The midnights of `home_zone` divide these
    days (49 CFR 395.2, "twenty-four-hour period"); without it, a day is any period of 24 hours, which is stricter.
    Raises Invalid if segments overlap.
    """
    checker = _HoursChecker(ruleset, daily_carrier, home_zone)
    past, planned = sort_segments(history, "history"), sort_segments(plan, "plan")
    if past and planned and planned[0].start < past[-1].end:
        raise errors.Invalid.field("plan.0", f"starts before the history ends at {past[-1].end.isoformat()}")
    if not past and not planned:
        return HoursCheck(verdict=Legality.UNKNOWN)
    violations, remaining, is_complete = checker.evaluate(past, planned)
    verdict = Legality.BLOCK if violations else Legality.OK if is_complete else Legality.UNKNOWN
    if not is_complete:
        return HoursCheck(verdict=verdict, violations=violations)
    earliest = checker.find_earliest_driving(past, planned)
    return HoursCheck(verdict=verdict, violations=violations, remaining=remaining, earliest_drive_at=earliest)


def find_violations(
    history: Sequence[Segment],
    plan: Sequence[Segment],
    ruleset: Ruleset = US_PASSENGER,
    *,
    daily_carrier: bool = True,
    home_zone: tzinfo | None = None,
) -> tuple[Violation, ...]:
    """Find only the violations of a plan, with gaps counted as rest. This is faster than `check_hours`."""
    checker = _HoursChecker(ruleset, daily_carrier, home_zone)
    violations, _, _ = checker.evaluate(sort_segments(history, "history"), sort_segments(plan, "plan"))
    return violations


@dataclass(slots=True)
class _DutyCounters:
    """The counters since the last full rest. `period` numbers the duty periods."""

    period: int = 0
    driven: timedelta = _ZERO
    on_duty: timedelta = _ZERO
    started_at: datetime | None = None
    since_break: timedelta = _ZERO
    not_driving: timedelta = _ZERO

    def calculate_remaining_duty(self, ruleset: Ruleset, at: datetime) -> timedelta:
        """The remaining duty at a time: of the time on duty, or of the window since the duty started."""
        used = at - self.started_at if ruleset.has_duty_window and self.started_at else self.on_duty
        return ruleset.duty - used


@dataclass(slots=True)
class _ViolationLog:
    """The start and length of illegal driving, by rule and duty period."""

    entries: dict[tuple[Rule, int], tuple[datetime, timedelta]] = field(default_factory=dict)

    def add(self, rule: Rule, period: int, start: datetime, end: datetime) -> None:
        if start < end:
            at, exceeded = self.entries.get((rule, period), (start, _ZERO))
            self.entries[rule, period] = (at, exceeded + (end - start))


@dataclass(frozen=True, slots=True)
class _HoursChecker:
    """A check by one ruleset."""

    ruleset: Ruleset
    daily_carrier: bool
    home_zone: tzinfo | None

    def evaluate(
        self, past: list[Segment], planned: list[Segment]
    ) -> tuple[tuple[Violation, ...], RemainingTime, bool]:
        """The violations of the plan, the remaining time at its end, and whether the record is complete enough."""
        timeline = build_timeline([*past, *planned], self.ruleset.rest)
        plan_start = planned[0].start if planned else timeline.end
        window = cycle.CycleWindow(
            timeline, self.ruleset.cycle(self.daily_carrier), self.home_zone, self.ruleset.restart
        )
        counters, log = _DutyCounters(), _ViolationLog()
        for interval in timeline.intervals:
            if interval.kind is ActivityKind.DRIVE and interval.end > plan_start:
                self._log_violations(interval, counters, log, max(interval.start, plan_start))
                for start, end in window.exceeded_parts(interval):
                    log.add(Rule.CYCLE, counters.period, max(start, plan_start), end)
            self._update_counters(interval, counters)
        violations = tuple(
            Violation(rule=rule, at=at, exceeded=exceeded, citation=self.ruleset.citation(rule, self.daily_carrier))
            for (rule, _), (at, exceeded) in sorted(log.entries.items(), key=lambda item: (item[1][0], item[0]))
        )
        remaining = RemainingTime(
            drive=max(_ZERO, self.ruleset.drive - counters.driven),
            duty=max(_ZERO, counters.calculate_remaining_duty(self.ruleset, timeline.end)),
            cycle=max(_ZERO, window.remaining(timeline.end)),
        )
        first_drive = next((each.start for each in planned if each.status is DutyStatus.DRIVING), timeline.end)
        return violations, remaining, self._is_record_complete(timeline, window, first_drive)

    def _log_violations(
        self, interval: Interval, counters: _DutyCounters, log: _ViolationLog, plan_start: datetime
    ) -> None:
        """Log the driving in an interval that exceeds the limits which a full rest or a break resets."""
        rules = self.ruleset
        limits = {
            Rule.DRIVE: rules.drive - counters.driven,
            Rule.DUTY: counters.calculate_remaining_duty(rules, interval.start),
        }
        if rules.break_after is not None:
            limits[Rule.BREAK] = rules.break_after - counters.since_break
        for rule, remaining in limits.items():
            log.add(rule, counters.period, max(interval.start + max(_ZERO, remaining), plan_start), interval.end)

    def _update_counters(self, interval: Interval, counters: _DutyCounters) -> None:
        rules = self.ruleset
        if interval.kind is ActivityKind.REST and interval.length >= rules.rest:
            counters.driven = counters.on_duty = _ZERO
            counters.started_at = None
            counters.period += 1
        elif interval.kind is not ActivityKind.REST:
            counters.on_duty += interval.length
            counters.started_at = counters.started_at or interval.start
        if interval.kind is ActivityKind.DRIVE:
            counters.driven += interval.length
            counters.since_break += interval.length
            counters.not_driving = _ZERO
            return
        counters.not_driving += interval.length
        if rules.break_length is not None and counters.not_driving >= rules.break_length:
            counters.since_break = _ZERO

    def _is_record_complete(self, timeline: Timeline, window: cycle.CycleWindow, first_drive: datetime) -> bool:
        """Whether the record has no gap in the cycle before the driving, and contains a full rest."""
        if timeline.complete_from > first_drive:
            return False
        rests = [
            interval.end - max(interval.start, timeline.complete_from)
            for interval in timeline.intervals
            if interval.kind is ActivityKind.REST and timeline.complete_from < interval.end <= first_drive
        ]
        longest = max(rests, default=_ZERO)
        has_restart = self.ruleset.restart is not None and longest >= self.ruleset.restart
        return longest >= self.ruleset.rest and (has_restart or timeline.complete_from <= window.start(first_drive))

    def find_earliest_driving(self, past: list[Segment], planned: list[Segment]) -> datetime | None:
        """The earliest legal start of the driving if the plan is delayed and the driver rests until then."""
        if not any(segment.status is DutyStatus.DRIVING for segment in planned):
            end = (planned or past)[-1].end
            past = [*past, *planned]
            planned = [Segment(start=end, end=end + _SHORTEST_DRIVE, status=DutyStatus.DRIVING)]
        first_drive = next(segment.start for segment in planned if segment.status is DutyStatus.DRIVING)

        def is_legal(delay: timedelta) -> bool:
            return not self.evaluate(past, _delay_plan(past, planned, delay))[0]

        if is_legal(_ZERO):
            return first_drive
        for shorter, longer in itertools.pairwise([_ZERO, *self._candidate_delays(past, planned)]):
            if is_legal(longer):
                return first_drive + _find_shortest_delay(is_legal, shorter, longer)
        return None

    def _candidate_delays(self, past: list[Segment], planned: list[Segment]) -> list[timedelta]:
        """The delays that reset a limit: a full rest, a restart, a new day, or a whole cycle."""
        start = planned[0].start
        timeline = build_timeline(past, self.ruleset.rest) if past else None
        resting_since = start
        if timeline is not None:
            last = timeline.intervals[-1]
            resting_since = last.start if last.kind is ActivityKind.REST else timeline.end
        span = timedelta(days=self.ruleset.cycle(self.daily_carrier).days)
        times = [resting_since + self.ruleset.rest, start + span + self.ruleset.rest]
        if self.ruleset.restart is not None:
            times.append(resting_since + self.ruleset.restart)
        if self.home_zone is not None:
            times += cycle.list_midnights(start, start + span, self.home_zone)
        return sorted({at - start for at in times if at > start})


def _delay_plan(past: list[Segment], planned: list[Segment], delay: timedelta) -> list[Segment]:
    """The plan later by `delay`, with rest before it."""
    if not delay:
        return planned
    start = planned[0].start
    rest = [Segment(start=start, end=start + delay, status=DutyStatus.OFF)] if past else []
    return [
        *rest,
        *(each.model_copy(update={"start": each.start + delay, "end": each.end + delay}) for each in planned),
    ]


def _find_shortest_delay(is_legal: Callable[[timedelta], bool], shorter: timedelta, longer: timedelta) -> timedelta:
    """The shortest legal delay, to the second, by bisection; `shorter` must be illegal and `longer` legal."""
    while longer - shorter > _SECOND:
        middle = shorter + ((longer - shorter) // 2 // _SECOND or 1) * _SECOND
        shorter, longer = (shorter, middle) if is_legal(middle) else (middle, longer)
    return longer
