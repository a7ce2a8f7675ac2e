"""A driver's log for the hours-of-service rules: actual times where known, planned times otherwise.

Pure: no clock, no I/O. Between jobs a driver is off duty, but for the way from one to the next. What nobody knows is
left out: a hole, of which the rules say UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import travel_time
from coachway.dispatch.diaries.model import DutyBlock
from coachway.fleet.model import Driver
from coachway.hours.model import Segment, Status

_NOTHING: Final = timedelta()


class _Period(NamedTuple):
    """A time, and what the driver did in it; None where nobody knows."""

    start: datetime
    end: datetime
    status: Status | None
    riding: bool = False


class _Milestone(NamedTuple):
    """A moment of the plan, and when it came. `is_stop` is false of the duty's own start and end."""

    planned: datetime
    actual: datetime
    is_stop: bool


def build_log(
    driver: Driver,
    blocks: Iterable[DutyBlock],
    started: Mapping[str, Assignment],
    since: datetime,
    until: datetime,
    now: datetime,
    rest: timedelta,
) -> list[Segment]:
    """A driver's segments from `since` up to `until`, in order.

    `jobs` are all of the driver's that have a part in that time, by their diary; `known` are, by id, those assignments
    among them that have begun; `rest` is a full one. Before the driver was added the driver's own statement tells
    (49 CFR 395.8(j)(2)).
    """
    start, end = since.astimezone(UTC), until.astimezone(UTC)
    periods = _stated_periods(driver, start)
    previous: DutyBlock | None = None
    for block in sorted(blocks, key=lambda block: block.starts_at):
        actual = _block_periods(block, started.get(block.assignment_id), now)
        transfer = transfer_time(previous, block, rest) if previous is not None else _NOTHING
        if transfer and actual:
            periods.append(_Period(actual[0].start - transfer, actual[0].start, Status.DRIVING))
        periods += actual
        previous = block
    segments: list[Segment] = []
    position = min(end, _known_since(driver, start))
    for period in periods:
        start_, end_ = max(period.start, position), min(period.end, end)
        if start_ >= end_:
            continue
        if position < start_:
            segments.append(Segment(start=position, end=start_, status=Status.OFF))
        if period.status is not None:
            segments.append(Segment(start=start_, end=end_, status=period.status, riding=period.riding))
        position = end_
    if position < end:
        segments.append(Segment(start=position, end=end, status=Status.OFF))
    return segments


def transfer_time(block: DutyBlock, next_block: DutyBlock, rest: timedelta) -> timedelta:
    """How long it is driven from where a job ends to where the next begins, beyond what both plan to and from a garage.

    Nothing, if a full rest fits in besides: then getting there is off duty as well (49 CFR 395.1(j)).
    """
    planned = (block.ends_at - block.dropoff_at) + (next_block.pickup_at - next_block.starts_at)
    missing = travel_time(block.finishes, next_block.begins) - planned
    gap = next_block.starts_at - block.ends_at
    return _NOTHING if gap - missing >= rest else max(_NOTHING, min(missing, gap))


def block_segments(earlier: Sequence[DutyBlock], block: DutyBlock, rest: timedelta) -> list[Segment]:
    """What a driver does for a job who has just done those before it: the way there, and its duty."""
    previous = max(earlier, key=lambda candidate: candidate.starts_at, default=None)
    transfer = transfer_time(previous, block, rest) if previous is not None else _NOTHING
    if not transfer:
        return block.duty
    return [Segment(start=block.starts_at - transfer, end=block.starts_at, status=Status.DRIVING), *block.duty]


def started_ids(blocks: Iterable[DutyBlock], now: datetime) -> list[str]:
    """The ids of the assignments that `log` must know of: those that should have begun."""
    return [block.assignment_id for block in blocks if block.starts_at <= now]


def _known_since(driver: Driver, since: datetime) -> datetime:
    """From when on anything is known of a driver, at `since` or later."""
    if since >= driver.created_at:
        return since
    if driver.duty_statement is None:
        return driver.created_at.astimezone(UTC)
    return max(since, _midnight(driver, len(driver.duty_statement)))


def _midnight(driver: Driver, days_ago: int) -> datetime:
    """The driver's midnight so many days before the day on which they were added."""
    zone = ZoneInfo(driver.timezone)
    added = driver.created_at.astimezone(zone).date()
    return datetime.combine(added - timedelta(days=days_ago), time(), zone).astimezone(UTC)


