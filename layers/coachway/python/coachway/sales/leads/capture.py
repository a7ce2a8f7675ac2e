"""Capture a lead: recognize who asks again, find their client, choose an agent, and store it all in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from coachway.clients.model import Client
from coachway.contracts.sales import LeadAskedAgain
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import CheckVersion, Create, Op
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.core.user_reference import USERS
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.identity.model.user import User
from coachway.identity.staff import is_active_staff, require_active_staff
from coachway.sales.assignment import distribution
from coachway.sales.assignment.distribution import Turn
from coachway.sales.assignment.model import ROSTER, Roster
from coachway.sales.leads import contacts, event_payloads
from coachway.sales.leads.activity_model import Activity
from coachway.sales.leads.contacts import ContactTaken
from coachway.sales.leads.model import Lead, LeadFields, NewLead
from coachway.sales.leads.rules import ActivityType, AssignmentMethod, LeadSource
from coachway.sales.leads.score import with_score

_MAX_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class CapturedLead:
    """A lead, and whether it is new."""

    lead: Lead
    is_new: bool


def capture_lead(
    caller: Caller,
    request: NewLead,
    *,
    response: BaseModel | None = None,
    other_ops: Sequence[Op] = (),
    **fields: object,
) -> CapturedLead:
    """Store a lead and assign it, or add an activity to the open lead that the person has.

    `response` is stored for an Idempotency-Key instead of the lead. `other_ops` are in the same transaction; `fields`
    sets fields of a new lead that a request cannot set. Raises NotFound for the client or the agent,
    NotStaff.
    """
    for _ in range(_MAX_ATTEMPTS):
        try:
            return _capture(caller, request, response, other_ops, fields)
        except ContactTaken:
            continue  # two requests of one person at once: now the lead of the other one is found
    raise errors.ConcurrentUpdate("Too many requests of this person at the same time. Retry.")


def _capture(
    caller: Caller,
    request: NewLead,
    response: BaseModel | None,
    other_ops: Sequence[Op],
    fields: Mapping[str, object],
) -> CapturedLead:
    now = clock.now()
    organization_key, roster_key = ORGANIZATIONS.key(org=caller.org_id), ROSTER.key(org=caller.org_id)
    contact_keys = contacts.contact_keys(caller.org_id, request.email, request.phone)
    client_keys = contacts.client_keys(caller.org_id, request.email)
    requested = [CLIENT.key(org=caller.org_id, id=request.client_id)] if request.client_id else []
    requested += [USERS.key(org=caller.org_id, id=request.assigned_to_agent_id)] if request.assigned_to_agent_id else []
    batch = store.batch_get([organization_key, roster_key, *contact_keys, *client_keys, *requested])
    client = batch.get(Client, requested[0]) if request.client_id else None
    agent = require_active_staff(batch.get(User, requested[-1])) if request.assigned_to_agent_id else None
    repeated = contacts.find_repeated_lead(batch, contact_keys, now)
    if repeated is not None:
        return CapturedLead(_record_repeat(caller, repeated, request, response, other_ops), is_new=False)
    if client is None:
        client = contacts.find_client(caller.org_id, batch, client_keys, request.phone)
    client_agent = _find_client_agent(client) if agent is None else None
    zone = ZoneInfo(batch.get(Organization, organization_key).timezone)
    lead = with_score(_build_lead(caller, request, client, now, fields), now.astimezone(zone).date())
    marks = contacts.mark_contacts_ops(batch, lead)

    def build(roster: Roster | None) -> tuple[Sequence[Op], Roster | None]:
        after: Roster | None = None
        if agent is not None:
            _set_agent(lead, agent.id, AssignmentMethod.MANUAL, [], now)
            name, email = f"{agent.first_name} {agent.last_name}", agent.email
        elif client_agent is not None:
            name, email = f"{client_agent.first_name} {client_agent.last_name}", client_agent.email
            explanation = [f"Assigned to {name}: the agent of the client."]
            _set_agent(lead, client_agent.id, AssignmentMethod.CLIENT_AGENT, explanation, now)
            after = distribution.count_for_agent(roster, client_agent.id, now, zone)
        else:
            turn = distribution.choose_agent(roster, now, zone)
            after = turn.after
            name, email = apply_turn(lead, turn, now)
        changed = event_payloads.agent_changed(caller, lead, agent_name=name, agent_email=email)
        return [Create(lead, [event_payloads.lead_captured(lead), changed]), *marks, *other_ops], after

    distribution.commit_with_roster(caller, batch.find(Roster, roster_key), build, response=response)
    return CapturedLead(lead, is_new=True)


def _build_lead(
    caller: Caller, request: NewLead, client: Client | None, now: datetime, fields: Mapping[str, object]
) -> Lead:
    return Lead(
        id=ids.new("lead"),
        org_id=caller.org_id,
        client_id=client.id if client else None,
        consented_at=now if request.consent_text else None,
        **request.model_dump(include=set(LeadFields.model_fields)),
        **fields,
    )


def _find_client_agent(client: Client | None) -> User | None:
    """Return the agent of a client, or None if there is none or they are not active any more. At most one read."""
    if client is None or client.assigned_agent_id is None:
        return None
    user = store.find(User, USERS.key(org=client.org_id, id=client.assigned_agent_id))
    return user if user is not None and is_active_staff(user) else None


def apply_turn(lead: Lead, turn: Turn, now: datetime) -> tuple[str, str | None]:
    """Set the agent of a turn; return their name and email."""
    if turn.agent is None:
        lead.assignment_explanation = turn.explanation
        return "", None
    _set_agent(lead, turn.agent.agent_id, AssignmentMethod.ROTATION, turn.explanation, now)
    return turn.agent.agent_name, turn.agent.email


def _set_agent(lead: Lead, agent_id: str, method: AssignmentMethod, explanation: list[str], now: datetime) -> None:
    lead.assigned_to_agent_id, lead.assignment_method = agent_id, method
    lead.assignment_explanation, lead.assigned_at = explanation, now


def _record_repeat(
    caller: Caller, lead: Lead, request: NewLead, response: BaseModel | None, other_ops: Sequence[Op]
) -> Lead:
    """Add the activity "asked again" with what the person asks now; return the lead. A re-quote is no question."""
    activity = Activity(
        id=ids.new("lac"),
        org_id=caller.org_id,
        lead_id=lead.id,
        original_lead_id=lead.id,
        activity_type=ActivityType.NOTE,
        details=_describe_repeat(request),
        performed_by=caller.user_id,
    )
    asked = LeadAskedAgain(lead_id=lead.id, source=request.source.value, assigned_to_agent_id=lead.assigned_to_agent_id)
    events = [] if request.source is LeadSource.ANNUAL_REQUOTE else [asked]
    if response is None:
        caller.set_response_status(HTTPStatus.OK)
    store.commit(
        caller,
        Create(activity, events),
        CheckVersion(lead, ContactTaken()),
        *other_ops,
        response=response or lead,
    )
    return lead


def _describe_repeat(request: NewLead) -> str:
    """Everything that the person sent now, so that nothing is lost."""
    skipped = {"kind", "source", "consent_text", "pickup_latitude", "pickup_longitude", "client_id"}
    sent = request.model_dump(mode="json", exclude=skipped | {"assigned_to_agent_id"}, exclude_defaults=True)
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in sent.items() if value is not None]
    is_requote = request.source is LeadSource.ANNUAL_REQUOTE
    heading = "May want the same trip again." if is_requote else f"Asked again ({request.source.value})."
    return "\n".join([heading, *lines])[:4000]
