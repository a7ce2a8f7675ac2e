"""Addresses of clients: add and list."""

from coachway.clients import service
from coachway.clients.model import ADDRESSES, Address, AddressInput
from coachway.contracts.clients import AddressAdded
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import CheckVersion, Create
from coachway.core.persistence.queries import query_page
from coachway.core.schemas import Page, PageQuery
from coachway.core.types import ids


def add_address(caller: Caller, client_id: str, request: AddressInput) -> Address:
    """Add an address to a client."""
    client = service.get_client(caller, client_id)
    address = Address(id=ids.new("adr"), org_id=caller.org_id, client_id=client_id, **request.model_dump())
    store.commit(
        caller,
        Create(address, [AddressAdded(client_id=client_id)]),
        CheckVersion(
            client, errors.ConcurrentUpdate("The client was changed by another request. Read it again, then retry.")
        ),
    )
    return address


def list_addresses(caller: Caller, client_id: str, query: PageQuery) -> Page[Address]:
    """List a client's addresses, newest first."""
    client = service.get_client(caller, client_id)
    partition = ADDRESSES.partition(org=caller.org_id, client=client.id)
    return query_page(Address, ADDRESSES, [partition], query, prefix="ADDRESS#", where={"kept": True}, descending=True)
