"""Which rule of each kind prices a trip.

A rule matches when all its filters do. Of those that match, the most specific of a kind wins: route before client
before vehicle before global, then the higher priority, then the newest (the greatest id); so the order in which rules
are read never matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, time, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from coachway.pricing.quote_model import QuoteRequest
from coachway.pricing.rule_model import WEEKDAYS, PricingRule, RuleInput, is_route, normalize_route

SPECIFICITY: Final = {"route": 3, "client": 2, "vehicle": 1, "global": 0}


@dataclass(frozen=True, slots=True)
class Trip:
    """What rules look at. `days` are the local dates on which each 24 hours of the trip begin, at `start`'s hour."""

    client_id: str | None
    vehicle_class: str
    vehicles: int
    passengers: int
    miles: Decimal
    deadhead_miles: Decimal
    hours: Decimal | None
    days: tuple[date, ...]
    start: time | None
    overnights: int
    extra_stops: int
    route: str | None
    second_driver: bool
    coi: bool
    amenities: tuple[str, ...]


def build_trip(request: QuoteRequest, zone: tzinfo) -> Trip:
    """The trip as rules see it, in the local time of `zone`.

    Hours are those that pass, so the night on which clocks go back has its repeated hour counted once and the night on
    which they go forward has none for the hour that is skipped. Days go by the wall clock: each 24 hours begun.
    """
    first, start, hours, span = (request.trip_date, request.start_time, request.hours, timedelta(0))
    if request.departs_at is not None:
        departs = request.departs_at.astimezone(zone)
        first, start = departs.date(), departs.time().replace(tzinfo=None)
        if request.returns_at is not None:
            returns = request.returns_at.astimezone(zone)
            span = returns.replace(tzinfo=None) - departs.replace(tzinfo=None)
            hours = (
                _hours(request.returns_at.astimezone(UTC) - request.departs_at.astimezone(UTC))
                if hours is None
                else hours
            )
    if first is None:
        raise ValueError("a trip has a date")
    if not span and hours is not None:
        span = timedelta(hours=float(hours))
    days = request.days or max(1, -(-span // timedelta(days=1)))
    return Trip(
        client_id=request.client_id,
        vehicle_class=request.vehicle_class,
        vehicles=request.vehicle_count,
        passengers=request.passengers,
        miles=request.miles,
        deadhead_miles=request.deadhead_miles,
        hours=hours,
        days=tuple(first + timedelta(days=n) for n in range(days)),
        start=start,
        overnights=days - 1 if request.overnights is None else request.overnights,
        extra_stops=request.stops - 2,
        route=normalize_route(request.route) if request.route else None,
        second_driver=request.requires_second_driver,
        coi=request.requires_coi,
        amenities=tuple(dict.fromkeys(request.amenities)),
    )


def _hours(elapsed: timedelta) -> Decimal:
    seconds = Decimal(elapsed.days * 86_400 + elapsed.seconds)
    return (seconds / 3600).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def route_of(addresses: Sequence[str]) -> str | None:
    """The route of a trip by its addresses: from the place of the first to the last place that is another.

    A place is what stands last in an address, without postcode and country: `11 Wall St, New York, NY 10005, USA` is in
    `New York, NY`. So a return trip has the route of its way out. None when the addresses name no places.
    """
    places = [_place_of_address(address) for address in addresses]
    if not places:
        return None
    other = next((place for place in reversed(places) if place.casefold() != places[0].casefold()), places[0])
    route = f"{places[0]} > {other}"
    return route if is_route(route) else None


def _place_of_address(address: str) -> str:
    parts = [" ".join(part.split()) for part in address.replace(">", " ").replace("→", " ").split(",")]
    parts = [part for part in parts if part.casefold() not in {"", "us", "usa", "u.s.a.", "united states"}]
    parts = [part for part in (re.sub(r"\s*\b\d{5}(-\d{4})?$", "", part) for part in parts) if part]
    return ", ".join(parts[-2:]) or "unknown"


def slot_of(rule: RuleInput) -> str:
    """What rules compete for: each slot has at most one winner for a trip (multipliers: for a day of it)."""
    if rule.rule_type == "flat_fee":
        return f"flat_fee:{rule.fee}" + (f":{rule.code}" if rule.code else "")
    if rule.rule_type == "mileage_rate" and rule.deadhead:
        return "deadhead_rate"
    return rule.rule_type


def slots_for(trip: Trip) -> tuple[str, ...]:
    """The slots that can matter to a trip."""
    wanted = {
        "deadhead_rate": bool(trip.deadhead_miles),
        "flat_fee:extra_stop": bool(trip.extra_stops),
        "flat_fee:overnight": bool(trip.overnights),
        "flat_fee:second_driver": trip.second_driver,
        "flat_fee:coi": trip.coi,
    }
    always = ("base_rate", "mileage_rate", "hourly_rate", "time_multiplier", "seasonal", "vehicle_specific")
    fees = ("flat_fee:booking", "flat_fee:fuel_surcharge", "flat_fee:minimum_charge")
    amenities = tuple(f"flat_fee:amenity:{code}" for code in trip.amenities)
    return (*always, "client_specific", *fees, *amenities, *(name for name, needed in wanted.items() if needed))


def matches(rule: RuleInput, trip: Trip, day: date) -> bool:
    """Whether every filter of the rule lets this day of the trip through.

    A window of hours looks at the trip's starting time, and one that crosses midnight (22:00 to 06:00) holds on both
    sides of it; the weekday is always that of the day itself. Without a starting time no window matches.
    """
    return (
        (rule.client_id is None or rule.client_id == trip.client_id)
        and (rule.vehicle_class is None or rule.vehicle_class == trip.vehicle_class)
        and (rule.route is None or normalize_route(rule.route) == trip.route)
        and (rule.min_passengers is None or trip.passengers >= rule.min_passengers)
        and (rule.max_passengers is None or trip.passengers <= rule.max_passengers)
        and (rule.valid_from is None or day >= rule.valid_from)
        and (rule.valid_until is None or day <= rule.valid_until)
        and (not rule.weekdays or WEEKDAYS[day.weekday()] in rule.weekdays)
        and _in_season(rule, day)
        and _in_window(rule, trip.start)
    )


def _in_season(rule: RuleInput, day: date) -> bool:
    if rule.season_start is None or rule.season_end is None:
        return True
    today = day.strftime("%m-%d")
    if rule.season_start <= rule.season_end:
        return rule.season_start <= today <= rule.season_end
    return today >= rule.season_start or today <= rule.season_end


def _in_window(rule: RuleInput, start: time | None) -> bool:
    if rule.start_time is None or rule.end_time is None:
        return True
    if start is None:
        return False
    if rule.start_time < rule.end_time:
        return rule.start_time <= start < rule.end_time
    return start >= rule.start_time or start < rule.end_time


def rank(rule: PricingRule) -> tuple[int, int, str]:
    """Sorts rules of a slot: the greatest wins."""
    return SPECIFICITY[rule.scope or "global"], rule.priority, rule.id


def pick_winners(rules: Iterable[PricingRule], trip: Trip, day: date) -> dict[str, PricingRule]:
    """The winning rule of each slot on a day of the trip."""
    won: dict[str, PricingRule] = {}
    for rule in rules:
        if matches(rule, trip, day):
            place = slot_of(rule)
            if place not in won or rank(rule) > rank(won[place]):
                won[place] = rule
    return won


def depends_on_start_time(rules: Iterable[PricingRule], trip: Trip) -> bool:
    """Whether a window of hours could have decided, had the starting time been known."""
    if trip.start is not None:
        return False
    timed = (rule for rule in rules if rule.start_time is not None)
    return any(
        matches(rule.model_copy(update={"start_time": None, "end_time": None}), trip, day)
        for rule in timed
        for day in trip.days
    )
