"""Whether two jobs can be done by the same driver or vehicle. Pure: no clock, no I/O.

A clash is judged between each two jobs, not between neighbours only: taking one away never makes a clash of what is
left. It is symmetric, and jobs that are `REACH` or more apart never clash.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from coachway.dispatch.assignments.rules import travel_time
from coachway.dispatch.diaries.model import DutyBlock


class ClashKind(StrEnum):
    """How two jobs clash."""

    OVERLAP = "overlap"
    TRAVEL = "travel_time"


class Clash(NamedTuple):
    """A job that is in the way; `short_by` is how much time is missing to get from the one to the other."""

    kind: ClashKind
    job: DutyBlock
    short_by: timedelta


def find_clash(one: DutyBlock, other: DutyBlock) -> Clash | None:
    """Why nobody can do `one` besides `other`, or None."""
    if one.starts_at < other.ends_at and other.starts_at < one.ends_at:
        return Clash(ClashKind.OVERLAP, other, min(one.ends_at, other.ends_at) - max(one.starts_at, other.starts_at))
    first, second = (one, other) if one.starts_at < other.starts_at else (other, one)
    missing = travel_time(first.finishes, second.begins) - (second.pickup_at - first.dropoff_at)
    return Clash(ClashKind.TRAVEL, other, missing) if missing > timedelta() else None


def list_clashes(job: DutyBlock, others: Iterable[DutyBlock]) -> list[Clash]:
    """Everything that is in the way of a job, soonest first."""
    found = (find_clash(job, other) for other in others if other.assignment_id != job.assignment_id)
    return sorted((clash for clash in found if clash is not None), key=lambda clash: clash.job.starts_at)


def earliest_start_after(job: DutyBlock, clash: Clash) -> datetime:
    """When `job` may start at the earliest if it is done after the one that it clashes with."""
    other = clash.job
    ready = other.dropoff_at + travel_time(other.finishes, job.begins) - (job.pickup_at - job.starts_at)
    return max(other.ends_at, ready)


def move_block(job: DutyBlock, starts_at: datetime) -> DutyBlock:
    """The same job, at another time."""
    by = starts_at - job.starts_at
    duty = [each.model_copy(update={"start": each.start + by, "end": each.end + by}) for each in job.duty]
    times = {name: getattr(job, name) + by for name in ("starts_at", "ends_at", "pickup_at", "dropoff_at")}
    return job.model_copy(update={**times, "duty": duty})
