"""The index of pricing rules: a quote reads only rules that can price its trip.

An organization can have 10,000 rules. The entries of a rule are in **one partition**: that of its route, or else of its
client, or else of its vehicle class, or else the global one. A trip reads at most four partitions. Each partition is
sorted by **time bucket**, then by slot and rank. The bucket depends on the rule's dates: days for a range of up to a
week, months for up to half a year, years for up to five years, otherwise `always`. A rule has at most seven entries.

The number of reads does not depend on the number of rules. A partition with up to `PAGE_SIZE` entries needs one query.
In a larger partition, a quote reads only the buckets of the trip's days, with one query each (four for a trip within a
day). In a bucket with more than `PAGE_SIZE` entries, it reads each slot separately, best rank first, until a rule
matches on every day.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from hashlib import blake2b
from typing import Final, NamedTuple

from coachway.pricing.rule_matching import SPECIFICITY, Trip, derive_rule_slot, list_trip_slots, rule_matches
from coachway.pricing.rule_model import PricingRule, RuleInput, normalize_route

PAGE_SIZE: Final = 50
"""The number of entries that one query reads."""

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NEWEST_FIRST: Final = str.maketrans(_ALPHABET, _ALPHABET[::-1])
_MONTHS_OF_SEASON: Final = 6


def _route_partition(route: str) -> str:
    return f"route:{blake2b(route.encode(), digest_size=12).hexdigest()}"


def derive_rule_partition(rule: RuleInput) -> str:
    """The partition of a rule: by its most selective filter, so that only matching trips read it."""
    if rule.route is not None:
        return _route_partition(normalize_route(rule.route))
    if rule.client_id is not None:
        return f"client:{rule.client_id}"
    return "global" if rule.vehicle_class is None else f"vehicle:{rule.vehicle_class}"


def trip_partitions(trip: Trip) -> tuple[str, ...]:
    """The partitions that a trip reads: at most four."""
    partitions = ["global", f"vehicle:{trip.vehicle_class}"]
    if trip.client_id is not None:
        partitions.append(f"client:{trip.client_id}")
    if trip.route is not None:
        partitions.append(_route_partition(trip.route))
    return tuple(partitions)


def rule_buckets(rule: RuleInput) -> tuple[str, ...]:
    """The time buckets of a rule. Each of its dates is in exactly one of them."""
    first, last = rule.valid_from, rule.valid_until
    if first is not None and last is not None:
        span = (last - first).days
        months = (last.year - first.year) * 12 + last.month - first.month
        if span < 7:
            return tuple(f"day:{first + timedelta(days=n)}" for n in range(span + 1))
        if months <= _MONTHS_OF_SEASON:
            start = first.year * 12 + first.month - 1
            return tuple(f"month:{n // 12}-{n % 12 + 1:02d}" for n in range(start, start + months + 1))
        if last.year - first.year <= 5:
            return tuple(f"year:{year}" for year in range(first.year, last.year + 1))
    return ("always",)


def trip_buckets(days: Sequence[date]) -> tuple[str, ...]:
    """The time buckets of the days of a trip: four for one day."""
    buckets = ["always"]
    buckets += [f"year:{day.year}" for day in days]
    buckets += [f"month:{day.year}-{day.month:02d}" for day in days]
    buckets += [f"day:{day}" for day in days]
    return tuple(dict.fromkeys(buckets))


def _sort_key_prefix(bucket: str, slot: str) -> str:
    return f"{bucket}|{slot}|"


def rule_sort_keys(rule: PricingRule) -> tuple[str, ...]:
    """The sort keys of a rule's entries: within a bucket and slot, the best rank comes first."""
    specificity, newest_first = SPECIFICITY[rule.scope or "global"], rule.id.rpartition("_")[2].translate(_NEWEST_FIRST)
    rank_key = f"{9 - specificity}{9999 - rule.priority:04d}|{newest_first}"
    return tuple(_sort_key_prefix(bucket, derive_rule_slot(rule)) + rank_key for bucket in rule_buckets(rule))


class IndexPage(NamedTuple):
    """A page of a partition in the order of sort keys, and the cursor of the next page, or None."""

    rules: Sequence[PricingRule]
    next_cursor: str | None


ReadPage = Callable[[str, str, str | None], IndexPage]
"""`read_page(partition, prefix, cursor)` returns up to `PAGE_SIZE` entries whose sort keys start with `prefix`."""


def collect_candidates(trip: Trip, read_page: ReadPage) -> list[PricingRule]:
    """Collect rules that include the winner of each slot and day of a trip, without duplicates."""
    rules_by_id: dict[str, PricingRule] = {}
    for partition in trip_partitions(trip):
        for rule in _read_rules_of_partition(trip, partition, read_page):
            rules_by_id[rule.id] = rule
    return list(rules_by_id.values())


def _read_rules_of_partition(trip: Trip, partition: str, read_page: ReadPage) -> Iterator[PricingRule]:
    rules, next_cursor = read_page(partition, "", None)
    if next_cursor is None:
        yield from rules
        return
    for bucket in trip_buckets(trip.days):
        rules, next_cursor = read_page(partition, f"{bucket}|", None)
        if next_cursor is None:
            yield from rules
            continue
        for slot in list_trip_slots(trip):
            yield from _read_rules_of_slot(trip, partition, _sort_key_prefix(bucket, slot), read_page)


def _read_rules_of_slot(trip: Trip, partition: str, prefix: str, read_page: ReadPage) -> Iterator[PricingRule]:
    """Read the rules of a slot by rank, until a rule matches on every day of the trip."""
    open_days, cursor = set(trip.days), None
    while True:
        rules, cursor = read_page(partition, prefix, cursor)
        yield from rules
        for rule in rules:
            open_days = {day for day in open_days if not rule_matches(rule, trip, day)}
        if cursor is None or not open_days:
            return
