"""The days' total: time on duty in 7 or 8 consecutive days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import pairwise

from coachway.hours.model import Cycle
from coachway.hours.timeline import Kind, Piece, Timeline


def midnights(after: datetime, until: datetime, home: tzinfo) -> list[datetime]:
    """Every midnight at `home` in (after, until], in UTC."""
    day = after.astimezone(home).date()
    result: list[datetime] = []
    while True:
        day += timedelta(days=1)
        moment = datetime.combine(day, time(), home).astimezone(UTC)
        if moment > until:
            return result
        if moment > after:
            result.append(moment)


@dataclass(frozen=True, slots=True)
class Window:
    """The span whose time on duty counts at a given moment."""

    line: Timeline
    cycle: Cycle
    home: tzinfo | None
    restart: timedelta | None

    def opens(self, at: datetime) -> datetime:
        """The start of the first of the consecutive days that end with `at`'s."""
        if self.home is None:
            return at - timedelta(days=self.cycle.days)
        today = at.astimezone(self.home).date()
        return datetime.combine(today - timedelta(days=self.cycle.days - 1), time(), self.home).astimezone(UTC)

    def left(self, at: datetime) -> timedelta:
        """Time on duty left; negative when the limit is passed."""
        return self.cycle.limit - self._on_duty(max(self.opens(at), self._restarted(at)), at)

    def exceeded(self, piece: Piece) -> Iterator[tuple[datetime, datetime]]:
        """The parts of a piece of driving done with more than the limit on duty."""
        for start, end in pairwise(self._turns(piece)):
            remaining = self.left(start)
            # Between two turns the total grows with the clock or, where as much drops out as comes in, stands.
            grows = self.home is not None or self.left(end) < remaining
            if remaining < timedelta() or (grows and remaining == timedelta()):
                yield start, end
            elif grows and start + remaining < end:
                yield start + remaining, end

    def _turns(self, piece: Piece) -> list[datetime]:
        """Moments in `piece` at which the total may begin to grow differently, its two ends included."""
        if self.home is not None:
            inside = midnights(piece.start, piece.end, self.home)
        else:
            span = timedelta(days=self.cycle.days)
            inside = [edge + span for other in self.line.pieces for edge in (other.start, other.end)]
        return sorted({piece.start, piece.end, *(turn for turn in inside if piece.start < turn < piece.end)})

    def _restarted(self, at: datetime) -> datetime:
        """The end of the last rest long enough to begin the count anew; the record's start without one."""
        ends = (
            min(piece.end, at)
            for piece in self.line.pieces
            if self.restart is not None and piece.kind is Kind.REST and min(piece.end, at) - piece.start >= self.restart
        )
        return max(ends, default=self.line.pieces[0].start)

    def _on_duty(self, since: datetime, until: datetime) -> timedelta:
        return sum(
            (
                min(piece.end, until) - max(piece.start, since)
                for piece in self.line.pieces
                if piece.kind is not Kind.REST and piece.start < until and piece.end > since
            ),
            timedelta(),
        )
