"""Whether planned driving is legal after what a driver has done: 49 CFR 395.5 (passengers), 395.3 (property).

Being on duty past a limit is legal; only driving violates. A record with holes is never OK.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Final

from coachway.core import errors
from coachway.hours import cycle
from coachway.hours.model import Answer, Remaining, Rule, Ruleset, Segment, Status, Verdict, Violation
from coachway.hours.rulesets import US_PASSENGER
from coachway.hours.timeline import Kind, Piece, Timeline, in_order, timeline

_NOTHING: Final = timedelta()
_SECOND: Final = timedelta(seconds=1)
_MOMENT: Final = timedelta(microseconds=1)


def check(
    history: Sequence[Segment],
    plan: Sequence[Segment],
    ruleset: Ruleset = US_PASSENGER,
    *,
    daily_carrier: bool = True,
    home: tzinfo | None = None,
) -> Verdict:
    """Judge the driving in `plan`; what went wrong in `history` counts, but is not judged again.

    `daily_carrier`: 70 hours in 8 days instead of 60 in 7. `home`: the zone whose midnights bound those days
    (49 CFR 395.2, "twenty-four-hour period"); without it days are the last so many times 24 hours, which never
    allows what any choice of midnight would refuse. Raises Invalid when segments overlap.
    """
    judge = _Judge(ruleset, daily_carrier, home)
    past, planned = in_order(history, "history"), in_order(plan, "plan")
    if past and planned and planned[0].start < past[-1].end:
        raise errors.Invalid.field("plan.0", f"starts before the history ends at {past[-1].end.isoformat()}")
    if not past and not planned:
        return Verdict(verdict=Answer.UNKNOWN)
    result, remaining, existing = judge.read(past, planned)
    verdict = Answer.BLOCK if result else Answer.OK if existing else Answer.UNKNOWN
    if not existing:
        return Verdict(verdict=verdict, violations=result)
    earliest = judge.earliest(past, planned)
    return Verdict(verdict=verdict, violations=result, remaining=remaining, earliest_drive_at=earliest)


def violations(
    history: Sequence[Segment],
    plan: Sequence[Segment],
    ruleset: Ruleset = US_PASSENGER,
    *,
    daily_carrier: bool = True,
    home: tzinfo | None = None,
) -> tuple[Violation, ...]:
    """Only what `check` says is violated, holes read as rest: cheaper, for searching."""
    result, _, _ = _Judge(ruleset, daily_carrier, home).read(in_order(history, "history"), in_order(plan, "plan"))
    return result


@dataclass(slots=True)
class _Duty:
    """The counters since the last full rest."""

    period: int = 0
    driven: timedelta = _NOTHING
    on_duty: timedelta = _NOTHING
    began: datetime | None = None
    since_break: timedelta = _NOTHING
    not_driving: timedelta = _NOTHING
    restarted_at: datetime | None = None

    def left(self, ruleset: Ruleset, at: datetime) -> timedelta:
        """Duty left: of the time on duty, or of the window that opened when duty began."""
        used = at - self.began if ruleset.window and self.began else self.on_duty
        return ruleset.duty - used


@dataclass(slots=True)
class _Over:
    """Illegal driving found, by rule and duty period."""

    found: dict[tuple[Rule, int], tuple[datetime, timedelta]] = field(default_factory=dict)

    def add(self, rule: Rule, period: int, start: datetime, end: datetime) -> None:
        if start < end:
            at, exceeded = self.found.get((rule, period), (start, _NOTHING))
            self.found[rule, period] = (at, exceeded + (end - start))


@dataclass(frozen=True, slots=True)
class _Judge:
    ruleset: Ruleset
    daily_carrier: bool
    home: tzinfo | None

    def read(self, past: list[Segment], planned: list[Segment]) -> tuple[tuple[Violation, ...], Remaining, bool]:
        """What the plan violates, what is left at its end, and whether the record suffices to say so."""
        line = timeline([*past, *planned], self.ruleset.rest)
        judged_from = planned[0].start if planned else line.end
        window = cycle.Window(line, self.ruleset.cycle(self.daily_carrier), self.home, self.ruleset.restart)
        duty, over = _Duty(), _Over()
        for piece in line.pieces:
            if piece.kind is Kind.DRIVE and piece.end > judged_from:
                self._drive(piece, duty, over, max(piece.start, judged_from))
                for start, end in window.exceeded(piece):
                    over.add(Rule.CYCLE, duty.period, max(start, judged_from), end)
            self._count(piece, duty)
        result = tuple(
            Violation(rule=rule, at=at, exceeded=exceeded, citation=self.ruleset.citation(rule, self.daily_carrier))
            for (rule, _), (at, exceeded) in sorted(over.found.items(), key=lambda item: (item[1][0], item[0]))
        )
        remaining = Remaining(
            drive=max(_NOTHING, self.ruleset.drive - duty.driven),
            duty=max(_NOTHING, duty.left(self.ruleset, line.end)),
            cycle=max(_NOTHING, window.left(line.end)),
        )
        first = next((segment.start for segment in planned if segment.status is Status.DRIVING), line.end)
        return result, remaining, self._is_known(line, window, first)

    def _drive(self, piece: Piece, duty: _Duty, over: _Over, judged_from: datetime) -> None:
        """Time driven in `piece` past the limits that a full rest resets."""
        rules = self.ruleset
        limits = {Rule.DRIVE: rules.drive - duty.driven, Rule.DUTY: duty.left(rules, piece.start)}
        if rules.break_after is not None:
            limits[Rule.BREAK] = rules.break_after - duty.since_break
        for rule, remaining in limits.items():
            over.add(rule, duty.period, max(piece.start + max(_NOTHING, remaining), judged_from), piece.end)

    def _count(self, piece: Piece, duty: _Duty) -> None:
        rules = self.ruleset
        if piece.kind is Kind.REST and piece.length >= rules.rest:
            duty.driven = duty.on_duty = _NOTHING
            duty.began = None
            duty.period += 1
        elif piece.kind is not Kind.REST:
            duty.on_duty += piece.length
            duty.began = duty.began or piece.start
        if piece.kind is Kind.DRIVE:
            duty.driven += piece.length
            duty.since_break += piece.length
            duty.not_driving = _NOTHING
            return
        duty.not_driving += piece.length
        if rules.break_length is not None and duty.not_driving >= rules.break_length:
            duty.since_break = _NOTHING

    def _is_known(self, line: Timeline, window: cycle.Window, first: datetime) -> bool:
        """No hole from the cycle's first day on, and a full rest on record from which to count."""
        if line.known_from > first:
            return False
        rests = [
            piece.end - max(piece.start, line.known_from)
            for piece in line.pieces
            if piece.kind is Kind.REST and line.known_from < piece.end <= first
        ]
        longest = max(rests, default=_NOTHING)
        restarted = self.ruleset.restart is not None and longest >= self.ruleset.restart
        return longest >= self.ruleset.rest and (restarted or line.known_from <= window.opens(first))

    def earliest(self, past: list[Segment], planned: list[Segment]) -> datetime | None:
        """The first moment of driving when the plan is put off, the driver resting, until it is legal."""
        if not any(segment.status is Status.DRIVING for segment in planned):
            end = (planned or past)[-1].end
            past = [*past, *planned]
            planned = [Segment(start=end, end=end + _MOMENT, status=Status.DRIVING)]
        first = next(segment.start for segment in planned if segment.status is Status.DRIVING)

        def legal(delay: timedelta) -> bool:
            return not self.read(past, _put_off(past, planned, delay))[0]

        if legal(_NOTHING):
            return first
        for sooner, later in itertools.pairwise([_NOTHING, *self._delays(past, planned)]):
            if legal(later):
                return first + _bisect(legal, sooner, later)
        return None

    def _delays(self, past: list[Segment], planned: list[Segment]) -> list[timedelta]:
        """Delays after which something changes at once: a full rest, a restart, a new day, the whole cycle over."""
        start = planned[0].start
        line = timeline(past, self.ruleset.rest) if past else None
        resting_since = start
        if line is not None:
            resting_since = line.pieces[-1].start if line.pieces[-1].kind is Kind.REST else line.end
        span = timedelta(days=self.ruleset.cycle(self.daily_carrier).days)
        moments = [resting_since + self.ruleset.rest, start + span + self.ruleset.rest]
        if self.ruleset.restart is not None:
            moments.append(resting_since + self.ruleset.restart)
        if self.home is not None:
            moments += cycle.midnights(start, start + span, self.home)
        return sorted({moment - start for moment in moments if moment > start})


def _put_off(past: list[Segment], planned: list[Segment], delay: timedelta) -> list[Segment]:
    """The plan, later by `delay`, the time in between spent resting."""
    if not delay:
        return planned
    start = planned[0].start
    rest = [Segment(start=start, end=start + delay, status=Status.OFF)] if past else []
    return [*rest, *(s.model_copy(update={"start": s.start + delay, "end": s.end + delay}) for s in planned)]


def _bisect(legal: Callable[[timedelta], bool], sooner: timedelta, later: timedelta) -> timedelta:
    """The shortest legal delay, to the second; `sooner` is known to be illegal, `later` to be legal."""
    while later - sooner > _SECOND:
        middle = sooner + ((later - sooner) // 2 // _SECOND or 1) * _SECOND
        sooner, later = (sooner, middle) if legal(middle) else (middle, later)
    return later
