"""What is personal about a client: to hand out to that person, and to take out of the records.

Papers keep their amounts. What other capabilities keep (the places of a trip, the name on an invoice, a mail that went
out) they erase themselves, when `client.erased` tells them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from coachway.clients import credit, preferences
from coachway.clients.model import Address, Client, Contact, Credit, EmailPreferences
from coachway.contracts.clients import ClientErased
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.erasure import ERASURE, Erasure
from coachway.core.persistence.domain_events import Change, Envelope, HistoryEntry
from coachway.core.persistence.operations import Create, Op, Remove, Update
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.types.contact import same_mailbox
from coachway.identity.model.user import User
from coachway.identity.users import party_accounts

_BATCH_SIZE: Final = 90
_IMPERSONAL_FIELDS: Final = frozenset(
    {"address_type", "client_type", "country", "credit_limit", "currency", "payment_terms", "role", "status"}
)
"""Fields whose values in past events stay; every other one is blanked, also those that come later."""


class ClientFile(BaseSchema):
    """Everything kept about one client."""

    client: Client
    contacts: list[Contact]
    addresses: list[Address]
    email_preferences: EmailPreferences
    credit: Credit
    history: list[HistoryEntry]


def export_client(caller: Caller, client_id: str) -> ClientFile:
    """Everything kept about a client."""
    client = store.get(Client, CLIENT.key(org=caller.org_id, id=client_id))
    partition = client.key().pk
    return ClientFile(
        client=client,
        contacts=[each for each in query_all(Contact, partition, prefix="CONTACT#") if each.deleted_at is None],
        addresses=[each for each in query_all(Address, partition, prefix="ADDRESS#") if each.deleted_at is None],
        email_preferences=preferences.get_preferences(caller, client_id),
        credit=credit.get_credit(client),
        history=store.history(client.key()),
    )


def erase_client(caller: Caller, client_id: str) -> Erasure:
    """Take everything personal about a client, deleted ones too, out of the records for good.

    The client itself goes last: an erasure that was interrupted is finished by asking again. Raises Conflict while the
    client owes something, Missing when it is erased already.
    """
    place = CLIENT.key(org=caller.org_id, id=client_id)
    client = next(iter(query_all(Client, place.pk, prefix=place.sk)), None)
    receipt = store.find(Erasure, ERASURE.key(org=caller.org_id, client=client_id))
    missing = errors.NotFound("there is no such client")
    if client is None or (receipt is not None and receipt.finished_at is not None):
        raise missing
    quietly = replace(caller, attempt=None)
    contacts = query_all(Contact, place.pk, prefix="CONTACT#")
    past = query_all(Envelope, place.pk, prefix="EVENT#")
    users = party_accounts.list_users_of_party(caller.org_id, "client", client_id)
    if receipt is None:
        receipt = Erasure(
            id=client_id, org_id=caller.org_id, addresses=_contact_addresses(client, contacts, past, users)
        )
        store.commit(
            quietly,
            Create(receipt, taken=errors.ConcurrentUpdate("somebody else is erasing it")),
            credit.require_zero_balance(client),
        )
    for user in users:
        party_accounts.erase_user(quietly, user)
    work: list[Op] = [
        *(Remove(each) for each in contacts),
        *(Remove(each) for each in query_all(Address, place.pk, prefix="ADDRESS#")),
        *(Remove(each) for each in query_all(EmailPreferences, place.pk, prefix="EMAIL-PREFERENCES")),
        *(Update(each, _redact_event(each)) for each in past if _has_personal_changes(each)),
    ]
    for start in range(0, len(work), _BATCH_SIZE):
        store.commit(quietly, *work[start : start + _BATCH_SIZE])
    nobody = client.model_copy(
        update={
            "name": "erased",
            "email": "",
            "phone": None,
            "notes": "",
            "deleted_at": client.deleted_at or clock.now(),
        }
    )
    after = receipt.model_copy(update={"finished_at": clock.now()})
    # The event hangs on the receipt: on the client it would tell, as changes, what was just taken out.
    store.commit(
        caller,
        Update(receipt, after, [ClientErased(client_id=client_id)], lost=missing),
        Update(client, nobody),
        credit.require_zero_balance(client),
    )
    return after


def _contact_addresses(
    client: Client, contacts: Sequence[Contact], past: Sequence[Envelope], users: Sequence[User]
) -> list[str]:
    """Wherever a client was ever written to."""
    known: list[Any] = [client.email, client.phone]
    known += [way for person in contacts for way in (person.email, person.phone)]
    known += [way for user in users for way in (user.email, user.phone)]
    reached = [change for event in past for change in event.changes if change.field in {"email", "phone"}]
    known += [way for change in reached for way in (change.old, change.new)]
    return sorted({same_mailbox(each) for each in known if each})


def _has_personal_changes(event: Envelope) -> bool:
    told = (each for each in event.changes if each.field not in _IMPERSONAL_FIELDS)
    return any(each.old is not None or each.new is not None for each in told)


def _redact_event(event: Envelope) -> Envelope:
    changes = [each if each.field in _IMPERSONAL_FIELDS else Change(field=each.field) for each in event.changes]
    return event.model_copy(update={"changes": changes})
