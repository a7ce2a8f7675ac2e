"""When a driver may be had, and who may drive what. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from coachway.fleet.model import Availability, Driver, DriverStatus, Vehicle, VehicleStatus
from coachway.pricing.rule_model import WEEKDAYS

CDL_SEATS: Final = 16
"""A vehicle designed for so many, the driver among them, needs a commercial license: 49 CFR 383.5, Group C."""
HEAVY_POUNDS: Final = 26_001
"""A vehicle rated for so much needs one of class B: 49 CFR 383.5 and 383.91(a)(2), Group B."""
_DRIVES: Final = {"A": "ABC", "B": "BC", "C": "C"}
"""Which groups of vehicles a license is good for: 49 CFR 383.91(c)."""


class Span(NamedTuple):
    """A half-open time, in UTC."""

    start: datetime
    end: datetime


def unavailability_reason(availability: Availability, timezone: str, start: datetime, end: datetime) -> str | None:
    """Why a driver cannot be had from `start` up to `end`, or None. `timezone` is the driver's."""
    zone = ZoneInfo(timezone)
    requested = Span(start.astimezone(UTC), end.astimezone(UTC))
    for each in sorted(availability.exceptions, key=lambda each: each.starts_at):
        if not each.available and each.starts_at < requested.end and requested.start < each.ends_at:
            why = f": {each.reason}" if each.reason else ""
            return (
                f"is not available from {_reason_text(each.starts_at, zone)} to {_reason_text(each.ends_at, zone)}{why}"
            )
    gap = next(_gaps([requested], available_spans(availability, timezone, *requested)), None)
    if gap is None:
        return None
    return f"does not work from {_reason_text(gap.start, zone)} to {_reason_text(gap.end, zone)}"


def available_spans(availability: Availability, timezone: str, start: datetime, end: datetime) -> list[Span]:
    """When a driver may be had between `start` and `end`, in order, without overlap."""
    zone = ZoneInfo(timezone)
    bounds = Span(start.astimezone(UTC), end.astimezone(UTC))
    if bounds.end <= bounds.start:
        return []
    spans = list(_worked(availability, zone, bounds)) if availability.weekly else [bounds]
    spans += [_utc(each.starts_at, each.ends_at) for each in availability.exceptions if each.available]
    taken = [_utc(each.starts_at, each.ends_at) for each in availability.exceptions if not each.available]
    clipped = [Span(max(each.start, bounds.start), min(each.end, bounds.end)) for each in spans]
    return list(_gaps(_merge_spans(each for each in clipped if each.start < each.end), taken))


def _worked(availability: Availability, zone: ZoneInfo, bounds: Span) -> Iterator[Span]:
    """The weekly hours that touch `bounds`, day by day on the driver's clock."""
    day = bounds.start.astimezone(zone).date() - timedelta(days=1)
    while day <= bounds.end.astimezone(zone).date():
        for each in availability.weekly:
            if WEEKDAYS[day.weekday()] == each.weekday:
                last = day if each.start_time < each.end_time else day + timedelta(days=1)
                yield Span(_at(day, each.start_time, zone), _at(last, each.end_time, zone))
        day += timedelta(days=1)


def _at(day: date, moment: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, moment, tzinfo=zone).astimezone(UTC)


def _utc(start: datetime, end: datetime) -> Span:
    return Span(start.astimezone(UTC), end.astimezone(UTC))


def _merge_spans(spans: Iterable[Span]) -> list[Span]:
    """The same time without overlap, in order."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def _gaps(spans: Sequence[Span], taken: Sequence[Span]) -> Iterator[Span]:
    """What is left of `spans`, which are in order, when `taken` is taken away."""
    away = _merge_spans(taken)
    for span in spans:
        at = span.start
        for each in away:
            if each.end <= at or span.end <= each.start:
                continue
            if at < each.start:
                yield Span(at, each.start)
            at = max(at, each.end)
        if at < span.end:
            yield Span(at, span.end)


def _reason_text(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}"


def license_problem(driver: Driver, vehicle: Vehicle, bidding: date | None = None) -> str | None:
    """Why a driver may not drive a vehicle, or None; with `on`, also whether the license has run out by that day.

    49 CFR 383.5 (groups of vehicles), 383.91 (classes), 383.93(b)(2) (the passenger endorsement).
    """
    if bidding is not None and driver.license_expires < bidding:
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
    """Why a driver's status keeps work from them, or None."""
    return None if driver.status is DriverStatus.ACTIVE else f"is {driver.status.replace('_', ' ')}"


def vehicle_status_reason(vehicle: Vehicle) -> str | None:
    """Why a vehicle's status keeps work from it, or None."""
    if vehicle.status is VehicleStatus.IN_SERVICE:
        return None
    within = "in " if vehicle.status is VehicleStatus.MAINTENANCE else ""
    return f"is {within}{vehicle.status.replace('_', ' ')}"
