"""Changes of leads: their data, status and agent."""

from typing import Any

from coachway.contracts.sales import LeadUpdated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import PartialUpdate, apply_changes
from coachway.core.types import ids
from coachway.core.user_reference import USERS
from coachway.identity.model.user import User
from coachway.identity.staff import require_active_staff
from coachway.sales.leads import contacts, event_payloads, queries
from coachway.sales.leads.activity_model import Activity
from coachway.sales.leads.contacts import ContactTaken
from coachway.sales.leads.errors import LeadMerged, LeadNeedsConversion, LostReasonRequired, OtherOpenLead
from coachway.sales.leads.model import Lead, LeadInput
from coachway.sales.leads.rules import TRANSITIONS, ActivityType, AssignmentMethod, LeadStatus


@retry_on_conflict
def update_lead(caller: Caller, lead_id: str, changes: PartialUpdate[LeadInput], expected: int | None) -> Lead:
    """Update a lead: its data, its status, its agent. Tried again if its score is completed at the same time.

    Raises NotFound, PreconditionFailed, LeadMerged, InvalidStatusTransition, LostReasonRequired, LeadNeedsConversion,
    NotStaff, and OtherOpenLead if another open lead has the new contact.
    """
    before = queries.get_lead(caller, lead_id, expected=expected)
    require_not_merged(before)
    after = _apply_status(before, apply_changes(before, changes))
    agent = _find_new_agent(caller, before, after)
    after = _apply_agent(after, agent) if after.assigned_to_agent_id != before.assigned_to_agent_id else after
    ops = [*_status_activity_ops(caller, before, after), *_contact_ops(before, after)]
    try:
        store.commit(caller, Update(before, after, _events(caller, before, after, agent)), *ops)
    except ContactTaken:
        raise OtherOpenLead("Another open lead has this email or phone number. Merge the two leads.") from None
    return after


def require_not_merged(lead: Lead) -> None:
    """Raise LeadMerged if the lead was merged into another one."""
    if lead.merged_into_id is not None:
        raise LeadMerged(f"This lead was merged into {lead.merged_into_id}. Use that one.")


def _apply_status(before: Lead, after: Lead) -> Lead:
    if after.status is before.status:
        if after.status is not LeadStatus.DEAD and after.lost_reason is not None:
            raise errors.Invalid.field("lost_reason", "only a dead lead has one: send the status dead with it")
        return after
    TRANSITIONS.require(before.status, after.status)
    if after.status is LeadStatus.CONVERTED:
        raise LeadNeedsConversion("Use POST /sales/leads/{lead_id}/convert, which creates the client and the booking.")
    if after.status is LeadStatus.DEAD:
        if after.lost_reason is None:
            raise LostReasonRequired("Send lost_reason: why is the lead lost?")
        return after.model_copy(update={"next_follow_up_at": None, "status_since": clock.now()})
    changes: dict[str, Any] = {"lost_reason": None, "status_since": clock.now()}
    if before.first_contacted_at is None:
        changes["first_contacted_at"] = clock.now()
    return after.model_copy(update=changes)


def _find_new_agent(caller: Caller, before: Lead, after: Lead) -> User | None:
    if after.assigned_to_agent_id in (None, before.assigned_to_agent_id):
        return None
    return require_active_staff(store.get(User, USERS.key(org=caller.org_id, id=str(after.assigned_to_agent_id))))


def _apply_agent(after: Lead, agent: User | None) -> Lead:
    return after.model_copy(
        update={
            "assignment_method": AssignmentMethod.MANUAL if agent else None,
            "assigned_at": clock.now() if agent else None,
            "assignment_explanation": [],
        }
    )


def _events(caller: Caller, before: Lead, after: Lead, agent: User | None) -> list[Event]:
    contact_changed = (before.email, before.phone) != (after.email, after.phone)
    events: list[Event] = [LeadUpdated(lead_id=after.id, contact_changed=contact_changed)]
    if after.status is not before.status:
        events.append(event_payloads.status_changed(before, after))
    if after.assigned_to_agent_id != before.assigned_to_agent_id:
        name = f"{agent.first_name} {agent.last_name}" if agent else ""
        email = agent.email if agent else None
        previous = before.assigned_to_agent_id
        events.append(
            event_payloads.agent_changed(caller, after, agent_name=name, agent_email=email, previous_agent_id=previous)
        )
    return events


def _status_activity_ops(caller: Caller, before: Lead, after: Lead) -> list[Op]:
    """Return the operation that records a change of the status among the activities."""
    if after.status is before.status:
        return []
    reason = f" ({after.lost_reason.replace('_', ' ')})" if after.lost_reason else ""
    activity = Activity(
        id=ids.new("lac"),
        org_id=after.org_id,
        lead_id=after.id,
        original_lead_id=after.id,
        activity_type=ActivityType.STATUS_CHANGE,
        details=f"From {before.status} to {after.status}{reason}.",
        performed_by=caller.user_id,
    )
    return [Create(activity)]


def _contact_ops(before: Lead, after: Lead) -> list[Op]:
    """Return the operations for the marks of the contacts. One read if they change."""
    states = [(each.is_open, each.email, each.phone) for each in (before, after)]
    if states[0] == states[1]:
        return []
    keys = [key for each in (before, after) for key in contacts.contact_keys(each.org_id, each.email, each.phone)]
    batch = store.batch_get(keys)
    if after.is_open:
        keys = contacts.contact_keys(after.org_id, after.email, after.phone)
        other = contacts.find_repeated_lead(batch, keys, clock.now())
        if other is not None and other.id != after.id:
            detail = f"The open lead {other.id} has this email or phone number. Merge the two leads."
            raise OtherOpenLead(detail)
    return contacts.change_contacts_ops(batch, before, after)
