"""Whether the same driver or vehicle can serve two duty blocks. Pure: no clock, no I/O.

Clashes are found between any two blocks, not only between neighbors, so that removing a block never causes a new
clash. Clashing is symmetric, and blocks that are at least `REACH` apart never clash.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from coachway.dispatch.assignments.rules import travel_time
from coachway.dispatch.diaries.model import DutyBlock


class ClashKind(StrEnum):
    """How two duty blocks clash."""

    OVERLAP = "overlap"
    TRAVEL = "travel_time"


class Clash(NamedTuple):
    """A duty block that clashes; `short_by` is the overlap, or the travel time that is missing between the two."""

    kind: ClashKind
    block: DutyBlock
    short_by: timedelta


def find_clash(block: DutyBlock, other: DutyBlock) -> Clash | None:
    """Return how two duty blocks clash, or None."""
    if block.starts_at < other.ends_at and other.starts_at < block.ends_at:
        return Clash(
            ClashKind.OVERLAP, other, min(block.ends_at, other.ends_at) - max(block.starts_at, other.starts_at)
        )
    first, second = (block, other) if block.starts_at < other.starts_at else (other, block)
    missing = travel_time(first.dropoff_place, second.pickup_place) - (second.pickup_at - first.dropoff_at)
    return Clash(ClashKind.TRAVEL, other, missing) if missing > timedelta() else None


def list_clashes(block: DutyBlock, blocks: Iterable[DutyBlock]) -> list[Clash]:
    """Every clash of a block, soonest first."""
    clashes = (find_clash(block, other) for other in blocks if other.assignment_id != block.assignment_id)
    return sorted((clash for clash in clashes if clash is not None), key=lambda clash: clash.block.starts_at)


def earliest_start_after(block: DutyBlock, clash: Clash) -> datetime:
    """The earliest start of `block` if it follows the block that it clashes with."""
    other = clash.block
    ready_at = (
        other.dropoff_at + travel_time(other.dropoff_place, block.pickup_place) - (block.pickup_at - block.starts_at)
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
    return block.model_copy(update={**times, "duty": duty})
