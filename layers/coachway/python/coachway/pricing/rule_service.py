"""Pricing rules: create, get, list, update, delete, history."""

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
from coachway.core.types.vehicle_classes import VehicleClass
from coachway.identity.actor_names import add_actor_names
from coachway.pricing import rule_cache
from coachway.pricing.rule_model import (
    RULE,
    RULES,
    RULES_OF_TYPE,
    PricingRule,
    RuleInput,
    RuleType,
    Scope,
)


class RuleQuery(PageQuery):
    """Filters of pricing rules."""

    rule_type: RuleType | None = None
    scope: Scope | None = None
    client_id: Annotated[str | None, Field(pattern=ids.pattern("cli"))] = None
    vehicle_class: VehicleClass | None = None


def create_rule(caller: Caller, body: RuleInput) -> PricingRule:
    """Create a rule; new quotes use it immediately. Raises NotFound if the client does not exist."""
    client_reference.require_client(caller.org_id, body.client_id)
    rule = PricingRule(id=ids.new("prl"), org_id=caller.org_id, **body.model_dump())
    event = PricingRuleCreated(rule_id=rule.id, name=rule.name, rule_type=rule.rule_type)
    store.commit(caller, Create(rule, [event]), *rule_cache.index_ops_on_create(rule))
    return rule


def get_rule(caller: Caller, rule_id: str) -> PricingRule:
    """Get a rule. Raises NotFound."""
    return store.get(PricingRule, RULE.key(org=caller.org_id, id=rule_id))


def list_rules(caller: Caller, query: RuleQuery) -> Page[PricingRule]:
    """List rules, newest first."""
    pattern, key_fields = (RULES_OF_TYPE, {"rule_type": query.rule_type}) if query.rule_type else (RULES, {})
    filters = {"scope": query.scope, "client_id": query.client_id, "vehicle_class": query.vehicle_class}
    where = {name: value for name, value in filters.items() if value is not None}
    partition = pattern.partition(org=caller.org_id, **key_fields)
    return query_page(PricingRule, pattern, [partition], query, where=where, descending=True)


def update_rule(caller: Caller, rule_id: str, changes: PartialUpdate[RuleInput], expected: int | None) -> PricingRule:
    """Update a rule. Raises NotFound, PreconditionFailed, Invalid or ConcurrentUpdate."""
    before = store.get(PricingRule, RULE.key(org=caller.org_id, id=rule_id), expected=expected)
    after = apply_changes(before, changes)
    if after.client_id != before.client_id:
        client_reference.require_client(caller.org_id, after.client_id)
    event = PricingRuleChanged(rule_id=after.id, name=after.name, rule_type=after.rule_type)
    store.commit(caller, Update(before, after, [event]), *rule_cache.index_ops_on_update(before, after))
    return after


def delete_rule(caller: Caller, rule_id: str, expected: int | None) -> None:
    """Delete a rule; earlier quotes keep its values. Raises NotFound, PreconditionFailed or ConcurrentUpdate."""
    before = store.get(PricingRule, RULE.key(org=caller.org_id, id=rule_id), expected=expected)
    after = before.model_copy(update={"deleted_at": clock.now()})
    event = PricingRuleDeleted(rule_id=before.id, name=before.name, rule_type=before.rule_type)
    store.commit(caller, Update(before, after, [event]), *rule_cache.index_ops_on_delete(before))


def get_rule_history(caller: Caller, rule_id: str) -> list[HistoryEntry]:
    """Get the history of a rule, oldest first, even if the rule was deleted. Raises NotFound."""
    entries = store.list_history(RULE.key(org=caller.org_id, id=rule_id))
    if not entries:
        raise errors.NotFound("The pricing rule was not found.")
    return add_actor_names(caller.org_id, entries)
