"""Who has asked before: the open lead of an email address or phone number, and the client who has it."""

from collections.abc import Iterable
from datetime import datetime

from coachway.clients.model import Client
from coachway.clients.phone_lookup import find_client_by_phone
from coachway.core import errors, store
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import UNIQUE, Create, Op, Remove, Update
from coachway.core.persistence.records import Key
from coachway.sales.leads import rules
from coachway.sales.leads.model import (
    LEAD,
    OPEN_LEAD_CONTACTS,
    Lead,
    LeadContact,
    client_email_spellings,
    contact_fingerprints,
)


class ContactTaken(errors.Conflict):
    """Another request made this person's lead first."""


def contact_keys(org_id: str, email: str | None, phone: str | None) -> list[Key]:
    """Return the keys of the marks of an email address and a phone number."""
    return [
        OPEN_LEAD_CONTACTS.key(org=org_id, fingerprint=fingerprint)
        for fingerprint in contact_fingerprints(email, phone)
    ]


def client_keys(org_id: str, email: str | None) -> list[Key]:
    """Return the keys of the unique values under which a client can have an email address."""
    spellings = client_email_spellings(email) if email else []
    return [UNIQUE.key(org=org_id, name="client-email", value=value) for value in spellings]


def find_repeated_lead(batch: store.BatchResult, keys: Iterable[Key], now: datetime) -> Lead | None:
    """Return the open lead of the last 30 days that has one of the contacts, or None. At most one read."""
    marks = [batch.find(LeadContact, key) for key in keys]
    lead_keys = [LEAD.key(org=mark.org_id, id=mark.lead_id) for mark in marks if mark is not None]
    leads = store.find_many(Lead, lead_keys) if lead_keys else {}
    return next((leads[key] for key in lead_keys if key in leads and _is_repeat(leads[key], now)), None)


def find_client(org_id: str, batch: store.BatchResult, email_keys: Iterable[Key], phone: str | None) -> Client | None:
    """Return the client who has an email address, else the one who has the phone number, or None. At most one read."""
    owners = (batch.unique_owner(key) for key in email_keys)
    client_id = next((each for each in owners if each), None)
    if client_id is not None:
        return store.find(Client, CLIENT.key(org=org_id, id=client_id))
    return find_client_by_phone(org_id, phone) if phone else None


def mark_contacts_ops(batch: store.BatchResult, lead: Lead) -> list[Op]:
    """Return the operations that make `lead` the one of its contacts. They fail with ContactTaken."""
    ops: list[Op] = []
    for key in contact_keys(lead.org_id, lead.email, lead.phone):
        existing = batch.find(LeadContact, key)
        mark = LeadContact(org_id=lead.org_id, fingerprint=_fingerprint(key), lead_id=lead.id)
        if existing is None:
            ops.append(Create(mark, on_exists=ContactTaken()))
        elif existing.lead_id != lead.id:
            ops.append(Update(existing, mark, on_stale=ContactTaken()))
    return ops


def change_contacts_ops(batch: store.BatchResult, before: Lead, after: Lead) -> list[Op]:
    """Return the operations that keep the marks right when a lead changes. `batch` has the marks of both states."""
    old, new = (contact_keys(each.org_id, each.email, each.phone) if each.is_open else [] for each in (before, after))
    removed = [batch.find(LeadContact, key) for key in old if key not in new]
    ops: list[Op] = [Remove(mark) for mark in removed if mark is not None and mark.lead_id == before.id]
    if set(new) - set(old):
        ops += mark_contacts_ops(batch, after)
    return ops


def take_over_contacts_ops(batch: store.BatchResult, lead: Lead, other: Lead) -> list[Op]:
    """Return the operations that make `lead` the one of the contacts of `other`, which is merged into it."""
    own_keys = contact_keys(lead.org_id, lead.email, lead.phone) if lead.is_open else []
    ops: list[Op] = []
    for key in dict.fromkeys([*own_keys, *contact_keys(other.org_id, other.email, other.phone)]):
        mark = batch.find(LeadContact, key)
        if mark is None and key in own_keys:
            ops.append(Create(LeadContact(org_id=lead.org_id, fingerprint=_fingerprint(key), lead_id=lead.id)))
        elif mark is not None and mark.lead_id == other.id:
            ops.append(Update(mark, mark.model_copy(update={"lead_id": lead.id})) if lead.is_open else Remove(mark))
    return ops


def _is_repeat(lead: Lead, now: datetime) -> bool:
    return lead.merged_into_id is None and rules.is_repeat(lead.created_at, lead.status, now)


def _fingerprint(key: Key) -> str:
    return key.pk.rpartition("#")[2]