def _stated_periods(driver: Driver, since: datetime) -> list[_Period]:
    """The days before a driver was added, as they stated them: on duty from midnight on, then off."""
    if since >= driver.created_at or driver.duty_statement is None:
        return []
    periods: list[_Period] = []
    for days_ago in range(len(driver.duty_statement), 0, -1):
        midnight, following = _midnight(driver, days_ago), _midnight(driver, days_ago - 1)
        work_end = min(midnight + timedelta(hours=driver.duty_statement[days_ago - 1]), following)
        periods += [_Period(midnight, work_end, Status.ON), _Period(work_end, following, Status.OFF)]
    return [period for period in periods if period.start < period.end]


def _block_periods(block: DutyBlock, assignment: Assignment | None, now: datetime) -> list[_Period]:
    if assignment is None or assignment.checked_in_at is None:
        if block.ends_at <= now:
            return [_Period(block.starts_at, block.ends_at, None)]
        return [_Period(segment.start, segment.end, segment.status, segment.riding) for segment in block.duty]
    milestones = _milestones(block, assignment, now)
    periods = [
        period for before, after in pairwise(milestones) for period in _actual_periods(block.duty, before, after)
    ]
    if _ended_at(assignment) is None and milestones[-1].actual <= now:
        periods.append(_Period(milestones[-1].actual, now, None))
    return periods


def _ended_at(assignment: Assignment) -> datetime | None:
    """When the duty ended: by checking out, or because the trip was taken away."""
    return assignment.checked_out_at or assignment.ended_at


def _milestones(block: DutyBlock, assignment: Assignment, now: datetime) -> list[_Milestone]:
    """Moments of the plan with when they came, or are to be expected; in order.

    What is ahead is as late as the last thing that happened, or as what should have happened by now. Without a word
    after the planned end nothing more is expected: from then on nobody knows.
    """
    moments: list[tuple[datetime | None, datetime | None, bool]] = [(block.starts_at, assignment.checked_in_at, False)]
    for number, stop in enumerate(assignment.stops):
        if number:
            moments.append((stop.arrival, stop.arrived_at, True))
        if number < len(assignment.stops) - 1:
            moments.append((stop.departure, stop.departed_at, True))
    ended = _ended_at(assignment)
    last = max(
        [block.ends_at, *(planned for planned, actual, _ in moments if planned is not None and actual is not None)]
    )
    moments.append((last, ended, False))
    milestones: list[_Milestone] = []
    delay = _NOTHING
    for planned, actual, is_stop in moments:
        if planned is None or planned > last or (milestones and planned < milestones[-1].planned):
            continue
        if actual is not None:
            delay = max(_NOTHING, actual - planned)
        elif ended is not None:
            continue
        elif milestones and planned + delay <= now < block.ends_at + delay and planned < block.ends_at:
            delay = now - planned
        actual_or_expected = actual or planned + delay
        if ended is not None:
            actual_or_expected = min(actual_or_expected, ended)
        milestones.append(
            _Milestone(
                planned, max(actual_or_expected, milestones[-1].actual) if milestones else actual_or_expected, is_stop
            )
        )
    return milestones


def _actual_periods(duty: Sequence[Segment], before: _Milestone, after: _Milestone) -> list[_Period]:
    """What was planned between two marks, as it was lived.

    Between stops the driving took as long as it took. To and from the garage it took no longer than planned: what is
    left over is time on duty, before leaving and after coming back.
    """
    length = after.actual - before.actual
    if length <= _NOTHING:
        return []
    parts = [
        _Period(max(segment.start, before.planned), min(segment.end, after.planned), segment.status, segment.riding)
        for segment in duty
        if segment.start < after.planned and segment.end > before.planned
    ]
    planned = sum((part.end - part.start for part in parts), _NOTHING)
    if not planned:
        return [_Period(before.actual, after.actual, Status.ON)]
    position, periods = before.actual, list[_Period]()
    share = length / planned
    if share > 1 and not (before.is_stop and after.is_stop):
        share = 1.0
        if not before.is_stop:
            position = after.actual - planned
            periods.append(_Period(before.actual, position, Status.ON))
    for part in parts:
        part_end = min(after.actual, position + (part.end - part.start) * share)
        periods.append(_Period(position, part_end, part.status, part.riding))
        position = part_end
    if position < after.actual:
        periods.append(_Period(position, after.actual, Status.ON))
    return [period for period in periods if period.start < period.end]
