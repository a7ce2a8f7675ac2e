"""Matching of pricing rules, and winners."""

from __future__ import annotations

import random
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from coachway.pricing.rule_matching import derive_route, pick_winning_rules, rule_matches
from coachway.pricing.rule_model import RuleInput
from tests.unit.pricing.builders import ACME, NEW_YORK, OTHER, SATURDAY, WEDNESDAY, build_rule, build_trip, mileage_rate

ROUTE = "New York, NY > Atlantic City, NJ"


@pytest.mark.parametrize(
    ("filters", "trip_fields", "expected"),
    [
        ({}, {}, True),
        ({"client_id": ACME}, {"client_id": ACME}, True),
        ({"client_id": ACME}, {"client_id": OTHER}, False),
        ({"client_id": ACME}, {}, False),
        ({"vehicle_class": "Coach"}, {}, True),
        ({"vehicle_class": "minibus"}, {}, False),
        ({"route": ROUTE}, {"route": "new york,  ny → ATLANTIC CITY, nj"}, True),
        ({"route": ROUTE}, {"route": "Atlantic City, NJ > New York, NY"}, False),
        ({"route": ROUTE}, {}, False),
        ({"weekdays": ["wednesday"]}, {}, True),
        ({"weekdays": ["saturday", "sunday"]}, {}, False),
        ({"min_passengers": 40, "max_passengers": 40}, {}, True),
        ({"min_passengers": 41}, {}, False),
        ({"max_passengers": 39}, {}, False),
        ({"valid_from": WEDNESDAY, "valid_until": WEDNESDAY}, {}, True),
        ({"valid_from": date(2027, 3, 4)}, {}, False),
        ({"valid_until": date(2027, 3, 2)}, {}, False),
        ({"season_start": "03-03", "season_end": "03-03"}, {}, True),
        ({"season_start": "03-04", "season_end": "06-01"}, {}, False),
        ({"season_start": "12-20", "season_end": "01-05"}, {"trip_date": date(2027, 12, 31)}, True),
        ({"season_start": "12-20", "season_end": "01-05"}, {"trip_date": date(2027, 1, 5)}, True),
        ({"season_start": "12-20", "season_end": "01-05"}, {"trip_date": date(2027, 1, 6)}, False),
        ({"start_time": "22:00", "end_time": "06:00"}, {"start_time": "22:00"}, True),
        ({"start_time": "22:00", "end_time": "06:00"}, {"start_time": "05:59"}, True),
        ({"start_time": "22:00", "end_time": "06:00"}, {"start_time": "06:00"}, False),
        ({"start_time": "22:00", "end_time": "06:00"}, {}, False),
        ({"start_time": "06:00", "end_time": "09:00"}, {"start_time": "08:59"}, True),
        ({"start_time": "06:00", "end_time": "09:00"}, {"start_time": "09:00"}, False),
    ],
)
def test_rule_matches_requires_all_filters(
    filters: dict[str, Any], trip_fields: dict[str, Any], expected: bool
) -> None:
    trip = build_trip(**trip_fields)
    assert rule_matches(mileage_rate(**filters), trip, trip.days[0]) is expected


def test_rule_matches_night_window_covers_repeated_hour() -> None:
    night = mileage_rate(start_time="01:00", end_time="02:00")
    for offset in ("-04:00", "-05:00"):
        trip = build_trip(departs_at=datetime.fromisoformat(f"2027-11-07T01:30:00{offset}"))
        assert rule_matches(night, trip, trip.days[0])


def test_pick_winning_rules_prefers_most_specific_rule() -> None:
    global_rule = mileage_rate(9_00, priority=9999)
    vehicle_rule = mileage_rate(8_00, vehicle_class="coach", priority=50)
    client_rule = mileage_rate(7_00, client_id=ACME, priority=10)
    route_rule = mileage_rate(6_00, route=ROUTE)
    trip = build_trip(client_id=ACME, route=ROUTE)
    rules = [global_rule, vehicle_rule, client_rule, route_rule]
    for expected in (route_rule, client_rule, vehicle_rule, global_rule):
        assert pick_winning_rules(rules, trip, WEDNESDAY)["mileage_rate"] is expected
        rules.remove(expected)


def test_pick_winning_rules_prefers_priority_then_newest() -> None:
    older = mileage_rate(1_00, priority=5, id="prl_01K00000000000000000000000")
    newer = mileage_rate(2_00, priority=5, id="prl_01K10000000000000000000000")
    higher = mileage_rate(3_00, priority=6, id="prl_01J00000000000000000000000")
    assert pick_winning_rules([newer, older], build_trip(), WEDNESDAY)["mileage_rate"] is newer
    assert pick_winning_rules([newer, higher, older], build_trip(), WEDNESDAY)["mileage_rate"] is higher


def test_pick_winning_rules_ignores_order_of_rules() -> None:
    rules = [mileage_rate(n, priority=n % 3, vehicle_class="coach" if n % 2 else None) for n in range(1, 40)]
    expected = pick_winning_rules(rules, build_trip(), WEDNESDAY)
    for seed in range(20):
        random.Random(seed).shuffle(rules)
        assert pick_winning_rules(rules, build_trip(), WEDNESDAY) == expected


