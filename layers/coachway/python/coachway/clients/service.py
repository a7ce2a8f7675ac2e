"""Clients: create, get, list, update, delete."""

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
from coachway.core.persistence.data_version import DataVersion
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.queries import query_all, query_by_month, query_page
from coachway.core.persistence.transaction_batches import batch_ops
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PartialUpdate, apply_changes
from coachway.core.types import contact, ids

_BATCH_SIZE = 80
"""Items of contacts that one transaction writes together with their client; others are deleted before."""

_CURRENCY_SECONDS = 300


@lru_cache(maxsize=256)
def _currency(org_id: str, _period: int) -> str:
    """An organization's currency, cached for five minutes so that creating a client needs no read."""
    from coachway.identity import organization_queries

    return organization_queries.get_organization(org_id).currency


def _has_search_entries(org_id: str) -> bool:
    from coachway.identity import organization_queries

    return organization_queries.has_data(org_id, DataVersion.SEARCH)


def create_client(caller: Caller, request: ClientInput) -> Client:
    """Create a client. Raises Duplicate if another client has its email, NotFound, NotStaff."""
    currency = _currency(caller.org_id, clock.epoch() // _CURRENCY_SECONDS)
    _require_agent(caller, request.assigned_agent_id)
    client = build_client(caller, ids.new("cli"), request, currency)
    store.commit(caller, *create_client_ops(client))
    return client


def build_client(caller: Caller, client_id: str, request: ClientInput, currency: str) -> Client:
    """Build a client that is not stored yet. `currency` is the organization's."""
    return Client(id=client_id, org_id=caller.org_id, currency=currency, **request.model_dump())


def create_client_ops(client: Client) -> list[Op]:
    """Return the operations that store a new client. They fail with Duplicate if another client has its email."""
    return [Create(client, [ClientCreated(client_type=client.client_type)])]


def _require_agent(caller: Caller, agent_id: str | None) -> None:
    """Raise NotFound or NotStaff unless the user can look after a client."""
    if agent_id is not None:
        from coachway.identity import staff

        staff.get_active_staff(caller.org_id, agent_id)


def get_client(caller: Caller, client_id: str, *, expected: int | None = None) -> Client:
    """Get a client. Raises NotFound, or PreconditionFailed if `expected` is not its version."""
    return store.get(Client, CLIENT.key(org=caller.org_id, id=client_id), expected=expected)


def list_clients(caller: Caller, query: ClientQuery) -> Page[Client]:
    """List clients, newest first; with `q`, by the word that matches."""
    where = {
        name: value.value
        for name, value in (("client_type", query.client_type), ("status", query.status))
        if value is not None
    }
    if query.q is not None and _has_search_entries(caller.org_id):
        from coachway.core.record_search import search_page

        return search_page(Client, caller.org_id, query.q, query, where=where)
    if query.q is not None and (search_name := rules.normalize_name(query.q)):
        partition = BY_NAME.partition(org=caller.org_id, initial=search_name[:1])
        prefix = BY_NAME.key(org="", initial="", name=search_name, id="").sk.removesuffix("#")
        return query_page(Client, BY_NAME, [partition], query, prefix=prefix, where=where)
    return query_by_month(Client, BY_MONTH, caller, query, where=where)


def update_client(caller: Caller, client_id: str, changes: PartialUpdate[ClientInput], expected: int | None) -> Client:
    """Update a client. Raises Duplicate if another client has the new email, NotFound, NotStaff."""
    before = get_client(caller, client_id, expected=expected)
    after = apply_changes(before, changes)
    if after.assigned_agent_id != before.assigned_agent_id:
        _require_agent(caller, after.assigned_agent_id)
    event = ClientUpdated(email_changed=not contact.is_same_email(before.email, after.email))
    store.commit(caller, Update(before, after, [event]))
    return after


def delete_client(caller: Caller, client_id: str, expected: int | None) -> None:
    """Delete a client and its contacts; its email can be used again. Raises ClientHasOpenBalance."""
    before = get_client(caller, client_id, expected=expected)
    now = clock.now()
    partition = CONTACTS.partition(org=caller.org_id, client=client_id)
    contact_ops: list[Op] = [
        Update(each, each.model_copy(update={"deleted_at": now}))
        for each in query_all(Contact, partition, prefix="CONTACT#")
        if each.deleted_at is None
    ]
    client_ops: Sequence[Op] = (
        Update(before, before.model_copy(update={"deleted_at": now}), [ClientDeleted()]),
        credit.require_zero_balance_op(before),
    )
    *batches, last_batch = [*batch_ops(caller, contact_ops, _BATCH_SIZE)] or [[]]
    for batch in batches:
        store.commit(caller, *batch)
    store.commit(caller, *client_ops, *last_batch)
