"""Merging of two leads of one person: activities move, and nothing is lost."""

from typing import Any, Final

from coachway.contracts.sales import LeadsMerged
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Remove, Update
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.types import ids
from coachway.sales.leads import contacts
from coachway.sales.leads.activity_model import Activity
from coachway.sales.leads.errors import LeadsNotMergeable
from coachway.sales.leads.model import LEAD, Lead, LeadFields, MergeInput
from coachway.sales.leads.rules import ActivityType, LeadStatus
from coachway.sales.leads.service import require_not_merged

_BATCH_SIZE: Final = 40
_KEPT_FIELDS: Final = sorted(LeadFields.model_fields.keys() - {"first_name", "kind", "source"})
"""Fields that the lead gets from the other one if it has none."""


@retry_on_conflict
def merge_leads(caller: Caller, lead_id: str, request: MergeInput) -> Lead:
    """Merge another lead into this one. Repeating it returns this one.

    Fields that this one lacks are taken from the other; what differs is kept in an activity. Raises NotFound,
    LeadMerged, LeadsNotMergeable.
    """
    keys = [LEAD.key(org=caller.org_id, id=each) for each in (lead_id, request.other_lead_id)]
    batch = store.batch_get(keys)
    lead, other = (batch.get(Lead, key) for key in keys)
    require_not_merged(lead)
    if other.merged_into_id != lead.id:
        _require_mergeable(lead, other)
        lead = _mark_merged(caller, lead, other)
    _move_activities(caller, lead, other)
    return lead


def _require_mergeable(lead: Lead, other: Lead) -> None:
    require_not_merged(other)
    if lead.id == other.id:
        raise LeadsNotMergeable("A lead cannot be merged into itself. Send the id of the other lead.")
    if other.status is LeadStatus.CONVERTED:
        raise LeadsNotMergeable("The other lead is converted. Merge this lead into that one instead.")
    if other.client_id is not None and lead.client_id not in (None, other.client_id):
        raise LeadsNotMergeable("The leads belong to different clients.")


def _mark_merged(caller: Caller, lead: Lead, other: Lead) -> Lead:
    """Write both leads, the note of what differed, and the contacts, in one transaction; return the lead."""
    adopted: dict[str, Any] = {
        name: getattr(other, name) for name in _KEPT_FIELDS if not getattr(lead, name) and getattr(other, name)
    }
    if lead.client_id is None:
        adopted["client_id"] = other.client_id
    follow_ups = [each for each in (lead.next_follow_up_at, other.next_follow_up_at) if each is not None]
    after = lead.model_copy(update={**adopted, "next_follow_up_at": min(follow_ups, default=None)})
    merged = other.model_copy(update={"merged_into_id": lead.id, "next_follow_up_at": None})
    note = Activity(
        id=ids.new("lac"),
        org_id=caller.org_id,
        lead_id=lead.id,
        original_lead_id=other.id,
        activity_type=ActivityType.NOTE,
        details=_describe_merge(lead, other),
        performed_by=caller.user_id,
    )
    event = LeadsMerged(
        lead_id=other.id,
        merged_into_id=lead.id,
        status=other.status.value,
        source=other.source.value,
        assigned_to_agent_id=other.assigned_to_agent_id,
        status_since=other.status_since,
    )
    store.commit(
        caller,
        Update(lead, after),
        Update(other, merged, [event]),
        Create(note),
        *_contact_ops(after, other),
        response=lambda: after,
    )
    return after


def _contact_ops(lead: Lead, other: Lead) -> list[Op]:
    """Return the operations that make the lead the one of the contacts of both."""
    keys = [key for each in (lead, other) for key in contacts.contact_keys(each.org_id, each.email, each.phone)]
    batch = store.batch_get(keys)
    return contacts.take_over_contacts_ops(batch, lead, other)


def _describe_merge(lead: Lead, other: Lead) -> str:
    """The fields of the other lead that differ, so that nothing is lost."""
    values = other.model_dump(mode="json", include=set(LeadFields.model_fields))
    own = lead.model_dump(mode="json", include=set(LeadFields.model_fields))
    lines = [
        f"{name.replace('_', ' ')}: {value}"
        for name, value in values.items()
        if value not in (None, "") and own[name] not in (None, "", value)
    ]
    return "\n".join([f"Merged with another lead of {other.created_at:%Y-%m-%d}.", *lines])[:4000]


def _move_activities(caller: Caller, lead: Lead, other: Lead) -> None:
    """Move the activities in steps. An interrupted move is finished by repeating the merge."""
    activities = query_all(Activity, other.key().pk, prefix="ACTIVITY#")
    step_caller = caller.without_idempotency()
    for start in range(0, len(activities), _BATCH_SIZE):
        ops: list[Op] = []
        for activity in activities[start : start + _BATCH_SIZE]:
            ops += [Create(activity.model_copy(update={"lead_id": lead.id})), Remove(activity)]
        store.commit(step_caller, *ops)
