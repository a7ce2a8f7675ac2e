"""Replaces the links to a client's quotes and trips when its email changes.

Unanswered quotes and the confirmations of upcoming trips are sent again, as many as a client can get in an hour.
"""

from collections.abc import Mapping
from typing import Final

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
from coachway.clients.model import Client
from coachway.contracts.bookings import BookingConfirmationSent
from coachway.contracts.clients import ClientUpdated
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
    if not delivery.parse(ClientUpdated).email_changed:
        return
    client_key = CLIENT.key(org=caller.org_id, id=delivery.aggregate_id)
    client = store.find(Client, client_key)
    if client is None:
        return
    partition = OF_CLIENT.partition(org=caller.org_id, client=client.id)
    charters = query_all(Charter, partition, index=OF_CLIENT.index, descending=True)
    keys = [LINK.key(org=caller.org_id, charter=charter.id) for charter in charters]
    for link in store.find_many(QuoteLink, keys).values():
        if not link.is_sent_to(client.email):
            _replace_link(caller, link.charter_id)


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
    client = store.find(Client, CLIENT.key(org=caller.org_id, id=charter.client_id))
    if client is None or before.is_sent_to(client.email):
        return
    is_current = charter.status is CharterStatus.QUOTE and charter.revision_number == before.revision_number
    if is_current and before.expires > clock.now():
        try:
            send_quote_until(caller, charter_id, before.expires)
        except _NOT_SENDABLE:
            pass
        else:
            return
    changes = {"nonce": signed_links.new_nonce(), "address_digest": hashing.address_digest(client.email)}
    after = before.model_copy(update=changes)
    ops: list[Op] = [Update(before, after, on_stale=ConcurrentSend()), CheckVersion(client, ConcurrentSend())]
    if charter.status in _UPCOMING_STATUSES and charter.starts_at > clock.now():
        event = BookingConfirmationSent(**booking_event_fields(charter, client, after.nonce))
        confirmation_op = Update(charter, charter.model_copy(), [event], on_stale=ConcurrentSend())
        limit_ops = message_limits.message_ops(records.get(Organization, organization_key), "quote", client.email)
        try:
            store.commit(caller, *ops, confirmation_op, *limit_ops)
        except RateLimited:
            pass
        else:
            return
    store.commit(caller, *ops)


CONSUMERS: Final[Mapping[str, Consumer]] = {ClientUpdated.TYPE: on_client_updated}
