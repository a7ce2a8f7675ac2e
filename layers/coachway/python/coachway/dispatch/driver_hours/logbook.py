"""A driver's log, as the hours rules want it: what was done where that is known, what is planned where it is not.

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
    jobs: Iterable[DutyBlock],
    known: Mapping[str, Assignment],
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
    stretches = _stated_periods(driver, start)
    last: DutyBlock | None = None
    for job in sorted(jobs, key=lambda job: job.starts_at):
        lived = _block_periods(job, known.get(job.assignment_id), now)
        took = transfer_time(last, job, rest) if last is not None else _NOTHING
        if took and lived:
            stretches.append(_Period(lived[0].start - took, lived[0].start, Status.DRIVING))
        stretches += lived
        last = job
    found: list[Segment] = []
    at = min(end, _known_since(driver, start))
    for stretch in stretches:
        begins, ends = max(stretch.start, at), min(stretch.end, end)
        if begins >= ends:
            continue
        if at < begins:
            found.append(Segment(start=at, end=begins, status=Status.OFF))
        if stretch.status is not None:
            found.append(Segment(start=begins, end=ends, status=stretch.status, riding=stretch.riding))
        at = ends
    if at < end:
        found.append(Segment(start=at, end=end, status=Status.OFF))
    return found


def transfer_time(one: DutyBlock, other: DutyBlock, rest: timedelta) -> timedelta:
    """How long it is driven from where a job ends to where the next begins, beyond what both plan to and from a garage.

    Nothing, if a full rest fits in besides: then getting there is off duty as well (49 CFR 395.1(j)).
    """
    planned = (one.ends_at - one.dropoff_at) + (other.pickup_at - other.starts_at)
    missing = travel_time(one.finishes, other.begins) - planned
    between = other.starts_at - one.ends_at
    return _NOTHING if between - missing >= rest else max(_NOTHING, min(missing, between))


def block_segments(before: Sequence[DutyBlock], job: DutyBlock, rest: timedelta) -> list[Segment]:
    """What a driver does for a job who has just done those before it: the way there, and its duty."""
    last = max(before, key=lambda each: each.starts_at, default=None)
    took = transfer_time(last, job, rest) if last is not None else _NOTHING
    if not took:
        return job.duty
    return [Segment(start=job.starts_at - took, end=job.starts_at, status=Status.DRIVING), *job.duty]


def started_ids(jobs: Iterable[DutyBlock], now: datetime) -> list[str]:
    """The ids of the assignments that `log` must know of: those that should have begun."""
    return [job.assignment_id for job in jobs if job.starts_at <= now]


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
    found: list[_Period] = []
    for days_ago in range(len(driver.duty_statement), 0, -1):
        midnight, following = _midnight(driver, days_ago), _midnight(driver, days_ago - 1)
        worked = min(midnight + timedelta(hours=driver.duty_statement[days_ago - 1]), following)
        found += [_Period(midnight, worked, Status.ON), _Period(worked, following, Status.OFF)]
    return [stretch for stretch in found if stretch.start < stretch.end]


def _block_periods(job: DutyBlock, assignment: Assignment | None, now: datetime) -> list[_Period]:
    if assignment is None or assignment.checked_in_at is None:
        if job.ends_at <= now:
            return [_Period(job.starts_at, job.ends_at, None)]
        return [_Period(each.start, each.end, each.status, each.riding) for each in job.duty]
    marks = _milestones(job, assignment, now)
    found = [stretch for one, two in pairwise(marks) for stretch in _actual_periods(job.duty, one, two)]
    if _ended_at(assignment) is None and marks[-1].actual <= now:
        found.append(_Period(marks[-1].actual, now, None))
    return found


def _ended_at(assignment: Assignment) -> datetime | None:
    """When the duty ended: by checking out, or because the trip was taken away."""
    return assignment.checked_out_at or assignment.ended_at


def _milestones(job: DutyBlock, assignment: Assignment, now: datetime) -> list[_Milestone]:
    """Moments of the plan with when they came, or are to be expected; in order.

    What is ahead is as late as the last thing that happened, or as what should have happened by now. Without a word
    after the planned end nothing more is expected: from then on nobody knows.
    """
    moments: list[tuple[datetime | None, datetime | None, bool]] = [(job.starts_at, assignment.checked_in_at, False)]
    for number, stop in enumerate(assignment.stops):
        if number:
            moments.append((stop.arrival, stop.arrived_at, True))
        if number < len(assignment.stops) - 1:
            moments.append((stop.departure, stop.departed_at, True))
    ended = _ended_at(assignment)
    last = max(
        [job.ends_at, *(planned for planned, actual, _ in moments if planned is not None and actual is not None)]
    )
    moments.append((last, ended, False))
    found: list[_Milestone] = []
    late = _NOTHING
    for planned, actual, is_stop in moments:
        if planned is None or planned > last or (found and planned < found[-1].planned):
            continue
        if actual is not None:
            late = max(_NOTHING, actual - planned)
        elif ended is not None:
            continue
        elif found and planned + late <= now < job.ends_at + late and planned < job.ends_at:
            late = now - planned
        came = actual or planned + late
        if ended is not None:
            came = min(came, ended)
        found.append(_Milestone(planned, max(came, found[-1].actual) if found else came, is_stop))
    return found


def _actual_periods(duty: Sequence[Segment], one: _Milestone, two: _Milestone) -> list[_Period]:
    """What was planned between two marks, as it was lived.

    Between stops the driving took as long as it took. To and from the garage it took no longer than planned: what is
    left over is time on duty, before leaving and after coming back.
    """
    length = two.actual - one.actual
    if length <= _NOTHING:
        return []
    parts = [
        _Period(max(each.start, one.planned), min(each.end, two.planned), each.status, each.riding)
        for each in duty
        if each.start < two.planned and each.end > one.planned
    ]
    planned = sum((part.end - part.start for part in parts), _NOTHING)
    if not planned:
        return [_Period(one.actual, two.actual, Status.ON)]
    at, found = one.actual, list[_Period]()
    share = length / planned
    if share > 1 and not (one.is_stop and two.is_stop):
        share = 1.0
        if not one.is_stop:
            at = two.actual - planned
            found.append(_Period(one.actual, at, Status.ON))
    for part in parts:
        ends = min(two.actual, at + (part.end - part.start) * share)
        found.append(_Period(at, ends, part.status, part.riding))
        at = ends
    if at < two.actual:
        found.append(_Period(at, two.actual, Status.ON))
    return [stretch for stretch in found if stretch.start < stretch.end]
