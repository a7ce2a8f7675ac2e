"""When a vehicle is down, and what prevents a downtime. Pure: no clock, no I/O."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from coachway.dispatch.diaries.model import DowntimeBlock, DutyBlock
from coachway.fleet.rules import Span

MAX_DAYS: Final = timedelta(days=180)
"""The longest downtime. A vehicle that is away for longer is out of service, or gets another downtime."""


def range_reason(first_day: date, last_day: date, today: date) -> str | None:
    """Why these days cannot be a downtime, or None. A vehicle that is back today was down until yesterday."""
    if last_day < first_day:
        return "must not be before first_day"
    if last_day - first_day >= MAX_DAYS:
        return f"the downtime is at most {MAX_DAYS.days} days; set the vehicle's status to out_of_service instead"
    return "must not be before yesterday" if last_day < today - timedelta(days=1) else None


def list_blocking_trips(span: Span, blocks: Iterable[DutyBlock], now: datetime) -> list[DutyBlock]:
    """List the trips that prevent a downtime: those that overlap it and are not over."""
    return [block for block in blocks if block.starts_at < span.end and max(span.start, now) < block.ends_at]


def list_overlapping_downtimes(span: Span, downtimes: Iterable[DowntimeBlock], downtime_id: str) -> list[DowntimeBlock]:
    """List the other downtimes that overlap a span."""
    return [
        downtime
        for downtime in downtimes
        if downtime.downtime_id != downtime_id and downtime.starts_at < span.end and span.start < downtime.ends_at
    ]
