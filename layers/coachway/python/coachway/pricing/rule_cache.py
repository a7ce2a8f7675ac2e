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
from coachway.pricing.rule_index import FEW, IndexPage, candidates, entries_of, index_partition_of
from coachway.pricing.rule_matching import Trip
from coachway.pricing.rule_model import EDITION, ENTRIES, PricingRule, RuleEntry

_MOST_KEPT: Final = 400
"""Glances that a process remembers: some 20,000 rules at the very most, usually a few dozen."""

_LARGEST_STEP: Final = 2**48

_kept: OrderedDict[tuple[str, int, str, str, str | None], IndexPage] = OrderedDict()


def edition_in(kept: Mapping[str, int]) -> int:
    """The edition that the numbers at `EDITION` say."""
    return kept.get("edition", 0)


def candidates_for(org_id: str, trip: Trip, known_edition: int | None = None) -> list[PricingRule]:
    """The rules of the organization among which the winners for a trip are; an edition at hand spares a read."""
    edition = edition_in(store.get_counters(EDITION.key(org=org_id))) if known_edition is None else known_edition

    def look(shelf: str, prefix: str, after: str | None) -> IndexPage:
        known = (org_id, edition, shelf, prefix, after)
        if known in _kept:
            _kept.move_to_end(known)
            return _kept[known]
        glance = _kept[known] = _read(org_id, shelf, prefix, after)
        if len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
        return glance

    return candidates(trip, look)


def _read(org_id: str, shelf: str, prefix: str, after: str | None) -> IndexPage:
    partition = ENTRIES.partition(org=org_id, shelf=shelf)
    found = query_page(RuleEntry, ENTRIES, [partition], PageQuery(limit=FEW, cursor=after), prefix=prefix)
    return IndexPage([entry.rule for entry in found.items], found.next_cursor)


def index_ops_on_create(rule: PricingRule) -> list[Op]:
    """What goes with the creation of a rule."""
    return [*map(Create, _entries(rule, 1)), _moved(rule)]


def index_ops_on_update(before: PricingRule, after: PricingRule) -> list[Op]:
    """What goes with a change of a rule."""
    gone, come = _entries(before, before.version), _entries(after, before.version + 1)
    return [*map(Remove, gone), *map(Create, come), _moved(after)]


def index_ops_on_delete(rule: PricingRule) -> list[Op]:
    """What goes with the end of a rule."""
    return [*map(Remove, _entries(rule, rule.version)), _moved(rule)]


def _moved(rule: PricingRule) -> Op:
    step = 1 + secrets.randbelow(_LARGEST_STEP)
    return IncrementCounters(EDITION.key(org=rule.org_id), {"edition": step}, "pricing_edition")


def _entries(rule: PricingRule, version: int) -> list[RuleEntry]:
    """A rule's copies, in the version that it has or is about to have."""
    copy = rule.model_copy(update={"version": version})
    return [
        RuleEntry(version=1, org_id=rule.org_id, shelf=index_partition_of(rule), entry=f"{entry}|{version}", rule=copy)
        for entry in entries_of(rule)
    ]
