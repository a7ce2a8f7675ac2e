"""Contacts of clients: add, list, update, remove."""

from coachway.clients import service
from coachway.clients.model import CONTACTS, Contact, ContactInput
from coachway.contracts.clients import ContactAdded, ContactRemoved, ContactUpdated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import CheckVersion, Create, Update
from coachway.core.persistence.queries import query_page
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PageQuery, PartialUpdate, apply_changes
from coachway.core.types import ids
from coachway.core.types.contact import normalize_email


def add_contact(caller: Caller, client_id: str, request: ContactInput) -> Contact:
    """Add a contact to a client."""
    client = service.get_client(caller, client_id)
    contact = Contact(id=ids.new("con"), org_id=caller.org_id, client_id=client_id, **request.model_dump())
    store.commit(
        caller,
        Create(contact, [ContactAdded(client_id=client_id)]),
        CheckVersion(
            client, errors.ConcurrentUpdate("The client was changed by another request. Read it again, then retry.")
        ),
    )
    return contact


def list_contacts(caller: Caller, client_id: str, query: PageQuery) -> Page[Contact]:
    """List a client's contacts, newest first."""
    client = service.get_client(caller, client_id)
    partition = CONTACTS.partition(org=caller.org_id, client=client.id)
    return query_page(Contact, CONTACTS, [partition], query, prefix="CONTACT#", where={"kept": True}, descending=True)


def update_contact(
    caller: Caller, client_id: str, contact_id: str, changes: PartialUpdate[ContactInput], expected: int | None
) -> Contact:
    """Update a contact."""
    before = _get_contact(caller, client_id, contact_id, expected)
    after = apply_changes(before, changes)
    email_changed = normalize_email(before.email or "") != normalize_email(after.email or "")
    event = ContactUpdated(client_id=client_id, email_changed=email_changed)
    store.commit(caller, Update(before, after, [event]))
    return after


def remove_contact(caller: Caller, client_id: str, contact_id: str, expected: int | None) -> None:
    """Remove a contact from a client."""
    before = _get_contact(caller, client_id, contact_id, expected)
    after = before.model_copy(update={"deleted_at": clock.now()})
    store.commit(caller, Update(before, after, [ContactRemoved(client_id=client_id)]))


def _get_contact(caller: Caller, client_id: str, contact_id: str, expected: int | None) -> Contact:
    return store.get(Contact, CONTACTS.key(org=caller.org_id, client=client_id, id=contact_id), expected=expected)
