"""Prices of trips with vehicles of several classes."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.pricing import rule_matching
from coachway.pricing.adjustment_model import PriceAdjustments
from coachway.pricing.promo_rules import RequestedPromoCode
from coachway.pricing.quote_calculation import calculate_price
from coachway.pricing.quote_model import PriceBreakdown, QuoteRequest
from coachway.pricing.rule_matching import Trip
from coachway.pricing.rule_model import PricingRule
from tests.unit.pricing.builders import (
    NEW_YORK,
    SATURDAY,
    TERMS,
    WEDNESDAY,
    base_rate,
    build_rule,
    flat_fee,
    mileage_rate,
    requested_promo,
    warning_codes,
    weekend_multiplier,
    wifi_amenity,
)
from tests.unit.pricing.strategies import FUEL_SURCHARGES, PROMOS, RULE_SETS, TAXES, trips

RATES = [
    base_rate(350_00, vehicle_class="coach"),
    base_rate(200_00, vehicle_class="minibus"),
    mileage_rate(2_50, vehicle_class="coach"),
    mileage_rate(1_50, vehicle_class="minibus"),
]
COACH_AND_MINIBUSES = [{"vehicle_class": "coach", "count": 1}, {"vehicle_class": "minibus", "count": 2}]


def build_trips(**fields: Any) -> list[Trip]:
    request = {"vehicle_groups": COACH_AND_MINIBUSES, "passengers": 100, "miles": 100, "trip_date": WEDNESDAY, **fields}
    return rule_matching.build_trips(QuoteRequest.model_validate(request), NEW_YORK)


def calculate(rules: list[PricingRule], *, promo: RequestedPromoCode | None = None, **fields: Any) -> PriceBreakdown:
    amenities = {"wifi": wifi_amenity()}
    terms = replace(TERMS, fuel_per_mile=Decimal(0))
    return calculate_price(build_trips(**fields), rules, terms, amenities=amenities, promo_code=promo)


def list_amounts(price: PriceBreakdown) -> list[tuple[str, int]]:
    return [(line.public_label, line.amount) for line in price.lines]


def test_each_class_has_its_own_rates() -> None:
    price = calculate(RATES)
    assert list_amounts(price) == [
        ("Base price (Coach)", 350_00),
        ("Mileage (Coach)", 250_00),
        ("Base price (2 × Minibus)", 400_00),
        ("Mileage (2 × Minibus)", 300_00),
    ]
    assert [line.vehicle_class for line in price.lines] == ["coach", "coach", "minibus", "minibus"]
    assert (price.total, price.warnings) == (1300_00, [])


def test_multipliers_and_adjustments_apply_to_their_class() -> None:
    discount = build_rule("vehicle_specific", percent=Decimal(-10), vehicle_class="minibus")
    price = calculate([*RATES, weekend_multiplier(25, vehicle_class="coach"), discount], trip_date=SATURDAY)
    assert list_amounts(price) == [
        ("Base price (Coach)", 350_00),
        ("Mileage (Coach)", 250_00),
        ("Surcharge for the day or time (Coach)", 150_00),
        ("Base price (2 × Minibus)", 400_00),
        ("Mileage (2 × Minibus)", 300_00),
        ("Vehicle discount (2 × Minibus)", -70_00),
    ]


def test_fee_with_the_same_rule_for_all_classes_has_one_line() -> None:
    fees = [flat_fee("booking", 20_00), flat_fee("extra_stop", 15_00), flat_fee("coi", 30_00)]
    price = calculate([*RATES, *fees], stops=4, amenities=["wifi"], requires_coi=True)
    assert list_amounts(price)[4:] == [
        ("Booking fee", 20_00),
        ("Wifi", 150_00),
        ("Extra stops", 90_00),
        ("Certificate of insurance", 30_00),
    ]


def test_fees_of_one_class_name_it() -> None:
    fees = [
        flat_fee("second_driver", 300_00, vehicle_class="coach"),
        flat_fee("second_driver", 200_00),
        flat_fee("amenity", 10_00, code="wifi", vehicle_class="minibus"),
        flat_fee("booking", 25_00, vehicle_class="minibus"),
        flat_fee("fuel_surcharge", 50, vehicle_class="coach"),
    ]
    price = calculate([*RATES, *fees], requires_second_driver=True, amenities=["wifi"])
    assert list_amounts(price)[4:] == [
        ("Booking fee", 25_00),
        ("Wifi (Coach)", 50_00),
        ("Wifi (2 × Minibus)", 20_00),
        ("Second driver (Coach)", 300_00),
        ("Second driver (2 × Minibus)", 400_00),
        ("Fuel surcharge (Coach)", 50_00),
    ]


def test_minimum_charge_is_the_sum_of_those_of_the_vehicles() -> None:
    minimums = [
        flat_fee("minimum_charge", 1000_00, vehicle_class="coach"),
        flat_fee("minimum_charge", 500_00, vehicle_class="minibus"),
    ]
    price = calculate([*RATES, *minimums])
    assert list_amounts(price)[4:] == [("Minimum charge", 700_00)]
    assert price.total == 2000_00


def test_promo_code_reduces_the_whole_price() -> None:
    price = calculate(RATES, promo=requested_promo(percent=Decimal(10)))
    assert (price.discount, price.total) == (130_00, 1170_00)


@pytest.mark.parametrize(
    ("fields", "rules", "codes"),
    [
        ({"passengers": 126}, RATES, []),
        ({"passengers": 127}, RATES, ["too_few_seats"]),
        ({}, RATES[:1], ["no_rate"]),
        (
            {"vehicle_groups": [*COACH_AND_MINIBUSES, {"vehicle_class": "rickshaw", "count": 1}]},
            RATES,
            ["no_rate", "unknown_vehicle_class"],
        ),
    ],
    ids=["every seat taken", "one too many", "one class without a rate", "unknown class"],
)
def test_warnings_are_about_all_classes(fields: dict[str, Any], rules: list[PricingRule], codes: list[str]) -> None:
    price = calculate(rules, **fields)
    assert warning_codes(price) == set(codes)
    assert all(warning.prevents_sending for warning in price.warnings)


def test_warnings_name_the_classes() -> None:
    assert calculate(RATES[:1]).warnings[0].message == (
        "No base, mileage or hourly rate prices the class minibus. Add a pricing rule."
    )
    assert calculate(RATES, passengers=127).warnings[0].message == (
        "127 passengers need more than 1 × coach with up to 56 seats and 2 × minibus with up to 35 seats."
    )


def test_all_in_price_needs_no_rates() -> None:
    adjustments = PriceAdjustments.model_validate({"all_in_price": {"amount": 1500_00, "reason": "Agreed"}})
    price = calculate_price(build_trips(), [], TERMS, amenities={}, adjustments=adjustments)
    assert (price.total, price.warnings) == (1500_00, [])


@given(RULE_SETS, trips(), PROMOS, TAXES, FUEL_SURCHARGES, st.integers(1, 5), st.randoms(use_true_random=False))
def test_total_is_the_sum_of_the_lines_in_any_order_of_rules(
    rules: list[PricingRule],
    trip: Trip,
    promo: RequestedPromoCode | None,
    tax: Decimal,
    fuel: Decimal,
    count: int,
    generator: random.Random,
) -> None:
    terms = replace(TERMS, tax_percent=tax, fuel_per_mile=fuel)
    classes = [replace(trip, vehicle_class="coach"), replace(trip, vehicle_class="minibus", vehicles=count)]
    amenities = {"wifi": wifi_amenity()}
    price = calculate_price(classes, rules, terms, amenities=amenities, promo_code=promo)
    assert price.total == sum(line.amount for line in price.lines)
    assert price.total == price.subtotal - price.discount + price.tax
    assert min(price.total, price.subtotal, price.discount, price.tax) >= 0
    shuffled = list(rules)
    generator.shuffle(shuffled)
    assert calculate_price(classes, shuffled, terms, amenities=amenities, promo_code=promo) == price


@given(RULE_SETS, trips(), st.integers(1, 5))
def test_price_of_several_classes_is_at_least_that_of_each_alone(
    rules: list[PricingRule], trip: Trip, count: int
) -> None:
    classes = [replace(trip, vehicle_class="coach"), replace(trip, vehicle_class="minibus", vehicles=count)]
    rules = [rule for rule in rules if rule.fee not in {"booking", "coi"}]  # one class pays them for all
    together = calculate_price(classes, rules, TERMS, amenities={}).total
    for each in classes:
        assert together >= calculate_price([each], rules, TERMS, amenities={}).total
