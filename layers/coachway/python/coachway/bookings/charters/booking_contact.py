"""The person of the client whom a booking's messages address: its contact, or the client itself.

The contact is read when a message is sent, so that it has the current email. A contact that was removed, or has no
email, is replaced by the client.
"""

from coachway.bookings.charters.model import Charter
from coachway.clients.model import CONTACTS, Client, Contact
from coachway.core import store
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.records import Key


def people_keys(charter: Charter) -> list[Key]:
    """The keys of a charter's client, and of its contact if it has one."""
    client_key = CLIENT.key(org=charter.org_id, id=charter.client_id)
    return [client_key, contact_key(charter)] if charter.contact_id else [client_key]


def contact_key(charter: Charter) -> Key:
    """The key of a charter's contact, which must have one."""
    return CONTACTS.key(org=charter.org_id, client=charter.client_id, id=charter.contact_id)


def find_client(charter: Charter, records: store.BatchResult) -> Client | None:
    """The client, or None if it was removed."""
    return records.find(Client, CLIENT.key(org=charter.org_id, id=charter.client_id))


def find_contact(charter: Charter, records: store.BatchResult) -> Contact | None:
    """The contact, or None if the charter has none or it was removed."""
    return records.find(Contact, contact_key(charter)) if charter.contact_id else None


def load_people(charter: Charter) -> tuple[Client | None, Contact | None]:
    """Load the client and the contact. One read."""
    records = store.batch_get(people_keys(charter))
    return find_client(charter, records), find_contact(charter, records)


def get_address(client: Client, contact: Contact | None) -> str:
    """The email that the booking's messages are sent to."""
    return contact.email if contact is not None and contact.email else client.email


def get_name(client: Client | None, contact: Contact | None) -> str:
    """The name of whoever receives the booking's messages; empty if the client was removed."""
    if client is None:
        return ""
    return contact.name if contact is not None and contact.email else client.name


def get_driver_contact(charter: Charter, client: Client | None, contact: Contact | None) -> tuple[str, str | None]:
    """The name and phone number that the driver sees: of the person on site, of the contact, or of the client."""
    if charter.on_site_contact is not None:
        return charter.on_site_contact.name, charter.on_site_contact.phone
    if contact is not None and contact.phone:
        return contact.name, contact.phone
    return (client.name, client.phone) if client is not None else ("", None)
