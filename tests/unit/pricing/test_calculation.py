"""The price of a trip, step by step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from coachway.core.errors import Conflict
from coachway.pricing.promo_rules import Offer
from tests.unit.pricing.making import (
    ACME,
    FRIDAY,
    NEW_YORK,
    SATURDAY,
    TERMS,
    WEDNESDAY,
    base,
    fee,
    kinds,
    line_of,
    mileage,
    priced,
    promo,
    rule,
    trip,
    warned,
    weekend,
    wifi,
)


def test_base_and_miles_on_a_wednesday() -> None:
    answer = priced([base(), mileage(), weekend()], trip_date=WEDNESDAY, miles=Decimal(150))
    assert [(each.kind, each.amount) for each in answer.lines] == [
        ("base_rate", 350_00),
        ("mileage_rate", 375_00),
        ("fuel_surcharge", 1_50),
    ]
    assert answer.total == 726_50


def test_a_weekend_multiplies_base_and_miles_but_no_fees() -> None:
    answer = priced(
        [base(), mileage(), weekend()], trip_date=SATURDAY, miles=Decimal(200), amenities=["wifi"], amenity=wifi()
    )
    assert answer.total == 1114_50
    assert line_of(answer, "time_multiplier").amount == 212_50
    assert line_of(answer, "time_multiplier").quantity == Decimal("0.25")
    assert line_of(answer, "time_multiplier").unit_amount == 850_00


def test_a_changed_rate_prices_the_miles() -> None:
    assert line_of(priced([mileage(2_75)], miles=Decimal(100)), "mileage_rate").amount == 275_00


def test_the_hour_repeated_when_clocks_go_back_is_counted_once() -> None:
    first_half_past_one = datetime.fromisoformat("2027-11-07T01:30:00-04:00")
    second_half_past_one = datetime.fromisoformat("2027-11-07T01:30:00-05:00")
    half_past_two = datetime.fromisoformat("2027-11-07T02:30:00-05:00")
    hourly = rule("hourly_rate", amount=100_00)
    again = priced([hourly], departs_at=first_half_past_one, returns_at=second_half_past_one)
    assert line_of(again, "hourly_rate").quantity == 1
    longer = priced([hourly], departs_at=first_half_past_one, returns_at=half_past_two)
    assert line_of(longer, "hourly_rate").quantity == 2
    from_second = priced([hourly], departs_at=second_half_past_one, returns_at=half_past_two)
    assert line_of(from_second, "hourly_rate").amount == 100_00


def test_the_hour_skipped_when_clocks_go_forward_is_not_counted() -> None:
    answer = priced(
        [rule("hourly_rate", amount=100_00)],
        departs_at=datetime.fromisoformat("2027-03-14T01:30:00-05:00"),
        returns_at=datetime.fromisoformat("2027-03-14T03:30:00-04:00"),
    )
    assert line_of(answer, "hourly_rate").quantity == 1


def test_a_day_of_25_hours_is_one_day() -> None:
    departs, returns = (datetime(2027, 11, 6, 9, tzinfo=NEW_YORK), datetime(2027, 11, 7, 9, tzinfo=NEW_YORK))
    long_day = trip(departs_at=departs, returns_at=returns)
    assert long_day.days == (date(2027, 11, 6),)
    assert long_day.hours == 25


def test_lines_come_in_the_order_that_makes_the_price() -> None:
    rules = [
        fee("minimum_charge", 10_000_00),
        fee("coi", 50_00),
        fee("second_driver", 200_00),
        fee("overnight", 150_00),
        fee("extra_stop", 25_00),
        fee("booking", 15_00),
        rule("client_specific", client_id=ACME, percent=Decimal(-10)),
        rule("vehicle_specific", vehicle_class="coach", percent=Decimal(5)),
        rule("seasonal", percent=Decimal(10), season_start="03-01", season_end="03-31"),
        weekend(),
        rule("hourly_rate", amount=50_00),
        mileage(1_00, deadhead=True),
        mileage(),
        base(),
    ]
    answer = priced(
        rules,
        terms=replace(TERMS, tax_percent=Decimal("8.875")),
        offer=Offer("SPRING", promo(percent=Decimal(10))),
        amenity=wifi(),
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
    assert kinds(answer) == [
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
    assert answer.total == sum(each.amount for each in answer.lines) == answer.subtotal - answer.discount + answer.tax
    assert {each.id for each in answer.rules} == {each.id for each in rules}


def test_deadhead_miles_have_their_own_rate_and_burn_fuel_too() -> None:
    answer = priced([mileage(), mileage(1_20, deadhead=True)], miles=Decimal(100), deadhead_miles=Decimal(40))
    assert line_of(answer, "deadhead_rate").amount == 48_00
    assert line_of(answer, "fuel_surcharge").amount == 1_40


def test_deadhead_miles_without_a_rate_warn() -> None:
    answer = priced([mileage()], deadhead_miles=Decimal(40))
    assert "deadhead_rate" not in kinds(answer)
    assert "no_deadhead_rate" in warned(answer)


def test_every_vehicle_is_charged() -> None:
    rules = [base(), mileage(), rule("hourly_rate", amount=10_00), fee("extra_stop", 25_00), fee("coi", 50_00)]
    rules.append(fee("minimum_charge", 1_00))
    asked: dict[str, Any] = {"hours": Decimal(3), "stops": 3}
    one = priced(rules, **asked)
    three = priced(rules, vehicle_count=3, **asked)
    assert three.total == 3 * one.total
    with_paper = priced(rules, vehicle_count=3, requires_coi=True, **asked)
    assert with_paper.total == three.total + 50_00


def test_multipliers_add_up_on_the_same_sum() -> None:
    season = rule("seasonal", percent=Decimal(10), valid_from=date(2027, 3, 1), valid_until=date(2027, 3, 31))
    answer = priced([base(100_00), weekend(25), season], trip_date=SATURDAY, miles=Decimal(0))
    assert [each.amount for each in answer.lines] == [100_00, 25_00, 10_00]


def test_reductions_never_take_more_than_there_is() -> None:
    rules = [base(1_01), weekend(-60), rule("seasonal", percent=Decimal(-60))]
    answer = priced(rules, trip_date=SATURDAY, miles=Decimal(0))
    assert [each.amount for each in answer.lines] == [1_01, -61, -40]
    assert answer.total == 0


def test_a_trip_of_several_days_bears_a_weekend_for_its_share() -> None:
    answer = priced([base(300_00), weekend(30)], trip_date=FRIDAY, days=3, miles=Decimal(0))
    assert line_of(answer, "time_multiplier").amount == 60_00


def test_a_friday_night_out_is_a_friday() -> None:
    rules = [base(), weekend()]
    departs, returns = (datetime(2027, 3, 5, 20, tzinfo=NEW_YORK), datetime(2027, 3, 6, 2, tzinfo=NEW_YORK))
    assert "time_multiplier" not in kinds(priced(rules, departs_at=departs, returns_at=returns))


def test_a_trip_is_judged_by_its_own_local_time() -> None:
    late_friday_in_new_york = datetime.fromisoformat("2027-03-06T03:00:00+00:00")
    assert "time_multiplier" not in kinds(priced([base(), weekend()], departs_at=late_friday_in_new_york))
    assert trip(departs_at=late_friday_in_new_york).days == (FRIDAY,)


def test_days_multiply_only_what_is_charged_by_the_day() -> None:
    rules = [base(per_day=True), fee("second_driver", 100_00, per_day=True), fee("coi", 50_00)]
    answer = priced(rules, days=3, miles=Decimal(0), requires_second_driver=True, requires_coi=True)
    assert [each.amount for each in answer.lines] == [1050_00, 300_00, 50_00]


def test_nights_away_are_one_less_than_the_days_unless_said_otherwise() -> None:
    rules = [base(), fee("overnight", 150_00)]
    assert line_of(priced(rules, days=3), "overnight").amount == 300_00
    assert line_of(priced(rules, days=3, overnights=3), "overnight").amount == 450_00
    assert "overnight" not in kinds(priced(rules))


def test_stops_beyond_two_are_charged() -> None:
    rules = [base(), fee("extra_stop", 25_00)]
    assert "extra_stop" not in kinds(priced(rules, stops=2))
    assert line_of(priced(rules, stops=5), "extra_stop").amount == 75_00


def test_a_client_percentage_changes_what_stands_before_fees() -> None:
    rules = [
        base(100_00),
        weekend(50),
        fee("booking", 10_00),
        rule("client_specific", client_id=ACME, percent=Decimal(-10)),
    ]
    answer = priced(rules, client_id=ACME, trip_date=SATURDAY, miles=Decimal(0))
    assert line_of(answer, "client_specific").amount == -15_00
    assert answer.total == 145_00


def test_a_replacement_rate_prices_as_if_it_had_been_the_rate() -> None:
    contract = rule("client_specific", client_id=ACME, amount=2_00, replaces="mileage_rate")
    usual = [base(), weekend()]
    replaced = priced([*usual, mileage(2_50), contract], client_id=ACME, trip_date=SATURDAY)
    assert replaced.total == priced([*usual, mileage(2_00)], trip_date=SATURDAY).total
    assert line_of(replaced, "client_specific").amount == -(50 * 150 * 125) // 100
    assert priced([*usual, mileage(2_50), contract], trip_date=SATURDAY).total > replaced.total


def test_the_client_replaces_a_rate_after_the_vehicle_has() -> None:
    rules = [
        mileage(2_50),
        rule("vehicle_specific", vehicle_class="coach", amount=3_00, replaces="mileage_rate"),
        rule("client_specific", client_id=ACME, amount=2_00, replaces="mileage_rate"),
    ]
    answer = priced(rules, client_id=ACME, miles=Decimal(100))
    assert [each.amount for each in answer.lines] == [250_00, 50_00, -100_00, 1_00]


def test_a_replacement_of_a_rate_that_the_trip_has_none_of_changes_nothing() -> None:
    rules = [base(), rule("client_specific", client_id=ACME, amount=80_00, replaces="hourly_rate")]
    assert "client_specific" not in kinds(priced(rules, client_id=ACME))


def test_an_amenity_costs_what_its_rule_says_before_its_list_price() -> None:
    included = fee("amenity", 0, code="wifi", client_id=ACME)
    asked: dict[str, Any] = {"amenities": ["wifi", "WIFI"], "amenity": wifi()}
    assert line_of(priced([base(), included], **asked), "amenity").amount == 50_00
    assert line_of(priced([base(), included], client_id=ACME, **asked), "amenity").amount == 0


def test_an_amenity_without_a_price_warns() -> None:
    assert "amenity_without_price" in warned(priced([base()], amenities=["piano"]))


def test_fuel_follows_its_rule_or_the_terms() -> None:
    assert line_of(priced([fee("fuel_surcharge", 30)], miles=Decimal(10)), "fuel_surcharge").amount == 3_00
    assert "fuel_surcharge" not in kinds(priced([base(), fee("fuel_surcharge", 0)]))
    dear = replace(TERMS, fuel_per_mile=Decimal("0.05"))
    assert line_of(priced([base()], terms=dear, miles=Decimal(10)), "fuel_surcharge").amount == 50
    fine = replace(TERMS, fuel_per_mile=Decimal("0.0085"))
    assert line_of(priced([base()], terms=fine, miles=Decimal(100)), "fuel_surcharge").amount == 85


def test_a_minimum_tops_the_price_up_after_the_promo_code() -> None:
    rules = [base(400_00), fee("minimum_charge", 380_00)]
    answer = priced(rules, miles=Decimal(0), offer=Offer("SPRING", promo(percent=Decimal(25))))
    assert [each.amount for each in answer.lines] == [400_00, -100_00, 80_00]
    assert (answer.subtotal, answer.discount, answer.total) == (480_00, 100_00, 380_00)


def test_tax_is_on_everything_before_it() -> None:
    answer = priced([base(100_00)], terms=replace(TERMS, tax_percent=Decimal("8.875")), miles=Decimal(0))
    assert (answer.subtotal, answer.tax, answer.total) == (100_00, 8_88, 108_88)


def test_halves_of_a_cent_are_rounded_up_once_at_the_line() -> None:
    assert line_of(priced([mileage(2_05)], miles=Decimal("10.10")), "mileage_rate").amount == 20_71


def test_the_margin_is_against_a_known_cost_and_before_tax() -> None:
    taxed = replace(TERMS, tax_percent=Decimal(10))
    answer = priced([base(200_00)], terms=taxed, miles=Decimal(0), cost=150_00)
    assert answer.margin is not None
    assert (answer.margin.amount, answer.margin.percent) == (50_00, 25.0)
    assert priced([base()]).margin is None
    assert "below_cost" in warned(priced([base(100_00)], miles=Decimal(0), cost=150_00))


def test_what_cannot_be_told_warns() -> None:
    assert warned(priced([])) == {"no_rate"}
    assert warned(priced([rule("hourly_rate", amount=1_00)])) == {"hours_unknown"}
    night = rule("time_multiplier", percent=Decimal(20), start_time="22:00", end_time="06:00")
    assert warned(priced([base(), night])) == {"start_unknown"}
    assert warned(priced([base(), night], start_time="12:00")) == set()


def test_a_price_beyond_all_bounds_is_refused() -> None:
    with pytest.raises(Conflict):
        priced([mileage(1_000_000_00)], miles=Decimal(20_000))
