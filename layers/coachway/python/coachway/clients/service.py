"""Clients: add, find, list, change, remove."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from coachway.clients import credit, rules
from coachway.clients.model import (
    BY_MONTH,
    BY_NAME,
    CONTACTS,
    Client,
    ClientInput,
    ClientQuery,
    Contact,
)
from coachway.contracts.clients import ClientCreated, ClientDeleted, ClientUpdated
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.queries import months_between, query_all, query_page
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PartialUpdate, apply_changes
from coachway.core.types import ids

_BATCH_SIZE = 80
"""Contacts that are removed with their client in one transaction; more go before it."""

_CURRENCY_SECONDS = 300


@lru_cache(maxsize=256)
def _currency(org_id: str, _period: int) -> str:
    """An organization's currency, remembered for a while so that adding a client needs no read."""
    from coachway.identity import organization_queries

    return organization_queries.get(org_id).currency


def create(caller: Caller, wanted: ClientInput) -> Client:
    """Add a client. Raises Duplicate when another one of the organization has this email."""
    currency = _currency(caller.org_id, clock.epoch() // _CURRENCY_SECONDS)
    client = Client(id=ids.new("cli"), org_id=caller.org_id, currency=currency, **wanted.model_dump())
    store.commit(caller, Create(client, [ClientCreated(client_type=client.client_type)]))
    return client


def get(caller: Caller, client_id: str, *, expected: int | None = None) -> Client:
    """The client. Raises Missing, or Stale when `expected` is not its version."""
    return store.get(Client, CLIENT.key(org=caller.org_id, id=client_id), expected=expected)


def list_clients(caller: Caller, query: ClientQuery) -> Page[Client]:
    """Clients, newest first; by name when `q` asks for the beginning of one."""
    where = {
        name: value.value
        for name, value in (("client_type", query.type), ("status", query.status))
        if value is not None
    }
    if query.q is not None and (sought := rules.normalize_name(query.q)):
        names = BY_NAME.partition(org=caller.org_id, initial=sought[:1])
        prefix = BY_NAME.key(org="", initial="", name=sought, id="").sk.removesuffix("#")
        return query_page(Client, BY_NAME, [names], query, prefix=prefix, where=where)
    since = months_between(ids.created_at_of(caller.org_id), clock.now())
    partitions = [BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(since)]
    return query_page(Client, BY_MONTH, partitions, query, where=where, descending=True)


def update(caller: Caller, client_id: str, changes: PartialUpdate[ClientInput], expected: int | None) -> Client:
    """Change what `changes` names. Raises Duplicate when another client has the new email."""
    before = get(caller, client_id, expected=expected)
    after = apply_changes(before, changes)
    store.commit(caller, Update(before, after, [ClientUpdated()]))
    return after


def delete(caller: Caller, client_id: str, expected: int | None) -> None:
    """Remove a client and its contacts; the email is free again. Raises Conflict while it owes something."""
    before = get(caller, client_id, expected=expected)
    now = clock.now()
    partition = CONTACTS.partition(org=caller.org_id, client=client_id)
    contacts = [
        Update(each, each.model_copy(update={"deleted_at": now}))
        for each in query_all(Contact, partition, prefix="CONTACT#")
        if each.deleted_at is None
    ]
    head: Sequence[Op] = (
        Update(before, before.model_copy(update={"deleted_at": now}), [ClientDeleted()]),
        credit.require_zero_balance(before),
    )
    while len(contacts) > _BATCH_SIZE:
        store.commit(caller, *contacts[:_BATCH_SIZE])
        contacts = contacts[_BATCH_SIZE:]
    store.commit(caller, *head, *contacts)
