"""The calculation of prices, step by step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from coachway.core.errors import Conflict
from tests.unit.pricing.builders import (
    ACME,
    FRIDAY,
    NEW_YORK,
    SATURDAY,
    TERMS,
    WEDNESDAY,
    base_rate,
    build_rule,
    build_trip,
    calculate_trip_price,
    flat_fee,
    get_line,
    line_kinds,
    mileage_rate,
    requested_promo,
    warning_codes,
    weekend_multiplier,
    wifi_amenity,
)


def test_price_has_base_and_miles() -> None:
    price = calculate_trip_price(
        [base_rate(), mileage_rate(), weekend_multiplier()], trip_date=WEDNESDAY, miles=Decimal(150)
    )
    assert [(each.kind, each.amount) for each in price.lines] == [
        ("base_rate", 350_00),
        ("mileage_rate", 375_00),
        ("fuel_surcharge", 1_50),
    ]
    assert price.total == 726_50


def test_weekend_multiplier_applies_to_driving_only() -> None:
    price = calculate_trip_price(
        [base_rate(), mileage_rate(), weekend_multiplier()],
        trip_date=SATURDAY,
        miles=Decimal(200),
        amenities=["wifi"],
        amenity=wifi_amenity(),
    )
    assert price.total == 1114_50
    assert get_line(price, "time_multiplier").amount == 212_50
    assert get_line(price, "time_multiplier").quantity == Decimal("0.25")
    assert get_line(price, "time_multiplier").unit_amount == 850_00


def test_changed_rate_applies_to_miles() -> None:
    assert get_line(calculate_trip_price([mileage_rate(2_75)], miles=Decimal(100)), "mileage_rate").amount == 275_00


def test_repeated_hour_at_dst_end_is_counted_once() -> None:
    first_half_past_one = datetime.fromisoformat("2027-11-07T01:30:00-04:00")
    second_half_past_one = datetime.fromisoformat("2027-11-07T01:30:00-05:00")
    half_past_two = datetime.fromisoformat("2027-11-07T02:30:00-05:00")
    hourly = build_rule("hourly_rate", amount=100_00)
    one_hour = calculate_trip_price([hourly], departs_at=first_half_past_one, returns_at=second_half_past_one)
    assert get_line(one_hour, "hourly_rate").quantity == 1
    two_hours = calculate_trip_price([hourly], departs_at=first_half_past_one, returns_at=half_past_two)
    assert get_line(two_hours, "hourly_rate").quantity == 2
    from_second = calculate_trip_price([hourly], departs_at=second_half_past_one, returns_at=half_past_two)
    assert get_line(from_second, "hourly_rate").amount == 100_00


def test_skipped_hour_at_dst_start_is_not_counted() -> None:
    price = calculate_trip_price(
        [build_rule("hourly_rate", amount=100_00)],
        departs_at=datetime.fromisoformat("2027-03-14T01:30:00-05:00"),
        returns_at=datetime.fromisoformat("2027-03-14T03:30:00-04:00"),
    )
    assert get_line(price, "hourly_rate").quantity == 1


def test_day_of_25_hours_counts_as_one_day() -> None:
    departs, returns = (datetime(2027, 11, 6, 9, tzinfo=NEW_YORK), datetime(2027, 11, 7, 9, tzinfo=NEW_YORK))
    long_day = build_trip(departs_at=departs, returns_at=returns)
    assert long_day.days == (date(2027, 11, 6),)
    assert long_day.hours == 25


def test_lines_are_in_calculation_order() -> None:
    rules = [
        flat_fee("minimum_charge", 10_000_00),
        flat_fee("coi", 50_00),
        flat_fee("second_driver", 200_00),
        flat_fee("overnight", 150_00),
        flat_fee("extra_stop", 25_00),
        flat_fee("booking", 15_00),
        build_rule("client_specific", client_id=ACME, percent=Decimal(-10)),
        build_rule("vehicle_specific", vehicle_class="coach", percent=Decimal(5)),
        build_rule("seasonal", percent=Decimal(10), season_start="03-01", season_end="03-31"),
        weekend_multiplier(),
        build_rule("hourly_rate", amount=50_00),
        mileage_rate(1_00, deadhead=True),
        mileage_rate(),
        base_rate(),
    ]
    price = calculate_trip_price(
        rules,
        terms=replace(TERMS, tax_percent=Decimal("8.875")),
        promo=requested_promo(percent=Decimal(10)),
        amenity=wifi_amenity(),
        amenities=["wifi"],
        client_id=ACME,
        trip_date=SATURDAY,
        days=2,
        hours=Decimal(20),
        stops=4,
        deadhead_miles=Decimal(30),
        requires_second_driver=True,
        requires_coi=True,
    )
    assert line_kinds(price) == [
        "base_rate",
        "mileage_rate",
        "deadhead_rate",
        "hourly_rate",
        "time_multiplier",
        "seasonal",
        "vehicle_specific",
        "client_specific",
        "booking",
        "amenity",
        "extra_stop",
        "overnight",
        "second_driver",
        "coi",
        "fuel_surcharge",
        "promo",
        "minimum_charge",
        "tax",
    ]
    assert price.total == sum(each.amount for each in price.lines) == price.subtotal - price.discount + price.tax
    assert {each.id for each in price.rules} == {each.id for each in rules}


def test_deadhead_miles_have_own_rate_and_fuel_surcharge() -> None:
    price = calculate_trip_price(
        [mileage_rate(), mileage_rate(1_20, deadhead=True)], miles=Decimal(100), deadhead_miles=Decimal(40)
    )
    assert get_line(price, "deadhead_rate").amount == 48_00
    assert get_line(price, "fuel_surcharge").amount == 1_40


def test_every_vehicle_is_charged() -> None:
    rules = [
        base_rate(),
        mileage_rate(),
        build_rule("hourly_rate", amount=10_00),
        flat_fee("extra_stop", 25_00),
        flat_fee("coi", 50_00),
    ]
    rules.append(flat_fee("minimum_charge", 1_00))
    fields: dict[str, Any] = {"hours": Decimal(3), "stops": 3}
    one_vehicle = calculate_trip_price(rules, **fields)
    three_vehicles = calculate_trip_price(rules, vehicle_count=3, **fields)
    assert three_vehicles.total == 3 * one_vehicle.total
    with_certificate = calculate_trip_price(rules, vehicle_count=3, requires_coi=True, **fields)
    assert with_certificate.total == three_vehicles.total + 50_00


def test_multipliers_apply_to_same_base() -> None:
    season = build_rule("seasonal", percent=Decimal(10), valid_from=date(2027, 3, 1), valid_until=date(2027, 3, 31))
    price = calculate_trip_price(
        [base_rate(100_00), weekend_multiplier(25), season], trip_date=SATURDAY, miles=Decimal(0)
    )
    assert [each.amount for each in price.lines] == [100_00, 25_00, 10_00]


def test_reductions_never_exceed_price() -> None:
    rules = [base_rate(1_01), weekend_multiplier(-60), build_rule("seasonal", percent=Decimal(-60))]
    price = calculate_trip_price(rules, trip_date=SATURDAY, miles=Decimal(0))
    assert [line.amount for line in price.lines] == [1_01, -61, -40]
    assert [line.quantity for line in price.lines] == [1, Decimal("-0.6"), Decimal("-0.4")]
    assert price.total == 0


def test_weekend_multiplier_applies_to_share_of_multi_day_trip() -> None:
    price = calculate_trip_price(
        [base_rate(300_00), weekend_multiplier(30)], trip_date=FRIDAY, days=3, miles=Decimal(0)
    )
    assert get_line(price, "time_multiplier").amount == 60_00


def test_trip_over_midnight_belongs_to_starting_day() -> None:
    rules = [base_rate(), weekend_multiplier()]
    departs, returns = (datetime(2027, 3, 5, 20, tzinfo=NEW_YORK), datetime(2027, 3, 6, 2, tzinfo=NEW_YORK))
    assert "time_multiplier" not in line_kinds(calculate_trip_price(rules, departs_at=departs, returns_at=returns))


def test_rules_use_local_time_of_trip() -> None:
    late_friday_in_new_york = datetime.fromisoformat("2027-03-06T03:00:00+00:00")
    assert "time_multiplier" not in line_kinds(
        calculate_trip_price([base_rate(), weekend_multiplier()], departs_at=late_friday_in_new_york)
    )
    assert build_trip(departs_at=late_friday_in_new_york).days == (FRIDAY,)


def test_days_multiply_per_day_rules_only() -> None:
    rules = [base_rate(per_day=True), flat_fee("second_driver", 100_00, per_day=True), flat_fee("coi", 50_00)]
    price = calculate_trip_price(rules, days=3, miles=Decimal(0), requires_second_driver=True, requires_coi=True)
    assert [each.amount for each in price.lines] == [1050_00, 300_00, 50_00]


def test_overnights_default_to_days_minus_one() -> None:
    rules = [base_rate(), flat_fee("overnight", 150_00)]
    assert get_line(calculate_trip_price(rules, days=3), "overnight").amount == 300_00
    assert get_line(calculate_trip_price(rules, days=3, overnights=3), "overnight").amount == 450_00
    assert "overnight" not in line_kinds(calculate_trip_price(rules))


def test_extra_stops_are_those_beyond_two() -> None:
    rules = [base_rate(), flat_fee("extra_stop", 25_00)]
    assert "extra_stop" not in line_kinds(calculate_trip_price(rules, stops=2))
    assert get_line(calculate_trip_price(rules, stops=5), "extra_stop").amount == 75_00


def test_client_percentage_applies_before_fees() -> None:
    rules = [
        base_rate(100_00),
        weekend_multiplier(50),
        flat_fee("booking", 10_00),
        build_rule("client_specific", client_id=ACME, percent=Decimal(-10)),
    ]
    price = calculate_trip_price(rules, client_id=ACME, trip_date=SATURDAY, miles=Decimal(0))
    assert get_line(price, "client_specific").amount == -15_00
    assert price.total == 145_00


def test_replacement_rate_recalculates_price() -> None:
    contract = build_rule("client_specific", client_id=ACME, amount=2_00, replaces="mileage_rate")
    other_rules = [base_rate(), weekend_multiplier()]
    replaced = calculate_trip_price([*other_rules, mileage_rate(2_50), contract], client_id=ACME, trip_date=SATURDAY)
    assert replaced.total == calculate_trip_price([*other_rules, mileage_rate(2_00)], trip_date=SATURDAY).total
    assert get_line(replaced, "client_specific").amount == -(50 * 150 * 125) // 100
    assert calculate_trip_price([*other_rules, mileage_rate(2_50), contract], trip_date=SATURDAY).total > replaced.total


def test_client_replacement_applies_after_vehicle_replacement() -> None:
    rules = [
        mileage_rate(2_50),
        build_rule("vehicle_specific", vehicle_class="coach", amount=3_00, replaces="mileage_rate"),
        build_rule("client_specific", client_id=ACME, amount=2_00, replaces="mileage_rate"),
    ]
    price = calculate_trip_price(rules, client_id=ACME, miles=Decimal(100))
    assert [each.amount for each in price.lines] == [250_00, 50_00, -100_00, 1_00]


def test_replacement_of_unused_rate_changes_nothing() -> None:
    rules = [base_rate(), build_rule("client_specific", client_id=ACME, amount=80_00, replaces="hourly_rate")]
    assert "client_specific" not in line_kinds(calculate_trip_price(rules, client_id=ACME))


def test_amenity_rule_precedes_list_price() -> None:
    included = flat_fee("amenity", 0, code="wifi", client_id=ACME)
    fields: dict[str, Any] = {"amenities": ["wifi", "WIFI"], "amenity": wifi_amenity()}
    assert get_line(calculate_trip_price([base_rate(), included], **fields), "amenity").amount == 50_00
    assert get_line(calculate_trip_price([base_rate(), included], client_id=ACME, **fields), "amenity").amount == 0


def test_fuel_surcharge_uses_rule_or_organization_terms() -> None:
    assert (
        get_line(calculate_trip_price([flat_fee("fuel_surcharge", 30)], miles=Decimal(10)), "fuel_surcharge").amount
        == 3_00
    )
    assert "fuel_surcharge" not in line_kinds(calculate_trip_price([base_rate(), flat_fee("fuel_surcharge", 0)]))
    expensive = replace(TERMS, fuel_per_mile=Decimal("0.05"))
    assert (
        get_line(calculate_trip_price([base_rate()], terms=expensive, miles=Decimal(10)), "fuel_surcharge").amount == 50
    )
    fraction = replace(TERMS, fuel_per_mile=Decimal("0.0085"))
    assert (
        get_line(calculate_trip_price([base_rate()], terms=fraction, miles=Decimal(100)), "fuel_surcharge").amount == 85
    )


def test_minimum_charge_applies_after_promo_code() -> None:
    rules = [base_rate(400_00), flat_fee("minimum_charge", 380_00)]
    price = calculate_trip_price(rules, miles=Decimal(0), promo=requested_promo(percent=Decimal(25)))
    assert [each.amount for each in price.lines] == [400_00, -100_00, 80_00]
    assert (price.subtotal, price.discount, price.total) == (480_00, 100_00, 380_00)


def test_tax_applies_to_all_lines() -> None:
    price = calculate_trip_price(
        [base_rate(100_00)], terms=replace(TERMS, tax_percent=Decimal("8.875")), miles=Decimal(0)
    )
    assert (price.subtotal, price.tax, price.total) == (100_00, 8_88, 108_88)


def test_half_cents_are_rounded_up_once_per_line() -> None:
    assert get_line(calculate_trip_price([mileage_rate(2_05)], miles=Decimal("10.10")), "mileage_rate").amount == 20_71


def test_margin_is_before_tax_and_needs_cost() -> None:
    with_tax = replace(TERMS, tax_percent=Decimal(10))
    price = calculate_trip_price([base_rate(200_00)], terms=with_tax, miles=Decimal(0), cost=150_00)
    assert price.margin is not None
    assert (price.margin.amount, price.margin.percent) == (50_00, 25.0)
    assert calculate_trip_price([base_rate()]).margin is None
    assert "below_cost" in warning_codes(calculate_trip_price([base_rate(100_00)], miles=Decimal(0), cost=150_00))


def test_calculate_price_rejects_too_large_price() -> None:
    with pytest.raises(Conflict):
        calculate_trip_price([mileage_rate(1_000_000_00)], miles=Decimal(20_000))
