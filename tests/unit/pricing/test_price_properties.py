"""Properties of every price."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from coachway.pricing.promo_rules import Offer
from coachway.pricing.quote_calculation import calculate_price
from coachway.pricing.rule_matching import Trip
from coachway.pricing.rule_model import WEEKDAYS, PricingRule
from tests.unit.pricing.builders import ACME, OTHER, TERMS, build_rule, flat_fee, promo_code, wifi_amenity

ROUTE = "here>there"
amounts = st.integers(0, 3) | st.integers(0, 100_000)
percents = st.decimals(-100, 300, places=2)
days = st.dates(date(2027, 1, 1), date(2027, 12, 31))


@st.composite
def filters(draw: st.DrawFn) -> dict[str, object]:
    found: dict[str, object] = {"priority": draw(st.integers(0, 3))}
    if draw(st.booleans()):
        return found
    maybe = {
        "vehicle_class": st.sampled_from(["coach", "minibus"]),
        "client_id": st.sampled_from([ACME, OTHER]),
        "route": st.just(ROUTE),
        "weekdays": st.lists(st.sampled_from(WEEKDAYS), unique=True, max_size=7),
        "min_passengers": st.integers(1, 60),
    }
    for name, values in maybe.items():
        if draw(st.integers(0, 3)) == 0:
            found[name] = draw(values)
    if draw(st.integers(0, 3)) == 0:
        found |= {"start_time": time(22), "end_time": time(6)}
    return found


@st.composite
def pricing_rules(draw: st.DrawFn) -> PricingRule:
    kind = draw(
        st.sampled_from(
            ["base_rate", "mileage_rate", "deadhead", "hourly_rate", "multiplier", "adjustment", "flat_fee"]
        )
    )
    own = draw(filters())
    amount, percent = draw(amounts), draw(percents)
    match kind:
        case "multiplier":
            return build_rule(draw(st.sampled_from(["time_multiplier", "seasonal"])), percent=percent, **own)
        case "adjustment":
            rates = ["base_rate", "mileage_rate", "deadhead_rate", "hourly_rate"]
            value = draw(
                st.just({"percent": percent})
                | st.sampled_from(rates).map(lambda rate: {"amount": amount, "replaces": rate})
            )
            who = draw(st.sampled_from(["client", "vehicle"]))
            own |= {"client_id": ACME} if who == "client" else {"vehicle_class": "coach"}
            return build_rule(f"{who}_specific", **own, **value)
        case "flat_fee":
            fees = ["booking", "extra_stop", "overnight", "second_driver", "coi", "fuel_surcharge", "minimum_charge"]
            return flat_fee(draw(st.sampled_from(fees)), amount, **own)
        case "deadhead":
            return build_rule("mileage_rate", amount=amount, deadhead=True, **own)
        case _:
            return build_rule(kind, amount=amount, **own)


rule_sets = st.lists(pricing_rules(), max_size=14)


@st.composite
def trips(draw: st.DrawFn) -> Trip:
    first, length = draw(days), draw(st.integers(1, 4))
    return Trip(
        client_id=draw(st.sampled_from([None, ACME])),
        vehicle_class="coach",
        vehicles=draw(st.integers(1, 3)),
        passengers=draw(st.integers(1, 60)),
        miles=draw(st.decimals(0, 900, places=2)),
        deadhead_miles=draw(st.decimals(0, 90, places=2)),
        hours=draw(st.none() | st.decimals(0, 90, places=2)),
        days=tuple(first + timedelta(days=n) for n in range(length)),
        start=draw(st.none() | st.times()),
        overnights=length - 1,
        extra_stops=draw(st.integers(0, 3)),
        route=draw(st.sampled_from([None, ROUTE])),
        second_driver=draw(st.booleans()),
        coi=draw(st.booleans()),
        amenities=draw(st.sampled_from([(), ("wifi",)])),
    )


offers = (
    st.none()
    | percents.map(abs).filter(lambda p: 0 < p <= 100).map(lambda p: Offer("SPRING", promo_code(percent=p)))
    | st.integers(1, 100_000).map(lambda cents: Offer("SPRING", promo_code(amount=cents)))
)
taxes = st.sampled_from([Decimal(0), Decimal("8.875"), Decimal(20)])
fuels = st.sampled_from([Decimal(0), Decimal("0.01"), Decimal("0.0085")])
AMENITIES = {"wifi": wifi_amenity()}


@given(rule_sets, trips(), offers, taxes, fuels)
def test_total_is_sum_of_lines_and_not_negative(
    rules: list[PricingRule], trip: Trip, offer: Offer | None, tax: Decimal, fuel: Decimal
) -> None:
    terms = replace(TERMS, tax_percent=tax, fuel_per_mile=fuel)
    answer = calculate_price(trip, rules, terms, amenities=AMENITIES, offer=offer)
    assert answer.total == sum(line.amount for line in answer.lines)
    assert answer.total == answer.subtotal - answer.discount + answer.tax
    assert min(answer.total, answer.subtotal, answer.discount, answer.tax) >= 0


@given(rule_sets, trips(), offers, taxes, fuels, st.decimals(Decimal("0.01"), 3, places=2), st.booleans())
def test_additional_mile_never_lowers_price(
    rules: list[PricingRule],
    trip: Trip,
    offer: Offer | None,
    tax: Decimal,
    fuel: Decimal,
    more: Decimal,
    deadhead: bool,
) -> None:
    terms = replace(TERMS, tax_percent=tax, fuel_per_mile=fuel)
    longer = replace(trip, miles=trip.miles + more)
    if deadhead and trip.deadhead_miles:
        longer = replace(trip, deadhead_miles=trip.deadhead_miles + more)
    shorter_price = calculate_price(trip, rules, terms, amenities=AMENITIES, offer=offer).total
    assert calculate_price(longer, rules, terms, amenities=AMENITIES, offer=offer).total >= shorter_price


@given(rule_sets, trips(), st.randoms(use_true_random=False))
def test_order_of_rules_does_not_change_price(rules: list[PricingRule], trip: Trip, chance: random.Random) -> None:
    before = calculate_price(trip, rules, TERMS, amenities=AMENITIES)
    shuffled = list(rules)
    chance.shuffle(shuffled)
    assert calculate_price(trip, shuffled, TERMS, amenities=AMENITIES) == before


@given(rule_sets, trips())
def test_line_amount_is_quantity_times_unit_amount(rules: list[PricingRule], trip: Trip) -> None:
    for line in calculate_price(trip, rules, TERMS, amenities=AMENITIES).lines:
        assert abs(line.quantity * line.unit_amount - line.amount) <= 1
        assert line.rule_id is None or line.rule_id in {each.id for each in rules} | {"ame_1"}
