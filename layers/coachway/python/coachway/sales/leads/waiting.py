"""Leads that wait for an agent: assigned as soon as somebody is available.

An agent becomes available when a rule is changed, an absence ends, or a new day begins.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.hourly_sweep import sweep
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.queries import query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, PageQuery
from coachway.identity.organization_queries import get_organization
from coachway.sales.assignment import distribution
from coachway.sales.assignment.model import ROSTERS_DUE, Roster
from coachway.sales.leads import capture, event_payloads
from coachway.sales.leads.model import LEAD, UNASSIGNED, Lead

_TIMER: Final = "lead-assignment"
MAX_LEADS: Final = 100
"""Leads that one run assigns. If more wait, the next run of the timer goes on."""


class WaitingLeadsResult(BaseSchema):
    """Number of leads that were assigned, and of organizations for which that failed and is retried."""

    assigned: int = 0
    failed: int = 0


def run() -> WaitingLeadsResult:
    """Assign the waiting leads of the organizations where an agent has become available. Safe to repeat."""
    return WaitingLeadsResult(**sweep(_TIMER, Roster, ROSTERS_DUE, _assign_due))


def _assign_due(roster: Roster, now: datetime) -> Mapping[str, int]:
    return {"assigned": assign_waiting_leads(Caller.system(_TIMER, roster.org_id), now)}


def on_rule_changed(caller: Caller, _delivery: Delivery) -> None:
    """Assign the waiting leads after a change of an assignment rule."""
    assign_waiting_leads(caller, clock.now())


@retry_on_conflict
def assign_waiting_leads(caller: Caller, now: datetime) -> int:
    """Assign waiting leads, oldest first, while agents are available; return how many were assigned."""
    roster = distribution.find_roster(caller.org_id)
    if roster is None:
        return 0
    zone = ZoneInfo(get_organization(caller.org_id).timezone)
    partition = UNASSIGNED.partition(org=caller.org_id)
    page = query_page(Lead, UNASSIGNED, [partition], PageQuery(limit=MAX_LEADS))
    assigned, is_done = 0, page.next_cursor is None
    for indexed in page.items:
        roster, is_assigned = _assign(caller, roster, indexed.id, now, zone)
        if not is_assigned:
            return assigned  # nobody is available: the roster says when that changes
        assigned += 1
    _set_due(caller, roster, None if is_done else now)
    return assigned


def _assign(caller: Caller, roster: Roster, lead_id: str, now: datetime, zone: ZoneInfo) -> tuple[Roster, bool]:
    """Assign a lead, unless that has happened; return the roster, and False if no agent is available."""
    before = store.find(Lead, LEAD.key(org=caller.org_id, id=lead_id))
    if before is None or not before.is_open or before.assigned_to_agent_id is not None:
        return roster, True
    is_assigned = False

    def build(current: Roster | None) -> tuple[Sequence[Op], Roster | None]:
        nonlocal is_assigned
        turn = distribution.choose_agent(current, now, zone)
        is_assigned = turn.agent is not None
        if turn.agent is None:
            return [], turn.after
        after = before.model_copy()
        name, email = capture.apply_turn(after, turn, now)
        event = event_payloads.agent_changed(caller, after, agent_name=name, agent_email=email)
        return [Update(before, after, [event])], turn.after

    after = distribution.commit_with_roster(caller, roster, build)
    return after or roster, is_assigned


def _set_due(caller: Caller, before: Roster, due_at: datetime | None) -> None:
    if before.due_at != due_at:
        store.commit(caller, Update(before, before.model_copy(update={"due_at": due_at})))


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "assignment_rule.created": on_rule_changed,
    "assignment_rule.updated": on_rule_changed,
}
"""Consumers by event type; the template is generated from them."""
