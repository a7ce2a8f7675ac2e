"""Assignment rules: create, get, list, update. Each change is written to the roster in the same transaction."""

from zoneinfo import ZoneInfo

from coachway.contracts.sales import AssignmentRuleCreated, AssignmentRuleUpdated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import PartialUpdate, apply_changes
from coachway.core.types import ids
from coachway.core.user_reference import USERS
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.identity.model.user import User
from coachway.identity.staff import require_active_staff
from coachway.sales.assignment.errors import RosterChanged, TooManyAssignmentRules
from coachway.sales.assignment.model import (
    MAX_RULES,
    ROSTER,
    RULES,
    AssignmentRule,
    AssignmentRuleInput,
    AssignmentRules,
    Roster,
    RosterAgent,
)
from coachway.sales.assignment.rotation import remove_agents
from coachway.sales.assignment.rules import local_date


@retry_on_conflict
def create_rule(caller: Caller, request: AssignmentRuleInput) -> AssignmentRule:
    """Create the rule of an agent. Raises NotFound, NotStaff, Duplicate, TooManyAssignmentRules."""
    user_key, roster_key = USERS.key(org=caller.org_id, id=request.agent_id), ROSTER.key(org=caller.org_id)
    batch = store.batch_get([user_key, roster_key])
    user = require_active_staff(batch.get(User, user_key))
    roster = batch.find(Roster, roster_key)
    if roster is not None and len(roster.agents) >= MAX_RULES:
        raise TooManyAssignmentRules(f"There are {MAX_RULES} assignment rules. Change one of them.")
    rule = AssignmentRule(id=ids.new("asr"), org_id=caller.org_id, **request.model_dump())
    agents = [*(roster.agents if roster else []), _roster_agent(rule, user)]
    created = Create(rule, [AssignmentRuleCreated(rule_id=rule.id, agent_id=rule.agent_id)])
    store.commit(caller, created, _roster_op(caller, roster, agents))
    return rule


def get_rule(caller: Caller, rule_id: str) -> AssignmentRule:
    """Get an assignment rule with its numbers. Raises NotFound."""
    keys = RULES.key(org=caller.org_id, id=rule_id), ROSTER.key(org=caller.org_id)
    organization_key = ORGANIZATIONS.key(org=caller.org_id)
    batch = store.batch_get([*keys, organization_key])
    rule, roster = batch.get(AssignmentRule, keys[0]), batch.find(Roster, keys[1])
    return _with_numbers(rule, roster, batch.get(Organization, organization_key))


def list_rules(caller: Caller) -> AssignmentRules:
    """List all assignment rules, oldest first."""
    roster_key, organization_key = ROSTER.key(org=caller.org_id), ORGANIZATIONS.key(org=caller.org_id)
    batch = store.batch_get([roster_key, organization_key])
    organization, roster = batch.get(Organization, organization_key), batch.find(Roster, roster_key)
    rules = query_all(AssignmentRule, RULES.partition(org=caller.org_id), prefix="RULE#", limit=MAX_RULES)
    return AssignmentRules(items=[_with_numbers(rule, roster, organization) for rule in rules])


def update_rule(
    caller: Caller, rule_id: str, changes: PartialUpdate[AssignmentRuleInput], expected: int | None
) -> AssignmentRule:
    """Update an assignment rule. Raises NotFound, NotStaff, Duplicate, PreconditionFailed."""
    key, roster_key = RULES.key(org=caller.org_id, id=rule_id), ROSTER.key(org=caller.org_id)
    organization_key = ORGANIZATIONS.key(org=caller.org_id)

    @retry_on_conflict
    def update() -> AssignmentRule:
        batch = store.batch_get([key, roster_key, organization_key])
        before, roster = batch.get(AssignmentRule, key), batch.find(Roster, roster_key)
        if expected is not None and expected != before.version:
            detail = f"The current version is {before.version}, not {expected}. Read it again, then retry."
            raise errors.PreconditionFailed(detail)
        after = apply_changes(before, changes)
        user = store.get(User, USERS.key(org=caller.org_id, id=after.agent_id))
        if "agent_id" in changes:
            require_active_staff(user)
        agents = [
            _roster_agent(after, user, each) if each.rule_id == rule_id else each
            for each in (roster.agents if roster else [])
        ]
        event = AssignmentRuleUpdated(rule_id=after.id, agent_id=after.agent_id)
        organization = batch.get(Organization, organization_key)
        store.commit(
            caller,
            Update(before, after, [event]),
            _roster_op(caller, roster, agents),
            response=lambda: _with_numbers(after, roster, organization),
        )
        return _with_numbers(after, roster, organization)

    return update()


def _roster_agent(rule: AssignmentRule, user: User, before: RosterAgent | None = None) -> RosterAgent:
    settings = rule.model_dump(include=set(AssignmentRuleInput.model_fields))
    numbers = before.model_dump(include={"total_leads_assigned", "last_assigned_at"}) if before else {}
    return RosterAgent(rule_id=rule.id, email=user.email, **settings, **numbers)


def _roster_op(caller: Caller, roster: Roster | None, agents: list[RosterAgent]) -> Op:
    if roster is None:
        return Create(Roster(org_id=caller.org_id, agents=agents, due_at=clock.now()), on_exists=RosterChanged())
    rotation = remove_agents(roster.rotation, [agent.rule_id for agent in agents])
    # Leads that wait are assigned when the event of the rule arrives, and by the timer in case it found none yet.
    after = roster.model_copy(update={"agents": agents, "rotation": rotation, "due_at": clock.now()})
    return Update(roster, after, on_stale=RosterChanged())


def _with_numbers(rule: AssignmentRule, roster: Roster | None, organization: Organization) -> AssignmentRule:
    """Return a rule with the numbers of the roster."""
    agent = next((each for each in roster.agents if each.rule_id == rule.id), None) if roster else None
    if roster is None or agent is None:
        return rule
    today = local_date(clock.now(), ZoneInfo(organization.timezone))
    return rule.model_copy(
        update={
            "total_leads_assigned": agent.total_leads_assigned,
            "last_assigned_at": agent.last_assigned_at,
            "leads_assigned_today": roster.leads_on(today, rule.id),
        }
    )
