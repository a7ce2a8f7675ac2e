"""A driver's log for the hours-of-service rules: actual times where known, planned times otherwise.

Between duty blocks the driver is off duty, except for the drive from one to the next. Unknown periods are left out; for
such gaps the rules answer UNKNOWN. Pure: no clock, no I/O.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import EARLIEST_CHECK_IN, estimate_travel_time
from coachway.dispatch.diaries.model import DutyBlock
from coachway.fleet.model import Driver
from coachway.hours.model import DutyStatus, Segment

_ZERO: Final = timedelta()


class _Period(NamedTuple):
    """A period, and the driver's status in it; None if unknown."""

    start: datetime
    end: datetime
    status: DutyStatus | None
    riding: bool = False


class _Milestone(NamedTuple):
    """A planned moment, and when it happened. `is_stop` is false for the start and end of the duty."""

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
    """Build a driver's log from `since` up to `until`, in order.

    `blocks` are all duty blocks of the driver that overlap this time; `started` are, by id, their assignments that may
    have begun; `rest` is the length of a full rest. For the days before the driver was added, the log uses the driver's
    own statement (49 CFR 395.8(j)(2)).
    """
    start, end = since.astimezone(UTC), until.astimezone(UTC)
    periods = _build_statement_periods(driver, start)
    previous: DutyBlock | None = None
    for block in sorted(blocks, key=lambda block: block.starts_at):
        actual = _block_periods(block, started.get(block.assignment_id), now)
        transfer = calculate_transfer_time(previous, block, rest) if previous is not None else _ZERO
        if transfer and actual:
            periods.append(_Period(actual[0].start - transfer, actual[0].start, DutyStatus.DRIVING))
        periods += actual
        previous = block
    segments: list[Segment] = []
    position = min(end, _log_start(driver, start))
    for period in periods:
        start_, end_ = max(period.start, position), min(period.end, end)
        if start_ >= end_:
            continue
        if position < start_:
            segments.append(Segment(start=position, end=start_, status=DutyStatus.OFF))
        if period.status is not None:
            segments.append(Segment(start=start_, end=end_, status=period.status, riding=period.riding))
        position = end_
    if position < end:
        segments.append(Segment(start=position, end=end, status=DutyStatus.OFF))
    return segments


def calculate_transfer_time(block: DutyBlock, next_block: DutyBlock, rest: timedelta) -> timedelta:
    """The driving time between two blocks, beyond the planned drives to and from the garage.

    Zero if the gap also leaves time for a full rest: then the driver travels off duty (49 CFR 395.1(j)).
    """
    planned = (block.ends_at - block.dropoff_at) + (
        next_block.pickup_at - (next_block.leaves_at or next_block.starts_at)
    )
    missing = estimate_travel_time(block.dropoff_place, next_block.pickup_place) - planned
    gap = next_block.starts_at - block.ends_at
    return _ZERO if gap - missing >= rest else max(_ZERO, min(missing, gap))


def list_block_segments(earlier: Sequence[DutyBlock], block: DutyBlock, rest: timedelta) -> list[Segment]:
    """The segments of a block's duty, preceded by the drive from the previous block."""
    previous = max(earlier, key=lambda candidate: candidate.starts_at, default=None)
    transfer = calculate_transfer_time(previous, block, rest) if previous is not None else _ZERO
    if not transfer:
        return block.duty
    return [Segment(start=block.starts_at - transfer, end=block.starts_at, status=DutyStatus.DRIVING), *block.duty]


def list_started_assignment_ids(blocks: Iterable[DutyBlock], now: datetime) -> list[str]:
    """The ids of the assignments that may have begun, which `build_log` needs: a driver can check in early."""
    return [block.assignment_id for block in blocks if block.starts_at - EARLIEST_CHECK_IN <= now]


def has_begun(block: DutyBlock, started: Mapping[str, Assignment], now: datetime) -> bool:
    """Whether a duty has begun, by its plan or by an earlier check-in."""
    assignment = started.get(block.assignment_id)
    return block.starts_at < now or (assignment is not None and assignment.checked_in_at is not None)


def _log_start(driver: Driver, since: datetime) -> datetime:
    """The moment from which the driver's log is known, at `since` or later."""
    if since >= driver.created_at:
        return since
    if driver.duty_statement is None:
        return driver.created_at.astimezone(UTC)
    return max(since, _midnight(driver, len(driver.duty_statement)))