def test_pick_winning_rules_separates_deadhead_and_fees() -> None:
    rules = [
        mileage_rate(2_50),
        mileage_rate(1_00, deadhead=True),
        build_rule("flat_fee", fee="amenity", code="wifi", amount=1),
        build_rule("flat_fee", fee="amenity", code="bar", amount=2),
        build_rule("flat_fee", amount=3),
    ]
    winners = pick_winning_rules(rules, build_trip(), WEDNESDAY)
    assert sorted(winners) == [
        "deadhead_rate",
        "flat_fee:amenity:bar",
        "flat_fee:amenity:wifi",
        "flat_fee:booking",
        "mileage_rate",
    ]


def test_build_trip_counts_started_24_hour_periods() -> None:
    departs = datetime(2027, 3, 5, 8, tzinfo=NEW_YORK)
    assert len(build_trip(departs_at=departs, returns_at=datetime(2027, 3, 6, 8, tzinfo=NEW_YORK)).days) == 1
    assert build_trip(departs_at=departs, returns_at=datetime(2027, 3, 7, 20, tzinfo=NEW_YORK)).days == (
        date(2027, 3, 5),
        SATURDAY,
        date(2027, 3, 7),
    )
    assert len(build_trip(hours=Decimal(30)).days) == 2
    assert len(build_trip(hours=Decimal(30), days=4).days) == 4


def test_derive_route_uses_first_and_last_place() -> None:
    addresses = ["11 Wall St, New York, NY 10005", "1901 Boardwalk, Atlantic City, NJ 08401-1234, USA"]
    assert derive_route(addresses) == ROUTE
    assert derive_route([*addresses, "Penn Station, New York, NY"]) == ROUTE
    assert derive_route(["JFK"]) == "JFK > JFK"
    assert derive_route(["", ", USA"]) == "unknown > unknown"
    assert derive_route([]) is None


def test_derive_route_addresses_without_places_is_none() -> None:
    assert derive_route(["x" * 300, "Boston, MA"]) is None
    assert derive_route(["11 Wall St,\nNew York,\tNY", "Boston, MA"]) == "New York, NY > Boston, MA"
    assert derive_route(["a\x00b", "Boston, MA"]) is None
    assert derive_route([">", "Boston, MA"]) == "unknown > Boston, MA"


@pytest.mark.parametrize(
    ("filters", "scope"),
    [
        ({}, "global"),
        ({"vehicle_class": "coach"}, "vehicle"),
        ({"vehicle_class": "coach", "client_id": ACME}, "client"),
        ({"client_id": ACME, "route": ROUTE}, "route"),
        ({"client_id": ACME, "scope": "global"}, "global"),
    ],
)
def test_rule_input_defaults_to_most_specific_scope(filters: dict[str, Any], scope: str) -> None:
    assert mileage_rate(**filters).scope == scope


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rule_type": "base_rate"}, "amount"),
        ({"rule_type": "base_rate", "amount": 1, "percent": 5}, "amount"),
        ({"rule_type": "base_rate", "amount": -1}, "amount"),
        ({"rule_type": "time_multiplier", "amount": 5}, "percent"),
        ({"rule_type": "time_multiplier", "percent": -101}, "percent"),
        ({"rule_type": "seasonal"}, "percent"),
        ({"rule_type": "client_specific", "client_id": ACME}, "percent, amount"),
        ({"rule_type": "client_specific", "client_id": ACME, "amount": 5}, "replaces"),
        ({"rule_type": "client_specific", "percent": 5}, "client_id"),
        ({"rule_type": "vehicle_specific", "percent": 5}, "vehicle_class"),
        ({"rule_type": "base_rate", "amount": 1, "replaces": "mileage_rate"}, "replaces"),
        ({"rule_type": "base_rate", "amount": 1, "fee": "coi"}, "fee"),
        ({"rule_type": "flat_fee", "amount": 1, "fee": "amenity"}, "code"),
        ({"rule_type": "flat_fee", "amount": 1, "fee": "coi", "code": "wifi"}, "code"),
        ({"rule_type": "base_rate", "amount": 1, "deadhead": True}, "deadhead"),
        ({"rule_type": "mileage_rate", "amount": 1, "per_day": True}, "per_day"),
        ({"rule_type": "base_rate", "amount": 1, "scope": "route"}, "route"),
        ({"rule_type": "base_rate", "amount": 1, "scope": "client"}, "client_id"),
        ({"rule_type": "base_rate", "amount": 1, "route": " > "}, "route"),
        ({"rule_type": "base_rate", "amount": 1, "season_start": "01-01"}, "season"),
        ({"rule_type": "base_rate", "amount": 1, "start_time": "01:00"}, "start_time"),
        ({"rule_type": "base_rate", "amount": 1, "start_time": "01:00", "end_time": "01:00"}, "start_time"),
        ({"rule_type": "base_rate", "amount": 1, "start_time": "01:00Z", "end_time": "02:00Z"}, "offset"),
        (
            {"rule_type": "base_rate", "amount": 1, "valid_from": "2027-02-01", "valid_until": "2027-01-31"},
            "valid_until",
        ),
        ({"rule_type": "base_rate", "amount": 1, "min_passengers": 9, "max_passengers": 8}, "max_passengers"),
        ({"rule_type": "base_rate", "amount": 1, "surprise": 1}, "surprise"),
    ],
)
def test_rule_input_rejects_inconsistent_fields(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RuleInput(name="Rule", **fields)
