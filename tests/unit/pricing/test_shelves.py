"""A quote finds its rules without reading the others."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.pricing.rule_index import (
    PAGE_SIZE,
    IndexPage,
    collect_candidates,
    index_partition_of,
    rule_buckets,
    rule_sort_keys,
    trip_buckets,
)
from coachway.pricing.rule_matching import Trip, pick_winners, slots_for
from coachway.pricing.rule_model import PricingRule
from tests.unit.pricing.making import ACME, SATURDAY, WEDNESDAY, base, fee, mileage, rule, trip, weekend
from tests.unit.pricing.test_properties import rule_sets, trips


class Shelves:
    """Shelves in memory that count what is read of them."""

    def __init__(self, rules: list[PricingRule], few: int = PAGE_SIZE) -> None:
        self.shelves: dict[str, list[tuple[str, PricingRule]]] = {}
        self.few, self.queries, self.read = few, 0, 0
        for each in rules:
            self.shelves.setdefault(index_partition_of(each), []).extend(
                (entry, each) for entry in rule_sort_keys(each)
            )
        for entries in self.shelves.values():
            entries.sort(key=lambda entry: entry[0])

    def look(self, shelf: str, prefix: str, after: str | None) -> IndexPage:
        entries = [
            e for e in self.shelves.get(shelf, []) if e[0].startswith(prefix) and (after is None or e[0] > after)
        ]
        found = entries[: self.few]
        self.queries += 1
        self.read += len(found)
        return IndexPage([each for _, each in found], found[-1][0] if len(entries) > self.few else None)


def same_winners(rules: list[PricingRule], asked: Trip, shelves: Shelves) -> bool:
    found = collect_candidates(asked, shelves.look)
    return all(
        _of(pick_winners(found, asked, day), asked) == _of(pick_winners(rules, asked, day), asked) for day in asked.days
    )


def _of(won: dict[str, PricingRule], asked: Trip) -> dict[str, str]:
    """Winners that can matter: a fee for what the trip does not have is not looked for on a full shelf."""
    return {place: won[place].id for place in slots_for(asked) if place in won}


@settings(deadline=None)
@given(rule_sets, trips(), st.integers(1, 4))
def test_the_winners_are_among_what_is_read_however_little_is_read_at_a_time(
    rules: list[PricingRule], asked: Trip, few: int
) -> None:
    assert same_winners(rules, asked, Shelves(rules, few))


@given(st.dates(date(2027, 1, 1), date(2030, 1, 1)), st.integers(0, 3000), st.integers(0, 3000))
def test_every_trip_date_of_a_rule_falls_into_exactly_one_of_its_buckets(first: date, length: int, day: int) -> None:
    dated = mileage(valid_from=first, valid_until=first + timedelta(days=length))
    buckets = rule_buckets(dated)
    assert len(buckets) <= 7
    asked = first + timedelta(days=min(day, length))
    assert len(set(buckets) & set(trip_buckets([asked]))) == 1


def test_few_rules_are_read_with_one_query_for_each_shelf() -> None:
    rules = [base(), mileage(), weekend(), mileage(2_00, client_id=ACME)]
    shelves = Shelves(rules)
    assert len(collect_candidates(trip(client_id=ACME), shelves.look)) == 4
    assert shelves.queries == 3


def test_10000_rules_are_not_read_for_one_quote() -> None:
    first = date(2026, 1, 1)
    rules = [base(), mileage(), weekend(), fee("coi", 50_00)]
    rules += [mileage(n, client_id=f"cli_{n:026d}") for n in range(2000)]
    rules += [mileage(n, vehicle_class=f"class-{n}") for n in range(1000)]
    rules += [mileage(n, route=f"Here > Place {n}") for n in range(2000)]
    rules += [rule("seasonal", percent=Decimal(5), valid_from=day, valid_until=day) for day in _days(first, 1500)]
    rules += [
        rule("seasonal", percent=Decimal(5), valid_from=day, valid_until=day + timedelta(days=60))
        for day in _days(first, 1500)
    ]
    rules += [rule("seasonal", percent=Decimal(5), priority=n) for n in range(1000)]
    rules += [mileage(n, priority=n % 10000) for n in range(1000)]
    asked = trip(trip_date=SATURDAY, client_id=f"cli_{77:026d}", route="Here > Place 7")
    shelves = Shelves(rules)
    assert len(rules) == 10_004
    assert same_winners(rules, asked, shelves)
    assert shelves.queries <= 30
    assert shelves.read <= 600


def test_rules_that_are_outranked_are_not_read() -> None:
    rules = [mileage(n, priority=n) for n in range(1, 5000)]
    shelves = Shelves(rules)
    assert same_winners(rules, trip(trip_date=WEDNESDAY), shelves)
    assert shelves.read <= 4 * PAGE_SIZE


def _days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]
