"""Erasure of leads: those of an erased client, and single ones.

Names, addresses and texts are removed from the lead, its activities and its past events. Source, dates and status stay,
for statistics.
"""

from typing import Final

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op, Remove, Update
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.erasure.redaction import Redaction
from coachway.erasure.service import RecordList, erase_partition
from coachway.sales.leads import contacts, event_payloads, queries
from coachway.sales.leads.activity_model import Activity
from coachway.sales.leads.errors import LeadHasClient
from coachway.sales.leads.model import LEAD, LEADS_OF_CLIENT, Lead, LeadContact, LeadOfClient
from coachway.sales.leads.rules import LeadStatus, LostReason


def erase_lead(caller: Caller, lead_id: str) -> Lead:
    """Erase the personal data of a lead that has no client. Repeating it changes nothing.

    Raises NotFound, LeadHasClient.
    """
    lead = queries.get_lead(caller, lead_id)
    if lead.client_id is not None:
        raise LeadHasClient(f"The lead belongs to the client {lead.client_id}. Erase the client.")
    _erase(caller.without_idempotency(), lead.id, Redaction())
    return queries.get_lead(caller, lead_id)


def _erase_lead_of_client(caller: Caller, client_id: str, copy: LeadOfClient) -> None:
    _erase(caller, copy.lead_id, Redaction(client_id))


@retry_on_conflict
def _erase(caller: Caller, lead_id: str, redaction: Redaction) -> None:
    lead = store.find(Lead, LEAD.key(org=caller.org_id, id=lead_id))
    if lead is None:
        return
    # Closed first: the event must not list the erased values as changes.
    lead = _close(caller, lead)
    partition = lead.key().pk
    activities = query_all(Activity, partition, prefix="ACTIVITY#")
    redacted = [(each, redaction.redact_record(each)) for each in activities]
    ops: list[Op] = [Update(before, after) for before, after in redacted if after != before]
    if lead.erased_at is None:
        after = redaction.redact_record(lead).model_copy(update={"erased_at": clock.now()})
        ops.append(Update(lead, after))
    erase_partition(caller, redaction, partition, (Lead, Activity), *ops)


def _close(caller: Caller, lead: Lead) -> Lead:
    """Make an open lead dead, so that nobody works on it, and forget its contacts."""
    if not lead.is_open:
        return lead
    keys = contacts.contact_keys(lead.org_id, lead.email, lead.phone)
    batch = store.batch_get(keys)
    marks = [batch.find(LeadContact, key) for key in keys]
    closed = lead.model_copy(
        update={
            "status": LeadStatus.DEAD,
            "lost_reason": LostReason.OTHER,
            "next_follow_up_at": None,
            "status_since": clock.now(),
        }
    )
    event = event_payloads.status_changed(lead, closed)
    removals = [Remove(mark) for mark in marks if mark is not None and mark.lead_id == lead.id]
    store.commit(caller, Update(lead, closed, [event]), *removals)
    return closed


LISTS_OF_CLIENT: Final = (RecordList(LeadOfClient, LEADS_OF_CLIENT, _erase_lead_of_client),)
"""The leads of a client, with their activities."""
