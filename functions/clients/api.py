"""Routes of clients."""

from coachway.clients import addresses, contacts, credit, preferences, service
from coachway.clients.errors import ClientHasOpenBalance
from coachway.clients.model import (
    Address,
    AddressInput,
    Client,
    ClientId,
    ClientInput,
    ClientQuery,
    Contact,
    ContactId,
    ContactInput,
    Credit,
    EmailPreferences,
    EmailPreferencesInput,
)
from coachway.core.caller import Caller
from coachway.core.errors import NotFound
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page, PageQuery, PartialUpdate
from coachway.identity.errors import NotStaff

api = ApiRouter("clients", "Clients, their contacts, addresses, credit and email preferences.")
app = api.app


@api.post("/clients", permission="clients:write", status=201, errors=(NotFound, NotStaff))
def create_client(caller: Caller, body: ClientInput) -> Client:
    """Create a client.

    The email must be unique in the organization. The credit limit is in the organization's currency.
    """
    return service.create_client(caller, body)


@api.get("/clients", permission="clients:read")
def list_clients(caller: Caller, query: ClientQuery) -> Page[Client]:
    """List clients.

    Returns the newest clients first. With `q`, returns clients with these words in their name or email address, or with
    this phone number.
    """
    return service.list_clients(caller, query)


@api.get("/clients/{client_id}", permission="clients:read")
def get_client(caller: Caller, client_id: ClientId) -> Client:
    """Get a client."""
    return service.get_client(caller, client_id)


@api.put("/clients/{client_id}", permission="clients:write", errors=(NotStaff,))
def update_client(
    caller: Caller, client_id: ClientId, body: PartialUpdate[ClientInput], if_match: int | None
) -> Client:
    """Update a client.

    Omitted fields keep their values.
    """
    return service.update_client(caller, client_id, body, if_match)


@api.delete("/clients/{client_id}", permission="clients:write", errors=(ClientHasOpenBalance,))
def delete_client(caller: Caller, client_id: ClientId, if_match: int | None) -> None:
    """Delete a client.

    Not possible while the client has an open balance. Its history remains; its email can be used again.
    """
    service.delete_client(caller, client_id, if_match)


@api.get("/clients/{client_id}/contacts", permission="clients:read")
def list_contacts(caller: Caller, client_id: ClientId, query: PageQuery) -> Page[Contact]:
    """List a client's contacts.

    Returns the newest contacts first.
    """
    return contacts.list_contacts(caller, client_id, query)


@api.post("/clients/{client_id}/contacts", permission="clients:write", status=201)
def add_contact(caller: Caller, client_id: ClientId, body: ContactInput) -> Contact:
    """Add a contact to a client."""
    return contacts.add_contact(caller, client_id, body)


@api.put("/clients/{client_id}/contacts/{contact_id}", permission="clients:write")
def update_contact(
    caller: Caller, client_id: ClientId, contact_id: ContactId, body: PartialUpdate[ContactInput], if_match: int | None
) -> Contact:
    """Update a contact.

    Omitted fields keep their values.
    """
    return contacts.update_contact(caller, client_id, contact_id, body, if_match)


@api.delete("/clients/{client_id}/contacts/{contact_id}", permission="clients:write")
def remove_contact(caller: Caller, client_id: ClientId, contact_id: ContactId, if_match: int | None) -> None:
    """Remove a contact from a client."""
    contacts.remove_contact(caller, client_id, contact_id, if_match)


@api.get("/clients/{client_id}/addresses", permission="clients:read")
def list_addresses(caller: Caller, client_id: ClientId, query: PageQuery) -> Page[Address]:
    """List a client's addresses.

    Returns the newest addresses first.
    """
    return addresses.list_addresses(caller, client_id, query)


@api.post("/clients/{client_id}/addresses", permission="clients:write", status=201)
def add_address(caller: Caller, client_id: ClientId, body: AddressInput) -> Address:
    """Add an address to a client."""
    return addresses.add_address(caller, client_id, body)


@api.get("/clients/{client_id}/credit", permission="clients:read")
def get_credit(caller: Caller, client_id: ClientId) -> Credit:
    """Get a client's credit.

    The available credit is the limit minus the open balance; it is negative if the limit was lowered below the balance.
    """
    return credit.get_credit(service.get_client(caller, client_id))


@api.get("/clients/{client_id}/email-preferences", permission="clients:read")
def get_email_preferences(caller: Caller, client_id: ClientId) -> EmailPreferences:
    """Get a client's email preferences.

    The preferences are stored, but have no effect yet: CoachWay sends no optional emails. Quotes, confirmations and
    invoices are always sent. Version 0 means that the preferences were never set.
    """
    return preferences.get_preferences(caller, client_id)


@api.put("/clients/{client_id}/email-preferences", permission="clients:write")
def set_email_preferences(
    caller: Caller, client_id: ClientId, body: PartialUpdate[EmailPreferencesInput], if_match: int | None
) -> EmailPreferences:
    """Set a client's email preferences.

    Omitted fields keep their values.
    """
    return preferences.update_preferences(caller, client_id, body, if_match)
