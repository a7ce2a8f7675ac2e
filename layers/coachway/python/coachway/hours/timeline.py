"""A driver's record as a timeline of intervals, in order and without overlap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import pairwise

from coachway.core import errors
from coachway.hours.model import DutyStatus, Segment


class ActivityKind(Enum):
    """How a duty status counts toward the limits."""

    REST = "rest"
    DUTY = "duty"
    DRIVE = "drive"


@dataclass(frozen=True, slots=True)
class Interval:
    """A time of one kind of activity; adjacent intervals differ in kind."""

    start: datetime
    end: datetime
    kind: ActivityKind

    @property
    def length(self) -> timedelta:
        """Elapsed time."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Timeline:
    """Intervals without gaps: gaps in the record count as rest. The record is complete from `complete_from` on."""

    intervals: tuple[Interval, ...]
    complete_from: datetime

    @property
    def end(self) -> datetime:
        """The end of the record."""
        return self.intervals[-1].end


def sort_segments(segments: Iterable[Segment], field: str) -> list[Segment]:
    """Sort segments by start. Raises Invalid if two overlap."""
    ordered = sorted(segments, key=lambda segment: segment.start)
    for index, (first, second) in enumerate(pairwise(ordered)):
        if second.start < first.end:
            raise errors.Invalid.field(
                f"{field}.{index + 1}",
                f"{second.status} from {second.start.isoformat()} overlaps {first.status} until "
                f"{first.end.isoformat()}",
            )
    return ordered


def build_timeline(segments: Sequence[Segment], full_rest: timedelta) -> Timeline:
    """Build the timeline of sorted segments. Gaps count as rest, which can only understate violations."""
    complete_from = segments[0].start
    reversed_intervals: list[Interval] = []
    rest_after = timedelta()
    next_start: datetime | None = None
    for segment in reversed(segments):
        if next_start is not None and segment.end < next_start:
            complete_from = max(complete_from, next_start)
            rest_after += next_start - segment.end
            _prepend(reversed_intervals, Interval(segment.end, next_start, ActivityKind.REST))
        is_rest = segment.status.is_rest or (segment.riding and rest_after >= full_rest)
        rest_after = rest_after + segment.length if is_rest else timedelta()
        _prepend(reversed_intervals, Interval(segment.start, segment.end, _activity_kind(segment, is_rest=is_rest)))
        next_start = segment.start
    return Timeline(tuple(reversed(reversed_intervals)), complete_from)


def _activity_kind(segment: Segment, *, is_rest: bool) -> ActivityKind:
    if is_rest:
        return ActivityKind.REST
    return ActivityKind.DRIVE if segment.status is DutyStatus.DRIVING else ActivityKind.DUTY


def _prepend(reversed_intervals: list[Interval], interval: Interval) -> None:
    """Add an earlier interval, merging it with the next one if both are of the same kind."""
    if reversed_intervals and reversed_intervals[-1].kind is interval.kind:
        reversed_intervals[-1] = Interval(interval.start, reversed_intervals[-1].end, interval.kind)
    else:
        reversed_intervals.append(interval)
