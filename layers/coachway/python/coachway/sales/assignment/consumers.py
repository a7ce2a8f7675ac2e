"""Users who get leads: when one is changed or leaves, their assignment rule follows."""

from collections.abc import Mapping
from typing import Final

from coachway.contracts.identity import UserDeleted, UserUpdated
from coachway.contracts.sales import AssignmentRuleUpdated
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.user_reference import USERS
from coachway.identity.model.user import User
from coachway.identity.staff import is_active_staff
from coachway.sales.assignment.distribution import find_roster
from coachway.sales.assignment.model import RULES, AssignmentRule


@retry_on_conflict
def on_user_changed(caller: Caller, delivery: Delivery) -> None:
    """Keep the address of an agent, and deactivate the rule of one who is not active any more."""
    user_id = str(delivery.data["user_id"])
    roster = find_roster(caller.org_id)
    agent = roster.find_agent(user_id) if roster is not None else None
    if roster is None or agent is None:
        return
    user = store.find(User, USERS.key(org=caller.org_id, id=user_id))
    is_employed = user is not None and is_active_staff(user)
    changes = {"email": user.email if user else None, "is_active": agent.is_active and is_employed}
    updated = agent.model_copy(update=changes)
    if updated == agent:
        return
    agents = [updated if each.rule_id == agent.rule_id else each for each in roster.agents]
    ops = [Update(roster, roster.model_copy(update={"agents": agents, "due_at": clock.now()}))]
    if updated.is_active != agent.is_active:
        rule = store.get(AssignmentRule, RULES.key(org=caller.org_id, id=agent.rule_id))
        event = AssignmentRuleUpdated(rule_id=rule.id, agent_id=user_id)
        ops.append(Update(rule, rule.model_copy(update={"is_active": False}), [event]))
    store.commit(caller, *ops)


CONSUMERS: Final[Mapping[str, Consumer]] = {UserUpdated.TYPE: on_user_changed, UserDeleted.TYPE: on_user_changed}
"""Consumers by event type; the template is generated from them."""
