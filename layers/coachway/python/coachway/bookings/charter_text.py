"""Texts about a charter for pages and PDFs: stops with local times, price lines, terms."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.trip_model import Stop, StopType, TripType
from coachway.core.documents.formatting import Formatter
from coachway.core.trip_vehicles import describe_vehicles
from coachway.core.types.code_words import humanize
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
    {"time_multiplier", "seasonal", "tax", "vehicle_specific", "client_specific", "promo", "discount"}
)


@dataclass(frozen=True, slots=True)
class LabeledValue:
    """A label and a value, such as `Passengers` and `40`."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class TimeText:
    """`Departs`, `9:00 AM EST`, and the day if it differs from the day of the previous time."""

    label: str
    value: str
    day: str = ""


@dataclass(frozen=True, slots=True)
class StopText:
    """A stop as text."""

    kind: str
    address: str
    times: Sequence[TimeText]


@dataclass(frozen=True, slots=True)
class LineText:
    """A price line as text. `detail` is the quantity and unit price."""

    label: str
    detail: str
    amount: str


def build_formatter(organization: Organization) -> Formatter:
    """A formatter for the organization's time zone and currency."""
    return Formatter(timezone=organization.timezone, currency=organization.currency)


def describe_stops(stops: Iterable[Stop], formatter: Formatter) -> list[StopText]:
    """The stops with local times; a day is shown only when it changes."""
    result, shown_day = [], ""
    for stop in stops:
        zone, times = stop.timezone or "", []
        for label, moment in list_distinct_times(stop.stop_type, stop.estimated_arrival, stop.estimated_departure):
            day = formatter.day(moment, zone)
            clock = f"{formatter.clock(moment, zone)} {formatter.zone(moment, zone)}"
            times.append(TimeText(label, clock, day if day != shown_day else ""))
            shown_day = day
        result.append(StopText(STOP_TYPE_NAMES[stop.stop_type], stop.address, times))
    return result


def list_distinct_times(
    stop_type: StopType, arrival: datetime | None, departure: datetime | None
) -> list[tuple[str, datetime]]:
    """The planned times of a stop with their labels: one if the vehicle leaves in the minute in which it arrives."""
    times = [("Arrives", arrival), ("Departs", departure)]
    if arrival is not None and departure is not None and _to_minute(arrival) == _to_minute(departure):
        times = times[1:] if stop_type is StopType.PICKUP else times[:1]
    return [(label, moment) for label, moment in times if moment is not None]


def _to_minute(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def describe_route(stops: Sequence[Stop]) -> str:
    """The first and the last stop: `New York, NY → Atlantic City, NJ`."""
    return f"{_short_address(stops[0].address)} → {_short_address(stops[-1].address)}"


def _short_address(address: str) -> str:
    parts = [part.strip() for part in address.split(",") if part.strip()]
    return ", ".join(parts[-2:]) or address


def describe_lines(lines: Iterable[Line], formatter: Formatter) -> list[LineText]:
    """Price lines, with quantity and unit price where the amount does not show them."""
    return [
        LineText(line.public_label, _describe_quantity(line, formatter), formatter.money(line.amount)) for line in lines
    ]


def _describe_quantity(line: Line, formatter: Formatter) -> str:
    unit = formatter.money(abs(line.unit_amount))
    if line.quantity in (0, 1):
        return ""
    if line.kind in _PER_MILE_KINDS:
        return f"{formatter.number(line.quantity)} miles × {unit}"
    if line.kind == "hourly_rate":
        return f"{formatter.number(line.quantity)} hours × {unit}"
    if line.kind in _PERCENT_KINDS:
        return f"{formatter.percent(abs(line.quantity))} of {unit}"
    return f"{formatter.number(line.quantity)} × {unit}"


def describe_days(charter: Charter, formatter: Formatter) -> str:
    """The day of the trip, or its first and last: `Wednesday, March 3, 2027 to Friday, March 5, 2027`."""
    first, last = formatter.day(charter.starts_at, charter.timezone), formatter.day(charter.ends_at, charter.timezone)
    return first if first == last else f"{first} to {last}"


def describe_trip(charter: Charter) -> list[LabeledValue]:
    """Trip type, vehicles, passengers, amenities and drivers."""
    count = charter.vehicle_count
    facts = [
        LabeledValue("Trip", TRIP_TYPE_NAMES[charter.trip_type]),
        LabeledValue(
            "Vehicle" if count == 1 else "Vehicles",
            describe_vehicles(charter.vehicle_class, count, charter.vehicle_groups),
        ),
        LabeledValue("Passengers", str(charter.passengers)),
    ]
    if charter.amenities:
        facts.append(LabeledValue("Amenities", ", ".join(amenity_names(charter))))
    if charter.requires_second_driver:
        facts.append(LabeledValue("Drivers", "Two"))
    return facts


def describe_crews(charter: Charter) -> list[LabeledValue]:
    """Vehicle and drivers, for each vehicle that has both: `Coach 12`, `Rosa Delgado and Emil Sand`."""
    has_several = charter.vehicle_count > 1
    return [
        LabeledValue(
            f"Vehicle {cover.vehicle}: {cover.vehicle_name}" if has_several else cover.vehicle_name,
            " and ".join(cover.driver_names),
        )
        for cover in charter.vehicles
        if cover.vehicle_name and cover.driver_names
    ]


def amenity_names(charter: Charter) -> list[str]:
    """The ordered amenities by their names in the price list, or all by their codes if one is not in it."""
    lines = (charter.quote.rules_price or charter.quote).lines  # an all-in price has no line of an amenity
    names = [line.public_label for line in lines if line.kind == "amenity"]
    return names if len(names) == len(charter.amenities) else [humanize(code) for code in charter.amenities]
