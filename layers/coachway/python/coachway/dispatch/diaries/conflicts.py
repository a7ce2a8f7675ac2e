"""Whether the same driver or vehicle can serve two duty blocks. Pure: no clock, no I/O.

Any two blocks are compared, not only neighbors, so that removing a block never causes a new conflict. Conflicts are
symmetric, and blocks that are at least `REACH` apart never conflict.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from coachway.dispatch.assignments.rules import estimate_travel_time
from coachway.dispatch.diaries.model import DutyBlock


class ConflictKind(StrEnum):
    """How two duty blocks conflict."""

    OVERLAP = "overlap"
    TRAVEL = "travel_time"


class ScheduleConflict(NamedTuple):
    """A duty block that conflicts; `short_by` is the overlap, or the travel time that is missing between the two."""

    kind: ConflictKind
    block: DutyBlock
    short_by: timedelta


def find_conflict(block: DutyBlock, other: DutyBlock) -> ScheduleConflict | None:
    """Return how two duty blocks conflict, or None."""
    if block.starts_at < other.ends_at and other.starts_at < block.ends_at:
        return ScheduleConflict(
            ConflictKind.OVERLAP, other, min(block.ends_at, other.ends_at) - max(block.starts_at, other.starts_at)
        )
    first, second = (block, other) if block.starts_at < other.starts_at else (other, block)
    missing = estimate_travel_time(first.dropoff_place, second.pickup_place) - (second.pickup_at - first.dropoff_at)
    return ScheduleConflict(ConflictKind.TRAVEL, other, missing) if missing > timedelta() else None


def list_conflicts(block: DutyBlock, blocks: Iterable[DutyBlock]) -> list[ScheduleConflict]:
    """List the conflicts of a block, soonest first."""
    conflicts = (find_conflict(block, other) for other in blocks if other.assignment_id != block.assignment_id)
    return sorted(
        (conflict for conflict in conflicts if conflict is not None), key=lambda conflict: conflict.block.starts_at
    )


def find_earliest_start_after(block: DutyBlock, conflict: ScheduleConflict) -> datetime:
    """The earliest start of `block` if it follows the block that it conflicts with."""
    other = conflict.block
    ready_at = (
        other.dropoff_at
        + estimate_travel_time(other.dropoff_place, block.pickup_place)
        - (block.pickup_at - block.starts_at)
    )
    return max(other.ends_at, ready_at)


def move_block(block: DutyBlock, starts_at: datetime) -> DutyBlock:
    """Return the block moved to another start time."""
    shift = starts_at - block.starts_at
    duty = [
        segment.model_copy(update={"start": segment.start + shift, "end": segment.end + shift})
        for segment in block.duty
    ]
    times = {name: getattr(block, name) + shift for name in ("starts_at", "ends_at", "pickup_at", "dropoff_at")}
    leaves_at = block.leaves_at and block.leaves_at + shift
    return block.model_copy(update={**times, "leaves_at": leaves_at, "duty": duty})
