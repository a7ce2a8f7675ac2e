"""Reads of leads: one, and lists by status, source and agent."""

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.queries import query_by_month, query_page
from coachway.core.schemas import Page
from coachway.sales.leads.model import (
    BY_AGENT,
    BY_MONTH,
    BY_STATUS,
    LEAD,
    UNASSIGNED,
    Lead,
    LeadQuery,
    OwnLeadQuery,
)


def get_lead(caller: Caller, lead_id: str, *, expected: int | None = None) -> Lead:
    """Get a lead, also one that was merged into another. Raises NotFound, PreconditionFailed."""
    return store.get(Lead, LEAD.key(org=caller.org_id, id=lead_id), expected=expected)


def list_leads(caller: Caller, query: LeadQuery) -> Page[Lead]:
    """List leads, newest first; those without an agent oldest first; with `q`, by the word that matches."""
    status, agent = query.status.value if query.status else None, query.agent_id
    where: dict[str, str | int | bool] = {"source": query.source.value} if query.source else {}
    if query.q is not None:
        # Imported late: other lists do not need it at a cold start.
        from coachway.core.record_search import search_page

        filters = {"status": status, "agent": agent}
        where |= {name: value for name, value in filters.items() if value is not None}
        is_shown = (lambda lead: lead.is_open and lead.assigned_to_agent_id is None) if query.unassigned else _is_any
        shown = str(query.unassigned)
        return search_page(Lead, caller.org_id, query.q, query, where=where, is_shown=is_shown, shown=shown)
    if query.unassigned:
        if status:
            where["status"] = status
        return query_page(Lead, UNASSIGNED, [UNASSIGNED.partition(org=caller.org_id)], query, where=where)
    if agent is not None:
        if status:
            where["status"] = status
        return query_by_month(Lead, BY_AGENT, caller, query, where=where, agent=agent)
    if status:
        return query_by_month(Lead, BY_STATUS, caller, query, where=where, status=status)
    return query_by_month(Lead, BY_MONTH, caller, query, where=where)


def list_own_leads(caller: Caller, query: OwnLeadQuery) -> Page[Lead]:
    """List the leads of the caller, newest first."""
    where: dict[str, str | int | bool] = {"status": query.status.value} if query.status else {}
    return query_by_month(Lead, BY_AGENT, caller, query, where=where, agent=caller.user_id)


def _is_any(_lead: Lead) -> bool:
    return True
