"""Erasure of a client's personal data.

Other capabilities erase what they store about the client (addresses of trips, names on invoices, sent messages) when
they receive the event `client.erased`. Amounts stay.
"""

from typing import Any, Final

from coachway.clients import credit
from coachway.clients.model import Address, Client, Contact, EmailPreferences
from coachway.contracts.clients import ClientErased
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.domain_events import Envelope
from coachway.core.persistence.operations import Create, Op, Remove, Update
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from coachway.core.types.contact import address_spellings
from coachway.erasure.model import ERASURE, Erasure
from coachway.erasure.redaction import Redaction
from coachway.erasure.service import erase_partition
from coachway.identity.users import party_accounts

_MODELS: Final = (Client, Contact, Address, EmailPreferences)
"""The kinds of records whose changes are in a client's history."""


def erase_client_record(caller: Caller, client_id: str) -> Erasure:
    """Erase a client's personal data permanently, also that of a deleted client.

    The client itself is erased last, so that an interrupted erasure is finished by repeating it. Raises
    ClientHasOpenBalance, or NotFound if it is erased already.
    """
    key = CLIENT.key(org=caller.org_id, id=client_id)
    client = next(iter(query_all(Client, key.pk, prefix=key.sk)), None)
    receipt = store.find(Erasure, ERASURE.key(org=caller.org_id, client=client_id))
    not_found = errors.NotFound("The client was not found.")
    if client is None or (receipt is not None and receipt.finished_at is not None):
        raise not_found
    step_caller = caller.without_idempotency()
    if receipt is None:
        addresses = _list_contact_addresses(caller.org_id, client)
        receipt = Erasure(id=client_id, org_id=caller.org_id, addresses=addresses)
        store.commit(
            step_caller,
            Create(receipt, on_exists=errors.ConcurrentUpdate("The client is being erased by another request.")),
            credit.require_zero_balance_op(client),
        )
    erase_client_parts(step_caller, client_id)
    deletion = {"deleted_at": client.deleted_at or clock.now()}
    erased = Redaction(client_id).redact_record(client).model_copy(update=deletion)
    after = receipt.model_copy(update={"finished_at": clock.now()})
    # The event belongs to the erasure record: an event of the client would list the erased values as changes.
    store.commit(
        caller,
        Update(receipt, after, [ClientErased(client_id=client_id)], on_stale=not_found),
        Update(client, erased),
        credit.require_zero_balance_op(client),
    )
    return after


def erase_client_parts(caller: Caller, client_id: str) -> None:
    """Erase a client's users, contacts, addresses and history. Repeating it has no effect."""
    key = CLIENT.key(org=caller.org_id, id=client_id)
    for user in party_accounts.list_users_of_party(caller.org_id, "client", client_id):
        party_accounts.erase_user(caller, user)
    removed: list[Op] = [
        *(Remove(each) for each in query_all(Contact, key.pk, prefix="CONTACT#")),
        *(Remove(each) for each in query_all(Address, key.pk, prefix="ADDRESS#")),
        *(Remove(each) for each in query_all(EmailPreferences, key.pk, prefix="EMAIL-PREFERENCES")),
    ]
    erase_partition(caller, Redaction(client_id), key.pk, _MODELS, *removed)


def _list_contact_addresses(org_id: str, client: Client) -> list[str]:
    """All addresses to which messages of the client were ever sent."""
    partition = client.key().pk
    contacts = query_all(Contact, partition, prefix="CONTACT#")
    events = query_all(Envelope, partition, prefix="EVENT#")
    users = party_accounts.list_users_of_party(org_id, "client", client.id)
    addresses: list[Any] = [client.email, client.phone]
    addresses += [address for contact in contacts for address in (contact.email, contact.phone)]
    addresses += [address for user in users for address in (user.email, user.phone)]
    changes = [change for event in events for change in event.changes if change.field in {"email", "phone"}]
    addresses += [address for change in changes for address in (change.old, change.new)]
    return sorted({spelling for each in addresses if each for spelling in address_spellings(each)})
