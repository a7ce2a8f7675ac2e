"""Erase a client's personal data from billing: names, addresses, cards and free text. Numbers and amounts stay.

Stored invoice PDFs are deleted with all versions. A later request renders a PDF without personal data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coachway.billing.collections import model as collection_model
from coachway.billing.collections.model import Collection
from coachway.billing.errors import PaymentInProgress
from coachway.billing.invoices import model as invoice_model
from coachway.billing.invoices.model import Invoice
from coachway.billing.invoicing_runs.monthly_run import RUN, InvoicingRun
from coachway.billing.payments import model as payment_model
from coachway.billing.payments import stripe_customers
from coachway.billing.payments.model import Payment, PaymentStatus
from coachway.billing.refunds import model as refund_model
from coachway.billing.refunds.model import Refund
from coachway.billing.stripe import client as stripe_client
from coachway.clients import erasure_progress
from coachway.core import file_storage, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.erasure import ERASED, RedactionMap, erase_at
from coachway.core.persistence.operations import Remove
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.persistence.records import AccessPattern, Entity
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import PageQuery
from coachway.core.types import ids

_PERSONAL: Final[RedactionMap] = {
    "billing_address": [],
    "card": None,
    "client_email": "",
    "client_name": ERASED,
    "decision_reason": "",
    "detail": "",
    "notes": "",
    "payment_method_id": None,
    "pdf_key": "",
    "reason": "",
    "reference": "",
    "reverse_reason": "",
    "void_reason": "",
}
_OF_RUN: Final[RedactionMap] = {"client_name": ERASED, "reason": ""}
_PART: Final = "billing"
_LISTS: Final[tuple[tuple[type[Entity], AccessPattern], ...]] = (
    (Invoice, invoice_model.OF_CLIENT),
    (Payment, payment_model.OF_CLIENT),
    (Refund, refund_model.OF_CLIENT),
    (Collection, collection_model.OF_CLIENT),
)


def erase_client(caller: Caller, delivery: Delivery) -> None:
    """Erase the next page of a client's data: list by list, then the customer at Stripe.

    Raises PaymentInProgress while a payment is pending, UpstreamUnavailable.
    """
    client_id = str(delivery.data["client_id"])
    cursor = erasure_progress.cursor_of(delivery, _PART)
    if cursor == "":
        return
    number, _, list_cursor = (cursor or "0:").partition(":")
    for index in range(int(number), len(_LISTS)):
        following = _erase_page(caller, client_id, *_LISTS[index], list_cursor or None)
        if following is not None:
            erasure_progress.schedule_next_page(caller, delivery, _PART, f"{index}:{following}")
            return
        list_cursor = ""
    _erase_failures(caller, client_id)
    _erase_customer(caller, client_id)


def _erase_page(
    caller: Caller, client_id: str, model: type[Entity], pattern: AccessPattern, cursor: str | None
) -> str | None:
    partition = pattern.partition(org=caller.org_id, client=client_id)
    page = query_page(model, pattern, [partition], PageQuery(limit=erasure_progress.PAGE_SIZE, cursor=cursor))
    for record in page.items:
        _erase(caller, client_id, record)
    return page.next_cursor


@retry_on_conflict
def _erase(caller: Caller, client_id: str, record: Entity) -> None:
    stored = store.find(type(record), record.key())
    if isinstance(stored, Payment) and stored.status is PaymentStatus.PENDING:
        raise PaymentInProgress(f"The outcome of {stored.id} is not known yet.")
    if isinstance(stored, Invoice) and stored.pdf_key:
        file_storage.remove(stored.pdf_key)
    erase_at(caller, record.key().pk, [stored], _PERSONAL, client_id)


def _erase_failures(caller: Caller, client_id: str) -> None:
    """Erase the client's name from invoicing runs that failed to invoice it."""
    months = months_between(ids.created_at_of(client_id), clock.now())
    for start in range(0, len(months), 100):
        keys = [RUN.key(org=caller.org_id, month=month) for month in months[start : start + 100]]
        for run in store.find_many(InvoicingRun, keys).values():
            _erase_run(caller, client_id, run)


@retry_on_conflict
def _erase_run(caller: Caller, client_id: str, record: InvoicingRun) -> None:
    erase_at(caller, record.key().pk, [store.find(InvoicingRun, record.key())], _OF_RUN, client_id)


def _erase_customer(caller: Caller, client_id: str) -> None:
    stored = stripe_customers.find_customer(caller.org_id, client_id)
    if stored is not None:
        stripe_client.delete_customer(stored.customer_id)
        store.commit(caller, Remove(stored))


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "client.erased": erase_client,
    "client.erasure_continued": erase_client,
}
"""By event type. The queue receives these events and no others."""
