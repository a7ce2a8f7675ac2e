"""Erasing a client from the bills: names, addresses, cards and what people wrote go; numbers, lines and amounts stay.

An invoice's filed paper goes with all its versions: it is drawn anew, without the name, for whoever asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from coachway.billing.collections import model as collection_model
from coachway.billing.collections.model import Collection
from coachway.billing.invoices import model as invoice_model
from coachway.billing.invoices.model import Invoice
from coachway.billing.invoicing_runs.monthly_run import RUN, InvoicingRun
from coachway.billing.payments import model as payment_model
from coachway.billing.payments import stripe_customers
from coachway.billing.payments.model import Payment, PaymentStatus
from coachway.billing.refunds import model as refund_model
from coachway.billing.refunds.model import Refund
from coachway.billing.stripe import client as stripe_client
from coachway.clients import erasure_progress as clients
from coachway.core import errors, file_storage, store
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


def client_erased(caller: Caller, delivery: Delivery) -> None:
    """Erase the next of what is kept of a client: a page of one list after the other, at last the client at Stripe.

    Raises Conflict while a payment's outcome is not known, Upstream.
    """
    client_id = str(delivery.data["client_id"])
    cursor = clients.cursor_of(delivery, _PART)
    if cursor == "":
        return
    number, _, behind = (cursor or "0:").partition(":")
    for place in range(int(number), len(_LISTS)):
        following = _erase_page(caller, client_id, *_LISTS[place], behind or None)
        if following is not None:
            clients.schedule_next_page(caller, delivery, _PART, f"{place}:{following}")
            return
        behind = ""
    _erase_failures(caller, client_id)
    _erase_customer(caller, client_id)


def _erase_page(
    caller: Caller, client_id: str, model: type[Entity], pattern: AccessPattern, cursor: str | None
) -> str | None:
    partition = pattern.partition(org=caller.org_id, client=client_id)
    some = query_page(model, pattern, [partition], PageQuery(limit=clients.PAGE_SIZE, cursor=cursor))
    for each in some.items:
        retry_on_conflict(partial(_erase, caller, client_id, each))()
    return some.next_cursor


def _erase(caller: Caller, client_id: str, listed: Entity) -> None:
    known = store.find(type(listed), listed.key())
    if isinstance(known, Payment) and known.status is PaymentStatus.PENDING:
        raise errors.Conflict(f"what became of {known.id} is not known yet", title="a payment is under way")
    if isinstance(known, Invoice) and known.pdf_key:
        file_storage.remove(known.pdf_key)
    erase_at(caller, listed.key().pk, [known], _PERSONAL, client_id)


def _erase_failures(caller: Caller, client_id: str) -> None:
    """Out of the runs of months in which the client could not be invoiced."""
    since = months_between(ids.created_at_of(client_id), clock.now())
    for start in range(0, len(since), 100):
        keys = [RUN.key(org=caller.org_id, month=month) for month in since[start : start + 100]]
        for run in store.find_many(InvoicingRun, keys).values():
            retry_on_conflict(partial(_erase_run, caller, client_id, run))()


def _erase_run(caller: Caller, client_id: str, listed: InvoicingRun) -> None:
    erase_at(caller, listed.key().pk, [store.find(InvoicingRun, listed.key())], _OF_RUN, client_id)


def _erase_customer(caller: Caller, client_id: str) -> None:
    known = stripe_customers.find(caller.org_id, client_id)
    if known is not None:
        stripe_client.delete_customer(known.customer_id)
        store.commit(caller, Remove(known))


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "client.erased": client_erased,
    "client.erasure_continued": client_erased,
}
"""By event type. The queue receives these events and no others."""
