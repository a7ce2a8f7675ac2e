"""Picks the rule of each slot that prices a trip.

A rule matches if all its filters match. Of the matching rules of a slot, the most specific one wins: route, client,
vehicle, global; then the one with the higher priority; then the newest, which has the greatest id. The order in which
rules are read does not matter.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, time, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from coachway.pricing.quote_model import QuoteRequest
from coachway.pricing.rule_model import WEEKDAYS, PricingRule, RuleInput, is_route, normalize_route

SPECIFICITY: Final = {"route": 3, "client": 2, "vehicle": 1, "global": 0}


@dataclass(frozen=True, slots=True)
class Trip:
    """A trip, with its vehicles of one class, for the matching of rules.

    `days` are the local dates on which its 24-hour periods start, at `start`. `passengers` are those of the whole trip.
    """

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


def build_trips(request: QuoteRequest, zone: tzinfo) -> list[Trip]:
    """Build a trip for each of its vehicle classes, for the matching of rules; see `build_trip`."""
    trip = build_trip(request, zone)
    groups = request.list_groups()
    return [replace(trip, vehicle_class=group.vehicle_class, vehicles=group.count) for group in groups]


def build_trip(request: QuoteRequest, zone: tzinfo) -> Trip:
    """Build a trip for the matching of rules, in the local time of `zone`, as if all vehicles were of one class.

    Hours are elapsed time, so they include the hour that is repeated at the end of DST. Days are 24-hour periods of
    local time; a started period counts.
    """
    first_day, start, hours, span = request.trip_date, request.start_time, request.hours, timedelta(0)
    if request.departs_at is not None:
        departs = request.departs_at.astimezone(zone)
        first_day, start = departs.date(), departs.time().replace(tzinfo=None)
        if request.returns_at is not None:
            returns = request.returns_at.astimezone(zone)
            span = returns.replace(tzinfo=None) - departs.replace(tzinfo=None)
            if hours is None:
                hours = _to_hours(request.returns_at.astimezone(UTC) - request.departs_at.astimezone(UTC))
    if first_day is None:
        raise ValueError("a trip needs a date")
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
        days=tuple(first_day + timedelta(days=n) for n in range(days)),
        start=start,
        overnights=days - 1 if request.overnights is None else request.overnights,
        extra_stops=request.stops - 2,
        route=normalize_route(request.route) if request.route else None,
        second_driver=request.requires_second_driver,
        coi=request.requires_coi,
        amenities=tuple(dict.fromkeys(request.amenities)),
    )


def get_last_day(request: QuoteRequest, trip: Trip, zone: tzinfo) -> date:
    """The local date on which a trip ends."""
    return request.returns_at.astimezone(zone).date() if request.returns_at else trip.days[-1]


def _to_hours(elapsed: timedelta) -> Decimal:
    seconds = Decimal(elapsed.days * 86_400 + elapsed.seconds)
    return (seconds / 3600).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def derive_route(addresses: Sequence[str]) -> str | None:
    """The route of a trip by its addresses: from the first place to the last different place, or None.

    The place of `11 Wall St, New York, NY 10005, USA` is `New York, NY`. A round trip has the route of its outbound
    leg.
    """
    places = [_extract_place(address) for address in addresses]
    if not places:
        return None
    destination = next((place for place in reversed(places) if place.casefold() != places[0].casefold()), places[0])
    route = f"{places[0]} > {destination}"
    return route if is_route(route) else None


def _extract_place(address: str) -> str:
    parts = [" ".join(part.split()) for part in address.replace(">", " ").replace("→", " ").split(",")]
    parts = [part for part in parts if part.casefold() not in {"", "us", "usa", "u.s.a.", "united states"}]
    parts = [part for part in (re.sub(r"\s*\b\d{5}(-\d{4})?$", "", part) for part in parts) if part]
    return ", ".join(parts[-2:]) or "unknown"


def derive_rule_slot(rule: RuleInput) -> str:
    """The slot of a rule. Each slot has at most one winner per trip, or per day for multipliers."""
    if rule.rule_type == "flat_fee":
        return f"flat_fee:{rule.fee}" + (f":{rule.code}" if rule.code else "")
    if rule.rule_type == "mileage_rate" and rule.deadhead:
        return "deadhead_rate"
    return rule.rule_type


def list_trip_slots(trip: Trip) -> tuple[str, ...]:
    """The slots that can apply to a trip."""
    conditional = {
        "deadhead_rate": bool(trip.deadhead_miles),
        "flat_fee:extra_stop": bool(trip.extra_stops),
        "flat_fee:overnight": bool(trip.overnights),
        "flat_fee:second_driver": trip.second_driver,
        "flat_fee:coi": trip.coi,
    }
    always = ("base_rate", "mileage_rate", "hourly_rate", "time_multiplier", "seasonal", "vehicle_specific")
    fees = ("flat_fee:booking", "flat_fee:fuel_surcharge", "flat_fee:minimum_charge")
    amenities = tuple(f"flat_fee:amenity:{code}" for code in trip.amenities)
    return (*always, "client_specific", *fees, *amenities, *(name for name, applies in conditional.items() if applies))


def rule_matches(rule: RuleInput, trip: Trip, day: date) -> bool:
    """Whether all filters of the rule match this day of the trip.

    A time window is compared with the trip's start time, and can cross midnight (22:00 to 06:00). Without a start time,
    no window matches.
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
        and _in_time_window(rule, trip.start)
    )


def _in_season(rule: RuleInput, day: date) -> bool:
    if rule.season_start is None or rule.season_end is None:
        return True
    day_of_year = day.strftime("%m-%d")
    if rule.season_start <= rule.season_end:
        return rule.season_start <= day_of_year <= rule.season_end
    return day_of_year >= rule.season_start or day_of_year <= rule.season_end


def _in_time_window(rule: RuleInput, start: time | None) -> bool:
    if rule.start_time is None or rule.end_time is None:
        return True
    if start is None:
        return False
    if rule.start_time < rule.end_time:
        return rule.start_time <= start < rule.end_time
    return start >= rule.start_time or start < rule.end_time


def rule_rank(rule: PricingRule) -> tuple[int, int, str]:
    """The rank of a rule in its slot. The greatest rank wins."""
    return SPECIFICITY[rule.scope or "global"], rule.priority, rule.id


def pick_winning_rules(rules: Iterable[PricingRule], trip: Trip, day: date) -> dict[str, PricingRule]:
    """The winning rule of each slot on a day of the trip."""
    winners: dict[str, PricingRule] = {}
    for rule in rules:
        if rule_matches(rule, trip, day):
            slot = derive_rule_slot(rule)
            if slot not in winners or rule_rank(rule) > rule_rank(winners[slot]):
                winners[slot] = rule
    return winners


def depends_on_start_time(rules: Iterable[PricingRule], trip: Trip) -> bool:
    """Whether the price depends on the start time, which is missing."""
    if trip.start is not None:
        return False
    rules_with_window = (rule for rule in rules if rule.start_time is not None)
    return any(
        rule_matches(rule.model_copy(update={"start_time": None, "end_time": None}), trip, day)
        for rule in rules_with_window
        for day in trip.days
    )
