"""The index of pricing rules."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.pricing.rule_index import (
    PAGE_SIZE,
    IndexPage,
    collect_candidates,
    derive_rule_partition,
    rule_buckets,
    rule_sort_keys,
    trip_buckets,
)
from coachway.pricing.rule_matching import Trip, list_trip_slots, pick_winning_rules
from coachway.pricing.rule_model import PricingRule
from tests.unit.pricing.builders import (
    ACME,
    SATURDAY,
    WEDNESDAY,
    base_rate,
    build_rule,
    build_trip,
    flat_fee,
    mileage_rate,
    weekend_multiplier,
)
from tests.unit.pricing.strategies import RULE_SETS, trips


class InMemoryIndex:
    """An index in memory that counts queries and read rules."""

    def __init__(self, rules: list[PricingRule], page_size: int = PAGE_SIZE) -> None:
        self.partitions: dict[str, list[tuple[str, PricingRule]]] = {}
        self.page_size, self.queries, self.rules_read = page_size, 0, 0
        for each in rules:
            self.partitions.setdefault(derive_rule_partition(each), []).extend(
                (entry, each) for entry in rule_sort_keys(each)
            )
        for entries in self.partitions.values():
            entries.sort(key=lambda entry: entry[0])

    def read_page(self, partition: str, prefix: str, after: str | None) -> IndexPage:
        entries = [
            entry
            for entry in self.partitions.get(partition, [])
            if entry[0].startswith(prefix) and (after is None or entry[0] > after)
        ]
        page = entries[: self.page_size]
        self.queries += 1
        self.rules_read += len(page)
        return IndexPage([each for _, each in page], page[-1][0] if len(entries) > self.page_size else None)


def has_same_winners(rules: list[PricingRule], trip: Trip, index: InMemoryIndex) -> bool:
    candidates = collect_candidates(trip, index.read_page)
    return all(
        _relevant_winners(pick_winning_rules(candidates, trip, day), trip)
        == _relevant_winners(pick_winning_rules(rules, trip, day), trip)
        for day in trip.days
    )


def _relevant_winners(winners: dict[str, PricingRule], trip: Trip) -> dict[str, str]:
    """Winners of slots that apply to the trip; others are not read from a full partition."""
    return {slot: winners[slot].id for slot in list_trip_slots(trip) if slot in winners}


@settings(deadline=None)
@given(RULE_SETS, trips(), st.integers(1, 4))
def test_collect_candidates_includes_winners_for_any_page_size(
    rules: list[PricingRule], trip: Trip, page_size: int
) -> None:
    assert has_same_winners(rules, trip, InMemoryIndex(rules, page_size))


@given(st.dates(date(2027, 1, 1), date(2030, 1, 1)), st.integers(0, 3000), st.integers(0, 3000))
def test_rule_buckets_contain_each_date_exactly_once(first: date, length: int, day: int) -> None:
    rule = mileage_rate(valid_from=first, valid_until=first + timedelta(days=length))
    buckets = rule_buckets(rule)
    assert len(buckets) <= 7
    trip_date = first + timedelta(days=min(day, length))
    assert len(set(buckets) & set(trip_buckets([trip_date]))) == 1


def test_collect_candidates_reads_small_partitions_with_one_query() -> None:
    rules = [base_rate(), mileage_rate(), weekend_multiplier(), mileage_rate(2_00, client_id=ACME)]
    index = InMemoryIndex(rules)
    assert len(collect_candidates(build_trip(client_id=ACME), index.read_page)) == 4
    assert index.queries == 3


def test_collect_candidates_does_not_read_10000_rules() -> None:
    first = date(2026, 1, 1)
    rules = [base_rate(), mileage_rate(), weekend_multiplier(), flat_fee("coi", 50_00)]
    rules += [mileage_rate(n, client_id=f"cli_{n:026d}") for n in range(2000)]
    rules += [mileage_rate(n, vehicle_class=f"class-{n}") for n in range(1000)]
    rules += [mileage_rate(n, route=f"Here > Place {n}") for n in range(2000)]
    rules += [
        build_rule("seasonal", percent=Decimal(5), valid_from=day, valid_until=day) for day in _date_range(first, 1500)
    ]
    rules += [
        build_rule("seasonal", percent=Decimal(5), valid_from=day, valid_until=day + timedelta(days=60))
        for day in _date_range(first, 1500)
    ]
    rules += [build_rule("seasonal", percent=Decimal(5), priority=n) for n in range(1000)]
    rules += [mileage_rate(n, priority=n % 10000) for n in range(1000)]
    trip = build_trip(trip_date=SATURDAY, client_id=f"cli_{77:026d}", route="Here > Place 7")
    index = InMemoryIndex(rules)
    assert len(rules) == 10_004
    assert has_same_winners(rules, trip, index)
    assert index.queries <= 30
    assert index.rules_read <= 600


def test_collect_candidates_does_not_read_outranked_rules() -> None:
    rules = [mileage_rate(n, priority=n) for n in range(1, 5000)]
    index = InMemoryIndex(rules)
    assert has_same_winners(rules, build_trip(trip_date=WEDNESDAY), index)
    assert index.rules_read <= 4 * PAGE_SIZE


def _date_range(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]
