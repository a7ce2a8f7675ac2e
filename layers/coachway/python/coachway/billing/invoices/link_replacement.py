"""Sends unpaid invoices again when the email of their client changes, each with a new link."""

from collections.abc import Mapping
from typing import Final

from coachway.billing.errors import InvoiceChanged
from coachway.billing.invoices import service
from coachway.billing.invoices.model import INVOICE, OF_CLIENT, Invoice
from coachway.clients.model import Client
from coachway.contracts.billing.invoices import InvoicePdfStored
from coachway.contracts.clients import ClientUpdated
from coachway.core import store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import CheckVersion, Update
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.types import contact

_MAX_SENT: Final = 20
"""Invoices that are sent again after one change, newest first. The others get the new email, for later messages."""


def on_client_updated(caller: Caller, delivery: Delivery) -> None:
    """Send the client's unpaid invoices to its new email. Safe to repeat: invoices that have the email are skipped."""
    if not delivery.parse(ClientUpdated).email_changed:
        return
    partition = OF_CLIENT.partition(org=caller.org_id, client=delivery.aggregate_id)
    invoices = query_all(Invoice, partition, index=OF_CLIENT.index, descending=True)
    unpaid = [invoice for invoice in invoices if invoice.status.is_open]
    for number, invoice in enumerate(unpaid):
        _replace_link(caller, invoice.id, is_sent=number < _MAX_SENT)


@retry_on_conflict
def _replace_link(caller: Caller, invoice_id: str, *, is_sent: bool) -> None:
    before = store.get(Invoice, INVOICE.key(org=caller.org_id, id=invoice_id))
    client = store.find(Client, CLIENT.key(org=caller.org_id, id=before.client_id))
    if client is None or not before.status.is_open or contact.is_same_email(before.client_email, client.email):
        return
    after = before.model_copy(update={"client_email": client.email, "link_nonce": signed_links.new_nonce()})
    events: list[Event] = []
    if is_sent and after.pdf_key is not None:  # otherwise it is sent as soon as its PDF is stored
        fields = service.event_fields(after)
        events.append(InvoicePdfStored(**fields, pdf_key=after.pdf_key, link_nonce=after.link_nonce))
    # An erased client must not get its email back.
    store.commit(
        caller, Update(before, after, events, on_stale=InvoiceChanged()), CheckVersion(client, InvoiceChanged())
    )


CONSUMERS: Final[Mapping[str, Consumer]] = {ClientUpdated.TYPE: on_client_updated}
