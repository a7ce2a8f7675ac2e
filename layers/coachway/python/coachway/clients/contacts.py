"""The people at a client's."""

from __future__ import annotations

from coachway.clients import service
from coachway.clients.events import ContactAdded, ContactRemoved, ContactUpdated
from coachway.clients.model import CONTACTS, Contact, ContactInput
from coachway.core import clock, errors, ids, store
from coachway.core.caller import Caller
from coachway.core.listing import page
from coachway.core.ops import Create, Require, Update
from coachway.core.schemas import Changes, Page, PageQuery, changed


def add(caller: Caller, client_id: str, wanted: ContactInput) -> Contact:
    """Add a person to a client."""
    client = service.get(caller, client_id)
    contact = Contact(id=ids.new("con"), org_id=caller.org_id, client_id=client_id, **wanted.model_dump())
    store.commit(
        caller,
        Create(contact, [ContactAdded(client_id=client_id)]),
        Require(client, errors.LostRace("the client was changed by somebody else: try again")),
    )
    return contact


def listed(caller: Caller, client_id: str, query: PageQuery) -> Page[Contact]:
    """A client's contacts, newest first."""
    client = service.get(caller, client_id)
    partition = CONTACTS.partition(org=caller.org_id, client=client.id)
    return page(Contact, CONTACTS, [partition], query, prefix="CONTACT#", where={"kept": True}, descending=True)


def update(
    caller: Caller, client_id: str, contact_id: str, changes: Changes[ContactInput], expected: int | None
) -> Contact:
    """Change what `changes` names."""
    before = _get(caller, client_id, contact_id, expected)
    after = changed(before, changes)
    store.commit(caller, Update(before, after, [ContactUpdated(client_id=client_id)]))
    return after


def remove(caller: Caller, client_id: str, contact_id: str, expected: int | None) -> None:
    """Take a person off a client."""
    before = _get(caller, client_id, contact_id, expected)
    after = before.model_copy(update={"deleted_at": clock.now()})
    store.commit(caller, Update(before, after, [ContactRemoved(client_id=client_id)]))


def _get(caller: Caller, client_id: str, contact_id: str, expected: int | None) -> Contact:
    return store.get(Contact, CONTACTS.key(org=caller.org_id, client=client_id, id=contact_id), expected=expected)
