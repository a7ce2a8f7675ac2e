"""How the time of a vehicle is used: booked, down, held or free. Pure: no clock, no I/O.

Each moment counts once: a vehicle that runs a trip is booked, even if it is down later on that day or held as well.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from coachway.dispatch.diaries.model import DowntimeBlock, DutyBlock
from coachway.fleet.rules import Span, merge_spans, subtract_spans


class VehicleTime(NamedTuple):
    """The four parts of a span of time."""

    booked: timedelta = timedelta()
    down: timedelta = timedelta()
    held: timedelta = timedelta()
    free: timedelta = timedelta()

    @property
    def total(self) -> timedelta:
        """The length of the span."""
        return self.booked + self.down + self.held + self.free


def divide_time(
    span: Span,
    blocks: Iterable[DutyBlock],
    downtimes: Iterable[DowntimeBlock],
    holds: Iterable[DutyBlock],
    *,
    is_out_of_service: bool = False,
) -> VehicleTime:
    """Divide a span into the time that is booked, down, held and free. Out of service, all but booked time is down."""
    booked = _clip(blocks, span)
    down = subtract_spans([span] if is_out_of_service else _clip(downtimes, span), booked)
    held = subtract_spans(_clip(holds, span), [*booked, *down])
    free = subtract_spans([span], [*booked, *down, *held])
    return VehicleTime(*(_total_length(spans) for spans in (booked, down, held, free)))


def sum_times(times: Iterable[VehicleTime]) -> VehicleTime:
    """Add up the parts."""
    total = VehicleTime()
    for item in times:
        total = VehicleTime(*(one + other for one, other in zip(total, item, strict=True)))
    return total


def list_local_days(first: date, last: date, timezone: str) -> Iterator[tuple[date, Span]]:
    """Yield each day with its span from midnight to midnight. Days on which the clocks change have 23 or 25 hours."""
    zone = ZoneInfo(timezone)
    midnight = datetime.combine(first, time(), zone).astimezone(UTC)
    for count in range((last - first).days + 1):
        day = first + timedelta(days=count)
        next_midnight = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        yield day, Span(midnight, next_midnight)
        midnight = next_midnight


def _clip(blocks: Iterable[DutyBlock | DowntimeBlock], span: Span) -> list[Span]:
    clipped = (Span(max(block.starts_at, span.start), min(block.ends_at, span.end)) for block in blocks)
    return merge_spans(each for each in clipped if each.start < each.end)


def _total_length(spans: Sequence[Span]) -> timedelta:
    return sum((span.end - span.start for span in spans), timedelta())
