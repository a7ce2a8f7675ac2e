"""The payments of a charter, and how much of them can be refunded."""

from collections.abc import Mapping, Sequence
from typing import Final

from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.payments.model import OF_SUBJECT, PAYMENT, REFUND_HOLDS, Payment, PaymentStatus
from coachway.billing.refunds.rules import RefundableAmount
from coachway.bookings.charters.model import Charter
from coachway.core import store
from coachway.core.persistence.queries import query_all

MAX_PAYMENTS: Final = 20
"""The most payments that one settlement can refund, because it is one transaction."""


def find_refundable_amount(charter: Charter) -> int:
    """Return how much of the payments of a charter can be refunded now, in cents.

    That is what was paid, without the amounts of refunds that are not completed and of open disputes.
    """
    payments = list_payments(charter, find_invoice(charter))
    refundable_amounts = list_refundable_amounts(payments, find_refund_holds(payments))
    # The index may not have the latest payment yet. Nothing of it is on hold.
    missing = max(0, charter.amount_paid - sum_paid(payments))
    return sum(amount.cents for amount in refundable_amounts) + missing


def find_invoice(charter: Charter) -> Invoice | None:
    """Find the draft or issued invoice of a charter."""
    if charter.invoice_id is None:
        return None
    return store.find(Invoice, INVOICE.key(org=charter.org_id, id=charter.invoice_id))


def list_payments(charter: Charter, invoice: Invoice | None) -> list[Payment]:
    """List the payments of a charter and of its invoice. The latest one is missing until the index has it."""
    subject_ids = (charter.id, *([invoice.id] if invoice else []))
    return [payment for subject_id in subject_ids for payment in _list_payments(charter.org_id, subject_id)]


def _list_payments(org_id: str, subject_id: str) -> Sequence[Payment]:
    partition = OF_SUBJECT.partition(org=org_id, subject=subject_id)
    indexed_payments = query_all(Payment, partition, index=OF_SUBJECT.index, limit=MAX_PAYMENTS * 10)
    # Read the payments from the table, because the index can be stale.
    stored_payments = (
        store.find_many(Payment, [PAYMENT.key(org=org_id, id=payment.id) for payment in indexed_payments])
        if indexed_payments
        else {}
    )
    return [
        payment
        for payment in stored_payments.values()
        if payment.status is PaymentStatus.SUCCEEDED and _is_for_trip(payment)
    ]


def _is_for_trip(payment: Payment) -> bool:
    """Return whether a payment is for the trip. One that its invoice did not accept is a deposit of the client."""
    return payment.invoice_id is None or not payment.is_unapplied


def sum_paid(payments: Sequence[Payment]) -> int:
    """Return what was paid and not refunded, in cents."""
    return sum(payment.amount - payment.amount_refunded for payment in payments)


def find_refund_holds(payments: Sequence[Payment]) -> dict[str, int]:
    """Return the amount of each payment that is refunded or reserved for refunds, in cents, by payment id."""
    keys = {payment.id: REFUND_HOLDS.key(org=payment.org_id, payment=payment.id) for payment in payments}
    records = store.batch_get(list(keys.values())) if keys else None
    return {payment_id: records.numbers(key).get("refunded", 0) if records else 0 for payment_id, key in keys.items()}


def list_refundable_amounts(payments: Sequence[Payment], refund_holds: Mapping[str, int]) -> list[RefundableAmount]:
    """Return the amount of each payment that can be refunded, newest payment first."""
    newest_first = sorted(payments, key=lambda payment: payment.id, reverse=True)
    return [RefundableAmount(payment.id, max(0, payment.amount - refund_holds[payment.id])) for payment in newest_first]
