"""Export of the data about a client."""

from coachway.clients import credit, preferences
from coachway.clients.model import Address, Client, Contact, Credit, EmailPreferences
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.domain_events import HistoryEntry
from coachway.core.persistence.queries import query_all
from coachway.core.schemas import BaseSchema


class ClientFile(BaseSchema):
    """All stored data about one client."""

    client: Client
    contacts: list[Contact]
    addresses: list[Address]
    email_preferences: EmailPreferences
    credit: Credit
    history: list[HistoryEntry]


def export_client(caller: Caller, client_id: str) -> ClientFile:
    """Export all stored data about a client. Raises NotFound."""
    client = store.get(Client, CLIENT.key(org=caller.org_id, id=client_id))
    partition = client.key().pk
    return ClientFile(
        client=client,
        contacts=[each for each in query_all(Contact, partition, prefix="CONTACT#") if each.deleted_at is None],
        addresses=[each for each in query_all(Address, partition, prefix="ADDRESS#") if each.deleted_at is None],
        email_preferences=preferences.get_preferences(caller, client_id),
        credit=credit.get_credit(client),
        history=store.list_history(client.key()),
    )
