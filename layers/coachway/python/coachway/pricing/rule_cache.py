"""Reads index pages of pricing rules, and caches them until a rule changes.

Each change of a rule increments the organization's edition in the same transaction. A quote reads the edition, a small
item, and then only pages that this process has not cached for that edition. The edition is incremented by a random
number, so that the same edition never means two different states of the rules.
"""

import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

from coachway.core import store
from coachway.core.persistence.operations import Create, IncrementCounters, Op, Remove
from coachway.core.persistence.queries import query_page
from coachway.core.schemas import PageQuery
from coachway.pricing.rule_index import PAGE_SIZE, IndexPage, collect_candidates, derive_rule_partition, rule_sort_keys
from coachway.pricing.rule_matching import Trip
from coachway.pricing.rule_model import EDITION, ENTRIES, PricingRule, RuleEntry

_MAX_CACHED_PAGES: Final = 400
"""Maximum number of index pages that a process caches: up to 20,000 rules, usually a few dozen."""

_MAX_STEP: Final = 2**48

_cache: OrderedDict[tuple[str, int, str, str, str | None], IndexPage] = OrderedDict()


def parse_edition(numbers: Mapping[str, int]) -> int:
    """The edition, from the counters at `EDITION`."""
    return numbers.get("edition", 0)


def find_candidates(org_id: str, trips: Sequence[Trip], loaded_edition: int | None = None) -> list[PricingRule]:
    """Find the rules that can price a trip; `trips` has it once for each vehicle class.

    An edition that is already loaded saves a read.
    """
    edition = parse_edition(store.get_counters(EDITION.key(org=org_id))) if loaded_edition is None else loaded_edition

    def read_page(partition: str, prefix: str, cursor: str | None) -> IndexPage:
        key = (org_id, edition, partition, prefix, cursor)
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
        page = _cache[key] = _query_index(org_id, partition, prefix, cursor)
        if len(_cache) > _MAX_CACHED_PAGES:
            _cache.popitem(last=False)
        return page

    rules = (rule for trip in trips for rule in collect_candidates(trip, read_page))
    return list({rule.id: rule for rule in rules}.values())


def _query_index(org_id: str, partition: str, prefix: str, cursor: str | None) -> IndexPage:
    pk = ENTRIES.partition(org=org_id, shelf=partition)
    page = query_page(RuleEntry, ENTRIES, [pk], PageQuery(limit=PAGE_SIZE, cursor=cursor), prefix=prefix)
    return IndexPage([entry.rule for entry in page.items], page.next_cursor)


def index_ops_on_create(rule: PricingRule) -> list[Op]:
    """Operations that index a new rule."""
    return [*map(Create, _build_entries(rule, 1)), _increment_edition_op(rule)]


def index_ops_on_update(before: PricingRule, after: PricingRule) -> list[Op]:
    """Operations that index a changed rule."""
    removed, added = _build_entries(before, before.version), _build_entries(after, before.version + 1)
    return [*map(Remove, removed), *map(Create, added), _increment_edition_op(after)]


def index_ops_on_delete(rule: PricingRule) -> list[Op]:
    """Operations that remove a deleted rule from the index."""
    return [*map(Remove, _build_entries(rule, rule.version)), _increment_edition_op(rule)]


def _increment_edition_op(rule: PricingRule) -> Op:
    step = 1 + secrets.randbelow(_MAX_STEP)
    return IncrementCounters(EDITION.key(org=rule.org_id), {"edition": step}, "pricing_edition")


def _build_entries(rule: PricingRule, version: int) -> list[RuleEntry]:
    """Build the index entries of a version of a rule."""
    copy = rule.model_copy(update={"version": version})
    return [
        RuleEntry(
            version=1, org_id=rule.org_id, shelf=derive_rule_partition(rule), entry=f"{entry}|{version}", rule=copy
        )
        for entry in rule_sort_keys(rule)
    ]
