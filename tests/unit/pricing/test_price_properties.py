"""Properties of all prices."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from coachway.pricing.promo_rules import RequestedPromoCode
from coachway.pricing.quote_calculation import calculate_price
from coachway.pricing.rule_matching import Trip
from coachway.pricing.rule_model import PricingRule
from tests.unit.pricing.builders import TERMS, wifi_amenity
from tests.unit.pricing.strategies import FUEL_SURCHARGES, PROMOS, RULE_SETS, TAXES, trips

AMENITIES = {"wifi": wifi_amenity()}


@given(RULE_SETS, trips(), PROMOS, TAXES, FUEL_SURCHARGES)
def test_total_is_sum_of_lines_and_not_negative(
    rules: list[PricingRule], trip: Trip, promo: RequestedPromoCode | None, tax: Decimal, fuel: Decimal
) -> None:
    terms = replace(TERMS, tax_percent=tax, fuel_per_mile=fuel)
    price = calculate_price([trip], rules, terms, amenities=AMENITIES, promo_code=promo)
    assert price.total == sum(line.amount for line in price.lines)
    assert price.total == price.subtotal - price.discount + price.tax
    assert min(price.total, price.subtotal, price.discount, price.tax) >= 0


@given(RULE_SETS, trips(), PROMOS, TAXES, FUEL_SURCHARGES, st.decimals(Decimal("0.01"), 3, places=2), st.booleans())
def test_additional_mile_never_lowers_price(
    rules: list[PricingRule],
    trip: Trip,
    promo: RequestedPromoCode | None,
    tax: Decimal,
    fuel: Decimal,
    additional_miles: Decimal,
    deadhead: bool,
) -> None:
    terms = replace(TERMS, tax_percent=tax, fuel_per_mile=fuel)
    longer = replace(trip, miles=trip.miles + additional_miles)
    if deadhead and trip.deadhead_miles:
        longer = replace(trip, deadhead_miles=trip.deadhead_miles + additional_miles)
    shorter_price = calculate_price([trip], rules, terms, amenities=AMENITIES, promo_code=promo).total
    assert calculate_price([longer], rules, terms, amenities=AMENITIES, promo_code=promo).total >= shorter_price


@given(RULE_SETS, trips(), st.randoms(use_true_random=False))
def test_order_of_rules_does_not_change_price(rules: list[PricingRule], trip: Trip, generator: random.Random) -> None:
    before = calculate_price([trip], rules, TERMS, amenities=AMENITIES)
    shuffled = list(rules)
    generator.shuffle(shuffled)
    assert calculate_price([trip], shuffled, TERMS, amenities=AMENITIES) == before


@given(RULE_SETS, trips())
def test_line_amount_is_quantity_times_unit_amount(rules: list[PricingRule], trip: Trip) -> None:
    for line in calculate_price([trip], rules, TERMS, amenities=AMENITIES).lines:
        assert abs(line.quantity * line.unit_amount - line.amount) <= 1
        assert line.rule_id is None or line.rule_id in {each.id for each in rules} | {"ame_1"}
