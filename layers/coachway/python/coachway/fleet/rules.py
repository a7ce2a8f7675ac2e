"""Rules on the availability of drivers, and on who may drive which vehicle. Pure: no clock, no I/O."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from coachway.fleet.availability import Availability
from coachway.fleet.model import Driver, DriverStatus, Vehicle, VehicleStatus
from coachway.pricing.rule_model import WEEKDAYS

CDL_SEATS: Final = 16
"""A vehicle with this many seats, including the driver's, needs a commercial license: 49 CFR 383.5, Group C."""
HEAVY_POUNDS: Final = 26_001
"""A vehicle with this weight rating needs a class B license: 49 CFR 383.5 and 383.91(a)(2), Group B."""
_DRIVES: Final = {"A": "ABC", "B": "BC", "C": "C"}
"""The groups of vehicles that each license class covers: 49 CFR 383.91(c)."""


class Span(NamedTuple):
    """A half-open interval in UTC."""

    start: datetime
    end: datetime


def unavailability_reason(availability: Availability, timezone: str, start: datetime, end: datetime) -> str | None:
    """Why a driver is not available from `start` to `end`, or None. `timezone` is the driver's."""
    zone = ZoneInfo(timezone)
    requested = Span(start.astimezone(UTC), end.astimezone(UTC))
    for each in sorted(availability.exceptions, key=lambda each: each.starts_at):
        if not each.available and each.starts_at < requested.end and requested.start < each.ends_at:
            reason = f": {each.reason}" if each.reason else ""
            period = f"{_format_local_time(each.starts_at, zone)} to {_format_local_time(each.ends_at, zone)}"
            return f"is not available from {period}{reason}"
    gap = next(_gaps([requested], list_available_spans(availability, timezone, *requested)), None)
    if gap is None:
        return None
    return f"does not work from {_format_local_time(gap.start, zone)} to {_format_local_time(gap.end, zone)}"


def list_available_spans(availability: Availability, timezone: str, start: datetime, end: datetime) -> list[Span]:
    """The intervals between `start` and `end` in which a driver is available, in order, without overlap."""
    zone = ZoneInfo(timezone)
    bounds = Span(start.astimezone(UTC), end.astimezone(UTC))
    if bounds.end <= bounds.start:
        return []
    spans = list(_weekly_spans(availability, zone, bounds)) if availability.weekly else [bounds]
    spans += [_utc_span(each.starts_at, each.ends_at) for each in availability.exceptions if each.available]
    absences = [_utc_span(each.starts_at, each.ends_at) for each in availability.exceptions if not each.available]
    clipped = [Span(max(each.start, bounds.start), min(each.end, bounds.end)) for each in spans]
    return list(_gaps(merge_spans(each for each in clipped if each.start < each.end), absences))


def _weekly_spans(availability: Availability, zone: ZoneInfo, bounds: Span) -> Iterator[Span]:
    """The weekly hours that overlap `bounds`, day by day in the driver's time zone."""
    day = bounds.start.astimezone(zone).date() - timedelta(days=1)
    while day <= bounds.end.astimezone(zone).date():
        for each in availability.weekly:
            if WEEKDAYS[day.weekday()] == each.weekday:
                last = day if each.start_time < each.end_time else day + timedelta(days=1)
                yield Span(_at(day, each.start_time, zone), _at(last, each.end_time, zone))
        day += timedelta(days=1)


def _at(day: date, moment: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, moment, tzinfo=zone).astimezone(UTC)


def _utc_span(start: datetime, end: datetime) -> Span:
    return Span(start.astimezone(UTC), end.astimezone(UTC))


def merge_spans(spans: Iterable[Span]) -> list[Span]:
    """Merge overlapping spans; return them in order."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def subtract_spans(spans: Sequence[Span], absences: Sequence[Span]) -> list[Span]:
    """The parts of `spans`, which are in order, that no absence covers."""
    return list(_gaps(spans, absences))


def _gaps(spans: Sequence[Span], absences: Sequence[Span]) -> Iterator[Span]:
    """The parts of `spans`, which are in order, that no absence covers."""
    merged = merge_spans(absences)
    for span in spans:
        position = span.start
        for absence in merged:
            if absence.end <= position or span.end <= absence.start:
                continue
            if position < absence.start:
                yield Span(position, absence.start)
            position = max(position, absence.end)
        if position < span.end:
            yield Span(position, span.end)


def _format_local_time(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}"


def license_reason(driver: Driver, vehicle: Vehicle, day: date | None = None) -> str | None:
    """Why a driver may not drive a vehicle, or None. With `day`, also checks that the license is valid on that day.

    49 CFR 383.5 (groups of vehicles), 383.91 (classes), 383.93(b)(2) (the passenger endorsement).
    """
    if day is not None and driver.license_expires < day:
        return f"has a license that expires on {driver.license_expires.isoformat()}"
    carries_many = vehicle.capacity + 1 >= CDL_SEATS
    heavy = carries_many if vehicle.gross_weight_pounds is None else vehicle.gross_weight_pounds >= HEAVY_POUNDS
    if heavy and "B" not in _DRIVES[driver.license_class]:
        return (
            f"has a license of class {driver.license_class}; {vehicle.name}, with {vehicle.capacity} seats, "
            "needs class B or A (49 CFR 383.91)"
        )
    if carries_many and "P" not in driver.endorsements:
        return f"has no passenger endorsement (P), which {vehicle.capacity} seats need (49 CFR 383.93)"
    return None


def driver_status_reason(driver: Driver) -> str | None:
    """Why a driver's status rules out work, or None."""
    return None if driver.status is DriverStatus.ACTIVE else f"is {driver.status.replace('_', ' ')}"


def vehicle_status_reason(vehicle: Vehicle) -> str | None:
    """Why a vehicle's status rules out work, or None."""
    if vehicle.status is VehicleStatus.IN_SERVICE:
        return None
    preposition = "in " if vehicle.status is VehicleStatus.MAINTENANCE else ""
    return f"is {preposition}{vehicle.status.replace('_', ' ')}"
