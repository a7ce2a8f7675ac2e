"""On which shelf a rule lies, so that a quote reads only rules that may price its trip.

An organization may have 10,000 rules. A copy of each lies on **one shelf**: that of its route, else of its client,
else of its class of vehicle, else the common one; a trip looks at no more than four shelves. On a shelf, copies are
sorted by **time bucket**, then slot, then rank. The bucket is as narrow as the rule's dates: single days for an event
of up to a week, months for a season of up to half a year, years for up to five, otherwise always; a rule lies in
seven buckets at most.

What a quote reads, whatever the number of rules: a shelf of up to `FEW` copies in one query. From a fuller shelf, the
buckets of the trip's days only, one query each (four for a trip within a day); and from a bucket of more than `FEW`,
each slot of the trip by itself, best rank first, until one matches on every day. Only rules that share shelf, bucket
and slot, outrank the winner and differ from the trip by weekday, hour, class or passengers are read in vain, `FEW` at
a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from hashlib import blake2b
from typing import Final, NamedTuple

from coachway.pricing.rule_matching import SPECIFICITY, Trip, matches, slot_of, slots_for
from coachway.pricing.rule_model import PricingRule, RuleInput, normalize_route

PAGE_SIZE: Final = 50
"""How many copies are read at a time."""

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NEWEST_FIRST: Final = str.maketrans(_ALPHABET, _ALPHABET[::-1])
_MONTHS_OF_SEASON: Final = 6


def _route_partition(route: str) -> str:
    return f"route:{blake2b(route.encode(), digest_size=12).hexdigest()}"


def index_partition_of(rule: RuleInput) -> str:
    """The shelf of a rule: by the most selective of its filters, which only trips that match it look at."""
    if rule.route is not None:
        return _route_partition(normalize_route(rule.route))
    if rule.client_id is not None:
        return f"client:{rule.client_id}"
    return "global" if rule.vehicle_class is None else f"vehicle:{rule.vehicle_class}"


def trip_partitions(trip: Trip) -> tuple[str, ...]:
    """The shelves that a trip looks at: at most four."""
    shelves = ["global", f"vehicle:{trip.vehicle_class}"]
    if trip.client_id is not None:
        shelves.append(f"client:{trip.client_id}")
    if trip.route is not None:
        shelves.append(_route_partition(trip.route))
    return tuple(shelves)


def rule_buckets(rule: RuleInput) -> tuple[str, ...]:
    """The time buckets of a rule: each of its trip dates falls into exactly one of them."""
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
    """The time buckets that trip days fall into: four for one day."""
    found = ["always"]
    found += [f"year:{day.year}" for day in days]
    found += [f"month:{day.year}-{day.month:02d}" for day in days]
    found += [f"day:{day}" for day in days]
    return tuple(dict.fromkeys(found))


def _prefix(bucket: str, place: str) -> str:
    return f"{bucket}|{place}|"


def rule_sort_keys(rule: PricingRule) -> tuple[str, ...]:
    """The sort keys of a rule's copies: within a bucket and slot, the better rank comes first."""
    specificity, newness = (SPECIFICITY[rule.scope or "global"], rule.id.rpartition("_")[2].translate(_NEWEST_FIRST))
    outranks = f"{9 - specificity}{9999 - rule.priority:04d}|{newness}"
    return tuple(_prefix(bucket, slot_of(rule)) + outranks for bucket in rule_buckets(rule))


class IndexPage(NamedTuple):
    """What a query of a shelf found, in the order of sort keys, and whence to go on; None when that was all."""

    rules: Sequence[PricingRule]
    further: str | None


ReadPage = Callable[[str, str, str | None], IndexPage]
"""`look(shelf, prefix, after)`: up to `FEW` copies whose sort keys begin with `prefix`, after the one named."""


def collect_candidates(trip: Trip, look: ReadPage) -> list[PricingRule]:
    """The rules among which the winners of every slot and day of the trip certainly are, each once."""
    found: dict[str, PricingRule] = {}
    for shelf in trip_partitions(trip):
        for rule in _read_partition(trip, shelf, look):
            found[rule.id] = rule
    return list(found.values())


def _read_partition(trip: Trip, shelf: str, look: ReadPage) -> Iterator[PricingRule]:
    rules, further = look(shelf, "", None)
    if further is None:
        yield from rules
        return
    for bucket in trip_buckets(trip.days):
        rules, further = look(shelf, f"{bucket}|", None)
        if further is None:
            yield from rules
            continue
        for place in slots_for(trip):
            yield from _read_slot(trip, shelf, _prefix(bucket, place), look)


def _read_slot(trip: Trip, shelf: str, prefix: str, look: ReadPage) -> Iterator[PricingRule]:
    """Rules of a slot in the order of their rank, until every day of the trip has one that matches."""
    open_days, after = set(trip.days), None
    while True:
        rules, after = look(shelf, prefix, after)
        yield from rules
        for rule in rules:
            open_days = {day for day in open_days if not matches(rule, trip, day)}
        if after is None or not open_days:
            return
