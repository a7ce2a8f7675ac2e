"""Erase a client's personal data from billing: names, addresses, cards and free text. Numbers and amounts stay.

Stored invoice PDFs are deleted with all versions. A later request renders a PDF without personal data.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

from coachway.billing.collections import model as collection_model
from coachway.billing.collections.model import Collection
from coachway.billing.errors import PaymentInProgress
from coachway.billing.invoices import model as invoice_model
from coachway.billing.invoices.model import Invoice
from coachway.billing.invoices.pdf_storage import build_object_key
from coachway.billing.invoicing_runs.monthly_run import RUN, InvoicingRun
from coachway.billing.payments import model as payment_model
from coachway.billing.payments import stripe_customers
from coachway.billing.payments.model import Payment, PaymentStatus
from coachway.billing.refunds import model as refund_model
from coachway.billing.refunds.model import Refund
from coachway.billing.stripe import client as stripe_client
from coachway.core import file_storage, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import Remove
from coachway.core.persistence.queries import months_between
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.erasure.service import RecordList, erase_page, erase_record

_PART: Final = "billing"


def _remove_pdf(invoice: Invoice) -> None:
    """Delete the PDF, also one that is stored and not yet on the record."""
    if invoice.number:
        file_storage.remove_file(build_object_key(invoice))


def _require_final(payment: Payment) -> None:
    if payment.status is PaymentStatus.PENDING:
        raise PaymentInProgress(f"The outcome of {payment.id} is not known yet.")


LISTS_OF_CLIENT: Final = (
    RecordList(Invoice, invoice_model.OF_CLIENT, partial(erase_record, prepare=_remove_pdf)),
    RecordList(Payment, payment_model.OF_CLIENT, partial(erase_record, prepare=_require_final)),
    RecordList(Refund, refund_model.OF_CLIENT),
    RecordList(Collection, collection_model.OF_CLIENT),
)


def erase_billing_data(caller: Caller, delivery: Delivery) -> None:
    """Erase the next page of a client's data; after the last page, also its invoicing failures and Stripe customer.

    Raises PaymentInProgress while a payment is pending, UpstreamUnavailable.
    """
    if erase_page(caller, delivery, _PART, LISTS_OF_CLIENT):
        client_id = str(delivery.data["client_id"])
        _erase_failures(caller, client_id)
        _erase_customer(caller, client_id)


def _erase_failures(caller: Caller, client_id: str) -> None:
    """Erase the client's name from invoicing runs that failed to invoice it."""
    months = months_between(ids.get_created_at(client_id), clock.now())
    keys = [RUN.key(org=caller.org_id, month=month) for month in months]
    for run in store.find_many(InvoicingRun, keys).values():
        erase_record(caller, client_id, run)


def _erase_customer(caller: Caller, client_id: str) -> None:
    customer = stripe_customers.find_customer(caller.org_id, client_id)
    if customer is not None:
        stripe_client.delete_customer(customer.customer_id)
        store.commit(caller, Remove(customer))


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "client.erased": erase_billing_data,
    "client.erasure_continued": erase_billing_data,
}
"""By event type. The queue receives these events and no others."""