def _midnight(driver: Driver, days_ago: int) -> datetime:
    """Midnight, in the driver's time zone, `days_ago` days before the day on which the driver was added."""
    zone = ZoneInfo(driver.timezone)
    added = driver.created_at.astimezone(zone).date()
    return datetime.combine(added - timedelta(days=days_ago), time(), zone).astimezone(UTC)


def _build_statement_periods(driver: Driver, since: datetime) -> list[_Period]:
    """The driver's statement of the days before they were added: each day on duty from midnight, then off duty."""
    if since >= driver.created_at or driver.duty_statement is None:
        return []
    periods: list[_Period] = []
    for days_ago in range(len(driver.duty_statement), 0, -1):
        midnight, following = _midnight(driver, days_ago), _midnight(driver, days_ago - 1)
        work_end = min(midnight + timedelta(hours=driver.duty_statement[days_ago - 1]), following)
        periods += [_Period(midnight, work_end, DutyStatus.ON), _Period(work_end, following, DutyStatus.OFF)]
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
    """When the duty ended: at check-out, or when the assignment was released."""
    return assignment.checked_out_at or assignment.ended_at


def _milestones(block: DutyBlock, assignment: Assignment, now: datetime) -> list[_Milestone]:
    """Return the planned moments with their actual or expected times, in order.

    Future moments are expected with the delay of the latest event, or of a moment that should have happened by now.
    After the planned end without a check-out, nothing more is expected: what follows is unknown.
    """
    moments: list[tuple[datetime | None, datetime | None, bool]] = [(block.starts_at, assignment.checked_in_at, False)]
    for number, stop in enumerate(assignment.stops):
        if number:
            moments.append((_plan_driven_moment(block.duty, stop.arrival), stop.arrived_at, True))
        if number < len(assignment.stops) - 1:
            moments.append((_plan_driven_moment(block.duty, stop.departure), stop.departed_at, True))
    ended = _ended_at(assignment)
    last = max(
        [block.ends_at, *(planned for planned, actual, _ in moments if planned is not None and actual is not None)]
    )
    moments.append((last, ended, False))
    milestones: list[_Milestone] = []
    delay = _ZERO
    for planned, actual, is_stop in moments:
        if planned is None or planned > last or (milestones and planned < milestones[-1].planned):
            continue
        if actual is not None:
            delay = max(_ZERO, actual - planned)
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


def _plan_driven_moment(duty: Sequence[Segment], planned: datetime | None) -> datetime | None:
    """The end of the drive in which a planned moment lies, because the miles need longer than the timetable."""
    if planned is None:
        return None
    drives = (segment for segment in duty if segment.status is DutyStatus.DRIVING or segment.riding)
    return next((drive.end for drive in drives if drive.start < planned < drive.end), planned)


def _actual_periods(duty: Sequence[Segment], before: _Milestone, after: _Milestone) -> list[_Period]:
    """Fit the planned segments between two milestones to the actual times.

    Between stops, the segments are stretched or shortened to the actual time. Drives from and to the garage take at
    most the planned time; the rest is time on duty, before leaving the garage and after the return.
    """
    length = after.actual - before.actual
    if length <= _ZERO:
        return []
    parts = [
        _Period(max(segment.start, before.planned), min(segment.end, after.planned), segment.status, segment.riding)
        for segment in duty
        if segment.start < after.planned and segment.end > before.planned
    ]
    planned = sum((part.end - part.start for part in parts), _ZERO)
    if not planned:
        return [_Period(before.actual, after.actual, DutyStatus.ON)]
    position, periods = before.actual, list[_Period]()
    share = length / planned
    if share > 1 and not (before.is_stop and after.is_stop):
        share = 1.0
        if not before.is_stop:
            position = after.actual - planned
            periods.append(_Period(before.actual, position, DutyStatus.ON))
    for part in parts:
        part_end = min(after.actual, position + (part.end - part.start) * share)
        periods.append(_Period(position, part_end, part.status, part.riding))
        position = part_end
    if position < after.actual:
        periods.append(_Period(position, after.actual, DutyStatus.ON))
    return [period for period in periods if period.start < period.end]
