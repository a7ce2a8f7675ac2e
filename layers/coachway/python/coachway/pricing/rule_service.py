"""The pricing rules of an organization."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coachway.contracts.pricing import PricingRuleChanged, PricingRuleCreated, PricingRuleDeleted
from coachway.core import client_reference, errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import HistoryEntry
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.queries import query_page
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PageQuery, PartialUpdate, apply_changes
from coachway.core.types import ids
from coachway.pricing import rule_cache
from coachway.pricing.rule_model import (
    RULE,
    RULES,
    RULES_OF_TYPE,
    PricingRule,
    RuleInput,
    RuleType,
    Scope,
    VehicleClass,
)


class RuleQuery(PageQuery):
    """Which rules to list; newest first."""

    rule_type: RuleType | None = None
    scope: Scope | None = None
    client_id: Annotated[str | None, Field(pattern=ids.pattern("cli"))] = None
    vehicle_class: VehicleClass | None = None


def create_rule(caller: Caller, body: RuleInput) -> PricingRule:
    """Add a rule; quotes follow it at once. Raises Missing for a client that the organization does not have."""
    client_reference.require_client(caller.org_id, body.client_id)
    rule = PricingRule(id=ids.new("prl"), org_id=caller.org_id, **body.model_dump())
    told = PricingRuleCreated(rule_id=rule.id, name=rule.name, rule_type=rule.rule_type)
    store.commit(caller, Create(rule, [told]), *rule_cache.index_ops_on_create(rule))
    return rule


def get_rule(caller: Caller, rule_id: str) -> PricingRule:
    """One rule. Raises Missing."""
    return store.get(PricingRule, RULE.key(org=caller.org_id, id=rule_id))


def list_rules(caller: Caller, query: RuleQuery) -> Page[PricingRule]:
    """The rules, newest first."""
    pattern, parts = (RULES_OF_TYPE, {"rule_type": query.rule_type}) if query.rule_type else (RULES, {})
    named = {"scope": query.scope, "client_id": query.client_id, "vehicle_class": query.vehicle_class}
    where = {name: value for name, value in named.items() if value is not None}
    partition = pattern.partition(org=caller.org_id, **parts)
    return query_page(PricingRule, pattern, [partition], query, where=where, descending=True)


def update_rule(caller: Caller, rule_id: str, changes: PartialUpdate[RuleInput], expected: int | None) -> PricingRule:
    """Change a rule; its history shows each field before and after. Raises Missing, Stale, Invalid, LostRace."""
    before = store.get(PricingRule, RULE.key(org=caller.org_id, id=rule_id), expected=expected)
    after = apply_changes(before, changes)
    if after.client_id != before.client_id:
        client_reference.require_client(caller.org_id, after.client_id)
    told = PricingRuleChanged(rule_id=after.id, name=after.name, rule_type=after.rule_type)
    store.commit(caller, Update(before, after, [told]), *rule_cache.index_ops_on_update(before, after))
    return after


def delete_rule(caller: Caller, rule_id: str, expected: int | None) -> None:
    """End a rule; quotes given before keep its values. Raises Missing, Stale, LostRace."""
    before = store.get(PricingRule, RULE.key(org=caller.org_id, id=rule_id), expected=expected)
    after = before.model_copy(update={"deleted_at": clock.now()})
    told = PricingRuleDeleted(rule_id=before.id, name=before.name, rule_type=before.rule_type)
    store.commit(caller, Update(before, after, [told]), *rule_cache.index_ops_on_delete(before))


def get_rule_history(caller: Caller, rule_id: str) -> list[HistoryEntry]:
    """Who changed which fields of a rule, and when, oldest first; of one that was deleted too. Raises Missing."""
    entries = store.history(RULE.key(org=caller.org_id, id=rule_id))
    if not entries:
        raise errors.NotFound("there is no such pricing rule")
    return entries
