"""The cycle limit: time on duty in 7 or 8 consecutive days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import pairwise

from coachway.hours.model import Cycle
from coachway.hours.timeline import ActivityKind, Interval, Timeline


def list_midnights(after: datetime, until: datetime, zone: tzinfo) -> list[datetime]:
    """List the midnights of a time zone in (after, until], in UTC."""
    day = after.astimezone(zone).date()
    result: list[datetime] = []
    while True:
        day += timedelta(days=1)
        midnight = datetime.combine(day, time(), zone).astimezone(UTC)
        if midnight > until:
            return result
        if midnight > after:
            result.append(midnight)


@dataclass(frozen=True, slots=True)
class CycleWindow:
    """The consecutive days before a time, and the time on duty in them.

    `home_zone` is the time zone of the driver's home terminal. Without it, days are periods of 24 hours.
    """

    timeline: Timeline
    cycle: Cycle
    home_zone: tzinfo | None
    restart: timedelta | None

    def start(self, at: datetime) -> datetime:
        """The start of the consecutive days that end with the day of `at`."""
        if self.home_zone is None:
            return at - timedelta(days=self.cycle.days)
        today = at.astimezone(self.home_zone).date()
        return datetime.combine(today - timedelta(days=self.cycle.days - 1), time(), self.home_zone).astimezone(UTC)

    def remaining(self, at: datetime) -> timedelta:
        """Remaining time on duty; negative if the limit is exceeded."""
        return self.cycle.limit - self._on_duty(max(self.start(at), self._last_restart(at)), at)

    def exceeded_parts(self, interval: Interval) -> Iterator[tuple[datetime, datetime]]:
        """The parts of a driving interval in which the time on duty exceeds the limit."""
        for start, end in pairwise(self._change_points(interval)):
            remaining = self.remaining(start)
            # Between two change points, the time on duty either grows with time, or stays the same because as much
            # time leaves the window as is added.
            is_growing = self.home_zone is not None or self.remaining(end) < remaining
            if remaining < timedelta() or (is_growing and remaining == timedelta()):
                yield start, end
            elif is_growing and start + remaining < end:
                yield start + remaining, end

    def _change_points(self, interval: Interval) -> list[datetime]:
        """The times in an interval at which the growth of the time on duty can change, including both ends."""
        if self.home_zone is not None:
            times = list_midnights(interval.start, interval.end, self.home_zone)
        else:
            span = timedelta(days=self.cycle.days)
            times = [edge + span for other in self.timeline.intervals for edge in (other.start, other.end)]
        return sorted({interval.start, interval.end, *(at for at in times if interval.start < at < interval.end)})

    def _last_restart(self, at: datetime) -> datetime:
        """The end of the last rest that is long enough to restart the cycle, or else the start of the record."""
        rests = (
            (interval.start, min(interval.end, at))
            for interval in self.timeline.intervals
            if interval.kind is ActivityKind.REST
        )
        restarts = (end for start, end in rests if self.restart is not None and end - start >= self.restart)
        return max(restarts, default=self.timeline.intervals[0].start)

    def _on_duty(self, since: datetime, until: datetime) -> timedelta:
        return sum(
            (
                min(interval.end, until) - max(interval.start, since)
                for interval in self.timeline.intervals
                if interval.kind is not ActivityKind.REST and interval.start < until and interval.end > since
            ),
            timedelta(),
        )
