"""Replaces the links to a client's quotes and trips when its email, or that of the booking's contact, changes.

Unanswered quotes and the confirmations of upcoming trips are sent again, as many as a client can get in an hour.
"""

from collections.abc import Mapping
from typing import Final

from coachway.bookings.charters import booking_contact
from coachway.bookings.charters.event_payloads import booking_event_fields
from coachway.bookings.charters.model import CHARTER, OF_CLIENT, Charter
from coachway.bookings.charters.quote_link import LINK, QuoteLink
from coachway.bookings.charters.rules import CharterStatus
from coachway.bookings.errors import (
    ClientInactive,
    ConcurrentSend,
    DeparturePassed,
    QuoteIncomplete,
    QuoteNotSendable,
)
from coachway.bookings.quotes.links import send_quote_until
from coachway.clients.model import CONTACTS, Client, Contact
from coachway.contracts.bookings import BookingConfirmationSent
from coachway.contracts.clients import ClientUpdated, ContactRemoved, ContactUpdated
from coachway.core import store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.errors import RateLimited
from coachway.core.persistence.operations import CheckVersion, Op, Update
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.identity import message_limits
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.identity.secrets import hashing

_NOT_SENDABLE: Final = (ClientInactive, DeparturePassed, QuoteIncomplete, QuoteNotSendable, RateLimited)
_UPCOMING_STATUSES: Final = frozenset({CharterStatus.BOOKED, CharterStatus.CONFIRMED})


def on_client_updated(caller: Caller, delivery: Delivery) -> None:
    """Replace the client's links that were sent to another email. Safe to repeat: replaced links are skipped."""
    if delivery.parse(ClientUpdated).email_changed:
        _replace_links(caller, delivery.aggregate_id)


def on_contact_updated(caller: Caller, delivery: Delivery) -> None:
    """Replace the links that were sent to another email of a contact."""
    event = delivery.parse(ContactUpdated)
    if event.email_changed:
        _replace_links(caller, event.client_id)


def on_contact_removed(caller: Caller, delivery: Delivery) -> None:
    """Replace the links that were sent to a removed contact."""
    _replace_links(caller, delivery.parse(ContactRemoved).client_id)


def _replace_links(caller: Caller, client_id: str) -> None:
    """Replace the links of a client that were sent to an email which neither it nor its contact has now."""
    client = store.find(Client, CLIENT.key(org=caller.org_id, id=client_id))
    if client is None:
        return
    partition = OF_CLIENT.partition(org=caller.org_id, client=client.id)
    charters = query_all(Charter, partition, index=OF_CLIENT.index, descending=True)
    keys = [LINK.key(org=caller.org_id, charter=charter.id) for charter in charters]
    links = store.find_many(QuoteLink, keys).values()
    contact_ids = {link.contact_id for link in links if link.contact_id is not None}
    contact_keys = [CONTACTS.key(org=caller.org_id, client=client.id, id=contact_id) for contact_id in contact_ids]
    contacts = {contact.id: contact for contact in store.find_many(Contact, contact_keys).values()}
    for link in links:
        if not _is_sent_to_current_email(link, client, contacts.get(link.contact_id or "")):
            _replace_link(caller, link.charter_id)


def _is_sent_to_current_email(link: QuoteLink, client: Client, contact: Contact | None) -> bool:
    """Whether the link was sent to the email that its recipient has now. `contact` is that of the link."""
    if link.contact_id is None:
        return link.is_sent_to(client.email)
    return contact is not None and contact.email is not None and link.is_sent_to(contact.email)


@retry_on_conflict
def _replace_link(caller: Caller, charter_id: str) -> None:
    """Replace a link, and send it to the client if its quote is unanswered or its trip is upcoming."""
    charter_key = CHARTER.key(org=caller.org_id, id=charter_id)
    link_key = LINK.key(org=caller.org_id, charter=charter_id)
    organization_key = ORGANIZATIONS.key(org=caller.org_id)
    records = store.batch_get([charter_key, link_key, organization_key])
    charter, before = records.find(Charter, charter_key), records.find(QuoteLink, link_key)
    if charter is None or before is None:
        return
    client, contact, link_contact = _load_recipients(charter, before)
    if client is None or _is_sent_to_current_email(before, client, link_contact):
        return
    is_current = charter.status is CharterStatus.QUOTE and charter.revision_number == before.revision_number
    if is_current and before.expires > clock.now():
        try:
            send_quote_until(caller, charter_id, before.expires)
        except _NOT_SENDABLE:
            pass
        else:
            return
    address = booking_contact.get_address(client, contact)
    changes = {
        "nonce": signed_links.new_nonce(),
        "address_digest": hashing.address_digest(address),
        "contact_id": contact.id if contact is not None and contact.email else None,
    }
    after = before.model_copy(update=changes)
    ops: list[Op] = [Update(before, after, on_stale=ConcurrentSend()), CheckVersion(client, ConcurrentSend())]
    if charter.status in _UPCOMING_STATUSES and charter.starts_at > clock.now():
        event = BookingConfirmationSent(**booking_event_fields(charter, client, contact, after.nonce))
        confirmation_op = Update(charter, charter.model_copy(), [event], on_stale=ConcurrentSend())
        limit_ops = message_limits.message_ops(records.get(Organization, organization_key), "quote", address)
        try:
            store.commit(caller, *ops, confirmation_op, *limit_ops)
        except RateLimited:
            pass
        else:
            return
    store.commit(caller, *ops)


def _load_recipients(charter: Charter, link: QuoteLink) -> tuple[Client | None, Contact | None, Contact | None]:
    """Load the client, the contact of the booking, and the contact that the link was sent to."""
    link_key = CONTACTS.key(org=charter.org_id, client=charter.client_id, id=link.contact_id)
    records = store.batch_get([*booking_contact.people_keys(charter), *([link_key] if link.contact_id else [])])
    client, contact = booking_contact.find_client(charter, records), booking_contact.find_contact(charter, records)
    return client, contact, records.find(Contact, link_key)


CONSUMERS: Final[Mapping[str, Consumer]] = {
    ClientUpdated.TYPE: on_client_updated,
    ContactUpdated.TYPE: on_contact_updated,
    ContactRemoved.TYPE: on_contact_removed,
}
