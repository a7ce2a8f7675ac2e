"""A driver's record as one line of time: in order, without overlap, its holes known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import pairwise

from coachway.core import errors
from coachway.hours.model import Segment, Status


class Kind(Enum):
    """What the limits see of a status."""

    REST = "rest"
    DUTY = "duty"
    DRIVE = "drive"


@dataclass(frozen=True, slots=True)
class Piece:
    """One kind of time; neighbours always differ in kind."""

    start: datetime
    end: datetime
    kind: Kind

    @property
    def length(self) -> timedelta:
        """Elapsed time."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Timeline:
    """`pieces` without holes, each hole read as rest; `known_from` is the end of the last hole."""

    pieces: tuple[Piece, ...]
    known_from: datetime

    @property
    def end(self) -> datetime:
        """Where the record ends."""
        return self.pieces[-1].end


def in_order(segments: Iterable[Segment], field: str) -> list[Segment]:
    """Sorted by start. Raises Invalid when two overlap."""
    ordered = sorted(segments, key=lambda segment: segment.start)
    for index, (one, two) in enumerate(pairwise(ordered)):
        if two.start < one.end:
            raise errors.Invalid.field(
                f"{field}.{index + 1}",
                f"{two.status} from {two.start.isoformat()} overlaps {one.status} until {one.end.isoformat()}",
            )
    return ordered


def timeline(segments: Sequence[Segment], full_rest: timedelta) -> Timeline:
    """One line of time from segments that are in order. Holes become rest: the kindest reading."""
    known_from = segments[0].start
    backwards: list[Piece] = []
    rest_after = timedelta()
    following: datetime | None = None
    for segment in reversed(segments):
        if following is not None and segment.end < following:
            known_from = max(known_from, following)
            rest_after += following - segment.end
            _prepend(backwards, Piece(segment.end, following, Kind.REST))
        rested = segment.status.is_rest or (segment.riding and rest_after >= full_rest)
        rest_after = rest_after + segment.length if rested else timedelta()
        kind = Kind.REST if rested else Kind.DRIVE if segment.status is Status.DRIVING else Kind.DUTY
        _prepend(backwards, Piece(segment.start, segment.end, kind))
        following = segment.start
    return Timeline(tuple(reversed(backwards)), known_from)


def _prepend(backwards: list[Piece], piece: Piece) -> None:
    if backwards and backwards[-1].kind is piece.kind:
        backwards[-1] = Piece(piece.start, backwards[-1].end, piece.kind)
    else:
        backwards.append(piece)
