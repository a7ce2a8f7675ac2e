"""Warnings of calculated quotes; some of them block the quote."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from coachway.pricing.notice_model import Notice
from tests.unit.pricing.builders import (
    ACME,
    TERMS,
    base_rate,
    build_rule,
    calculate_trip_price,
    flat_fee,
    line_kinds,
    mileage_rate,
    warning_codes,
)


def test_deadhead_miles_without_rate_add_warning() -> None:
    price = calculate_trip_price([mileage_rate()], deadhead_miles=Decimal(40))
    assert "deadhead_rate" not in line_kinds(price)
    assert "no_deadhead_rate" in warning_codes(price)


def test_amenity_without_price_adds_warning() -> None:
    assert "amenity_without_price" in warning_codes(calculate_trip_price([base_rate()], amenities=["piano"]))


def test_missing_times_and_rates_add_warnings() -> None:
    assert warning_codes(calculate_trip_price([])) == {"no_rate"}
    hourly = build_rule("hourly_rate", amount=1_00)
    assert warning_codes(calculate_trip_price([hourly])) == {"no_rate", "hours_unknown"}
    assert warning_codes(calculate_trip_price([hourly], hours=Decimal(4))) == set()
    night = build_rule("time_multiplier", percent=Decimal(20), start_time="22:00", end_time="06:00")
    assert warning_codes(calculate_trip_price([base_rate(), night])) == {"start_unknown"}
    assert warning_codes(calculate_trip_price([base_rate(), night], start_time="12:00")) == set()


def test_price_without_rate_blocks_quote_despite_other_charges() -> None:
    deadhead = mileage_rate(deadhead=True)
    others = [deadhead, flat_fee("booking", 25_00), flat_fee("minimum_charge", 400_00)]
    price = calculate_trip_price(others, deadhead_miles=Decimal(20))
    assert [(notice.code, notice.blocking) for notice in price.warnings] == [("no_rate", True)]
    agreed = build_rule("client_specific", client_id=ACME, replaces="base_rate", amount=900_00)
    assert warning_codes(calculate_trip_price([*others, agreed], client_id=ACME)) == set()


def test_unknown_class_and_missing_seats_block_quote() -> None:
    terms = replace(TERMS, seats_by_class={"coach": 56})
    unknown = calculate_trip_price([base_rate()], terms=terms, vehicle_class="cooach", passengers=400)
    assert [(notice.code, notice.blocking) for notice in unknown.warnings] == [("unknown_vehicle_class", True)]
    for passengers, vehicles, codes in ((56, 1, set()), (57, 1, {"too_few_seats"}), (112, 2, set())):
        price = calculate_trip_price([base_rate()], terms=terms, passengers=passengers, vehicle_count=vehicles)
        assert warning_codes(price) == codes
    few = calculate_trip_price([], terms=terms, passengers=400)
    assert [(notice.code, notice.blocking) for notice in few.warnings] == [("no_rate", True), ("too_few_seats", True)]


def test_stored_notice_about_missing_rate_blocks_quote_of_earlier_release() -> None:
    stored = Notice.model_validate_json('{"code": "no_rate", "message": "No rate.", "blocking": false}')
    assert (stored.blocking, stored.prevents_sending) == (True, True)
    hours = Notice(code="hours_of_service", message="Too long.", blocking=True)
    assert (hours.blocking, hours.prevents_sending) == (True, False)
