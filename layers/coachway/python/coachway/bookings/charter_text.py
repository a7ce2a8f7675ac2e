"""A charter in words that its people read: stops with their local times, price lines, terms. Nothing here decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from coachway.bookings.charters.cancellation_policy import TIERS, Tier
from coachway.bookings.charters.model import Charter, Stop, StopType, TripType
from coachway.core.documents.branding import Brand
from coachway.core.documents.formatting import Formatter, humanized, vehicles
from coachway.identity.model.organization import Organization
from coachway.pricing.quote_model import Line

TRIP_TYPE_NAMES: Final = {
    TripType.ONE_WAY: "One-way",
    TripType.ROUND_TRIP: "Round trip",
    TripType.MULTI_DAY: "Multi-day",
}
STOP_TYPE_NAMES: Final = {StopType.PICKUP: "Pickup", StopType.DROPOFF: "Drop-off", StopType.WAYPOINT: "Stop"}

_PER_MILE_KINDS: Final = frozenset({"mileage_rate", "deadhead_rate", "fuel_surcharge"})
_PERCENT_KINDS: Final = frozenset(
    {"time_multiplier", "seasonal", "tax", "vehicle_specific", "client_specific", "promo"}
)


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class TimeText:
    """`Departs`, `9:00 AM EST`, and the day where it differs from the time before."""

    label: str
    value: str
    day: str = ""


@dataclass(frozen=True, slots=True)
class StopText:
    kind: str
    address: str
    times: Sequence[TimeText]


@dataclass(frozen=True, slots=True)
class LineText:
    label: str
    detail: str
    amount: str


def brand_of(organization: Organization) -> Brand:
    """How an organization shows itself."""
    branding = organization.branding
    return Brand(
        name=organization.shown_as,
        color=branding.color,
        logo_url=branding.logo_url or "",
        email=branding.email or "",
        phone=branding.phone or "",
        address=branding.address or "",
    )


def formatter_of(organization: Organization) -> Formatter:
    """Its time zone and currency."""
    return Formatter(timezone=organization.timezone, currency=organization.currency)


def describe_stops(those: Iterable[Stop], wording: Formatter) -> list[StopText]:
    """Every stop on its own clock; a day is said once, until it changes."""
    result, said = [], ""
    for stop in those:
        times = []
        for label, moment in (("Arrives", stop.estimated_arrival), ("Departs", stop.estimated_departure)):
            if moment is None:
                continue
            zone = stop.timezone or ""
            day = wording.day(moment, zone)
            clock = f"{wording.clock(moment, zone)} {wording.zone(moment, zone)}"
            times.append(TimeText(label, clock, day if day != said else ""))
            said = day
        result.append(StopText(STOP_TYPE_NAMES[stop.stop_type], stop.address, times))
    return result


def describe_route(those: Sequence[Stop]) -> str:
    """`New York, NY → Atlantic City, NJ`."""
    return f"{_place(those[0].address)} → {_place(those[-1].address)}"


def _place(address: str) -> str:
    parts = [part.strip() for part in address.split(",") if part.strip()]
    return ", ".join(parts[-2:]) or address


def describe_lines(those: Iterable[Line], wording: Formatter) -> list[LineText]:
    """Price lines, with what each is made of where that is not plain."""
    return [LineText(line.label, _detail(line, wording), wording.money(line.amount)) for line in those]


def _detail(line: Line, wording: Formatter) -> str:
    unit = wording.money(abs(line.unit_amount))
    if line.kind in _PER_MILE_KINDS:
        return f"{wording.number(line.quantity)} miles × {unit}"
    if line.kind == "hourly_rate":
        return f"{wording.number(line.quantity)} hours × {unit}"
    if line.quantity == 1:
        return ""
    if line.kind in _PERCENT_KINDS:
        return f"{wording.percent(abs(line.quantity))} of {unit}"
    return f"{wording.number(line.quantity)} × {unit}"


def describe_days(charter: Charter, wording: Formatter) -> str:
    """The day of the trip, or the first and the last: `Wednesday, March 3, 2027 to Friday, March 5, 2027`."""
    first, last = wording.day(charter.starts_at, charter.timezone), wording.day(charter.ends_at, charter.timezone)
    return first if first == last else f"{first} to {last}"


def describe_trip(charter: Charter) -> list[Fact]:
    """What the client asked for."""
    count = charter.vehicle_count
    found = [
        Fact("Trip", TRIP_TYPE_NAMES[charter.trip_type]),
        Fact("Vehicle" if count == 1 else "Vehicles", vehicles(count, charter.vehicle_class)),
        Fact("Passengers", str(charter.passengers)),
    ]
    if charter.amenities:
        found.append(Fact("Amenities", ", ".join(amenity_names(charter))))
    if charter.requires_second_driver:
        found.append(Fact("Drivers", "Two"))
    return found


def describe_crews(charter: Charter) -> list[Fact]:
    """Who comes with what, for each vehicle that has its driver: `Coach 12`, `Rosa Delgado and Emil Sand`."""
    many = charter.vehicle_count > 1
    return [
        Fact(
            f"Vehicle {cover.vehicle}: {cover.vehicle_name}" if many else cover.vehicle_name,
            " and ".join(cover.driver_names),
        )
        for cover in charter.vehicles
        if cover.vehicle_name and cover.driver_names
    ]


def amenity_names(charter: Charter) -> list[str]:
    """What was ordered: by the names of the price list; by their codes when not every one is on it."""
    listed = [line.label for line in charter.quote.lines if line.kind == "amenity"]
    return listed if len(listed) == len(charter.amenities) else [humanized(code) for code in charter.amenities]


def cancellation_terms(tiers: Sequence[Tier] = TIERS) -> list[str]:
    """What a cancellation gives back, longest notice first."""
    said, above = [], 0
    for tier in sorted(tiers, reverse=True):
        if not above:
            when = f"{tier.hours} hours or more before the first pickup"
        elif tier.hours:
            when = f"{tier.hours} to {above} hours before"
        else:
            when = f"Less than {above} hours before"
        back = f"we refund {tier.percent}% of what you paid" if tier.percent else "no refund"
        said.append(f"{when}: {back}")
        above = tier.hours
    return said
