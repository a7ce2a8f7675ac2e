"""Reads from the shelves what may price a trip, and keeps it as long as no rule changes.

Every change of a rule moves the organization's edition in its own transaction. A quote reads the edition, one small
item, and then only shelves that this process has not read in that edition. The edition moves by a random step, so that
no two histories of rules ever share one.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from coachway.core import store
from coachway.core.persistence.operations import Create, IncrementCounters, Op, Remove
from coachway.core.persistence.queries import query_page
from coachway.core.schemas import PageQuery
from coachway.pricing.rule_index import PAGE_SIZE, IndexPage, collect_candidates, index_partition_of, rule_sort_keys
from coachway.pricing.rule_matching import Trip
from coachway.pricing.rule_model import EDITION, ENTRIES, PricingRule, RuleEntry

_MAX_CACHED_PAGES: Final = 400
"""Glances that a process remembers: some 20,000 rules at the very most, usually a few dozen."""

_MAX_STEP: Final = 2**48

_cache: OrderedDict[tuple[str, int, str, str, str | None], IndexPage] = OrderedDict()


def parse_edition(kept: Mapping[str, int]) -> int:
    """The edition that the numbers at `EDITION` say."""
    return kept.get("edition", 0)


def find_candidates(org_id: str, trip: Trip, known_edition: int | None = None) -> list[PricingRule]:
    """The rules of the organization among which the winners for a trip are; an edition at hand spares a read."""
    edition = parse_edition(store.get_counters(EDITION.key(org=org_id))) if known_edition is None else known_edition

    def look(shelf: str, prefix: str, after: str | None) -> IndexPage:
        known = (org_id, edition, shelf, prefix, after)
        if known in _cache:
            _cache.move_to_end(known)
            return _cache[known]
        glance = _cache[known] = _query_index(org_id, shelf, prefix, after)
        if len(_cache) > _MAX_CACHED_PAGES:
            _cache.popitem(last=False)
        return glance

    return collect_candidates(trip, look)


def _query_index(org_id: str, shelf: str, prefix: str, after: str | None) -> IndexPage:
    partition = ENTRIES.partition(org=org_id, shelf=shelf)
    found = query_page(RuleEntry, ENTRIES, [partition], PageQuery(limit=PAGE_SIZE, cursor=after), prefix=prefix)
    return IndexPage([entry.rule for entry in found.items], found.next_cursor)


def index_ops_on_create(rule: PricingRule) -> list[Op]:
    """What goes with the creation of a rule."""
    return [*map(Create, _build_entries(rule, 1)), _increment_edition_op(rule)]


def index_ops_on_update(before: PricingRule, after: PricingRule) -> list[Op]:
    """What goes with a change of a rule."""
    gone, come = _build_entries(before, before.version), _build_entries(after, before.version + 1)
    return [*map(Remove, gone), *map(Create, come), _increment_edition_op(after)]


def index_ops_on_delete(rule: PricingRule) -> list[Op]:
    """What goes with the end of a rule."""
    return [*map(Remove, _build_entries(rule, rule.version)), _increment_edition_op(rule)]


def _increment_edition_op(rule: PricingRule) -> Op:
    step = 1 + secrets.randbelow(_MAX_STEP)
    return IncrementCounters(EDITION.key(org=rule.org_id), {"edition": step}, "pricing_edition")


def _build_entries(rule: PricingRule, version: int) -> list[RuleEntry]:
    """A rule's copies, in the version that it has or is about to have."""
    copy = rule.model_copy(update={"version": version})
    return [
        RuleEntry(version=1, org_id=rule.org_id, shelf=index_partition_of(rule), entry=f"{entry}|{version}", rule=copy)
        for entry in rule_sort_keys(rule)
    ]
