"""The places of a client."""

from __future__ import annotations

from coachway.clients import service
from coachway.clients.events import AddressAdded
from coachway.clients.model import ADDRESSES, Address, AddressInput
from coachway.core import errors, ids, store
from coachway.core.caller import Caller
from coachway.core.listing import page
from coachway.core.ops import Create, Require
from coachway.core.schemas import Page, PageQuery


def add(caller: Caller, client_id: str, wanted: AddressInput) -> Address:
    """Add a place to a client."""
    client = service.get(caller, client_id)
    address = Address(id=ids.new("adr"), org_id=caller.org_id, client_id=client_id, **wanted.model_dump())
    store.commit(
        caller,
        Create(address, [AddressAdded(client_id=client_id)]),
        Require(client, errors.LostRace("the client was changed by somebody else: try again")),
    )
    return address


def listed(caller: Caller, client_id: str, query: PageQuery) -> Page[Address]:
    """A client's addresses, newest first."""
    client = service.get(caller, client_id)
    partition = ADDRESSES.partition(org=caller.org_id, client=client.id)
    return page(Address, ADDRESSES, [partition], query, prefix="ADDRESS#", where={"kept": True}, descending=True)
