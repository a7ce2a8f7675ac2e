"""The booked share of the available time of drivers and vehicles. Pure: no clock, no I/O."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field

from coachway.core.schemas import BaseSchema
from coachway.core.types.durations import round_hours
from coachway.dispatch.diaries.model import DowntimeBlock, DutyBlock
from coachway.fleet import rules
from coachway.fleet.model import Driver, Vehicle
from coachway.fleet.rules import Span


class BookedTime(NamedTuple):
    """Booked time, and time available for booking."""

    booked: timedelta = timedelta()
    available: timedelta = timedelta()


class Utilization(BaseSchema):
    """Booked hours and available hours."""

    hours_booked: float
    hours_available: float
    utilization_percentage: Annotated[float | None, Field(description="Null when no hours are available.")]


def build_date_span(first: date, last: date, timezone: str) -> Span:
    """From midnight at the start of `first` to midnight at the end of `last`, in a time zone."""
    zone = ZoneInfo(timezone)
    start = datetime.combine(first, time(), zone)
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    return Span(start.astimezone(UTC), end.astimezone(UTC))


def select_blocks(blocks: Iterable[DutyBlock], span: Span) -> list[DutyBlock]:
    """The duty blocks that overlap a span, soonest first."""
    overlapping = (block for block in blocks if block.starts_at < span.end and span.start < block.ends_at)
    return sorted(overlapping, key=lambda block: (block.starts_at, block.assignment_id))


def select_downtimes(downtimes: Iterable[DowntimeBlock], span: Span) -> list[DowntimeBlock]:
    """The downtimes that overlap a span, soonest first."""
    return [downtime for downtime in downtimes if downtime.starts_at < span.end and span.start < downtime.ends_at]


def calculate_driver_time(driver: Driver, blocks: Sequence[DutyBlock], span: Span) -> BookedTime:
    """The booked and available time of a driver. Drivers who may not work have no available time."""
    spans = (
        []
        if rules.driver_status_reason(driver)
        else rules.list_available_spans(driver.availability, driver.timezone, *span)
    )
    return BookedTime(_booked_length(blocks, span), _total_length(spans))


def calculate_vehicle_time(
    vehicle: Vehicle, blocks: Sequence[DutyBlock], downtimes: Iterable[DowntimeBlock], span: Span
) -> BookedTime:
    """The booked and available time of a vehicle. Vehicles that are down or out of service have no available time."""
    if rules.vehicle_status_reason(vehicle):
        return BookedTime(_booked_length(blocks, span))
    down = [Span(downtime.starts_at, downtime.ends_at) for downtime in select_downtimes(downtimes, span)]
    return BookedTime(_booked_length(blocks, span), _total_length(rules.subtract_spans([span], down)))


def list_unavailable_spans(driver: Driver, span: Span) -> list[Span]:
    """The parts of a span in which a driver is unavailable."""
    gaps, position = list[Span](), span.start
    for open_span in rules.list_available_spans(driver.availability, driver.timezone, *span):
        if position < open_span.start:
            gaps.append(Span(position, open_span.start))
        position = open_span.end
    return [*gaps, *([Span(position, span.end)] if position < span.end else [])]


def sum_booked(times: Iterable[BookedTime]) -> BookedTime:
    """Add up booked and available times."""
    total = BookedTime()
    for item in times:
        total = BookedTime(total.booked + item.booked, total.available + item.available)
    return total


def build_utilization(booked: BookedTime) -> Utilization:
    """Convert to hours and percent for the API."""
    percent = round(100 * (booked.booked / booked.available), 1) if booked.available else None
    return Utilization(
        hours_booked=round_hours(booked.booked),
        hours_available=round_hours(booked.available),
        utilization_percentage=percent,
    )


def _booked_length(blocks: Sequence[DutyBlock], span: Span) -> timedelta:
    return _total_length(
        Span(max(block.starts_at, span.start), min(block.ends_at, span.end)) for block in select_blocks(blocks, span)
    )


def _total_length(spans: Iterable[Span]) -> timedelta:
    return sum((span.end - span.start for span in spans), timedelta())
