"""Invoices, payments, refunds and payouts in messages."""

from __future__ import annotations

from datetime import date
from typing import Final

from coachway.contracts.billing.invoices import InvoiceFiled, InvoiceOverdue, InvoiceVoided, InvoicingFinished
from coachway.contracts.billing.payables import PayoutMade
from coachway.contracts.billing.payments import PaymentDisputed, PaymentFailed, PaymentSucceeded, PaymentUnplaced
from coachway.contracts.billing.refunds import RefundApprovalNeeded, RefundCompleted, RefundFailed
from coachway.core.documents.formatting import Formatter

InvoiceEvent = InvoiceFiled | InvoiceOverdue | InvoiceVoided
PaymentEvent = PaymentSucceeded | PaymentFailed | PaymentUnplaced | PaymentDisputed
RefundEvent = RefundApprovalNeeded | RefundCompleted | RefundFailed

_PAYOUT_METHODS: Final = {"ach": "Bank transfer (ACH)", "wire": "Wire transfer"}


def amount_due(event: InvoiceEvent, words: Formatter) -> str:
    """What is still to be paid: `$526.50`."""
    return words.money(event.balance_due, event.currency)


def invoice_rows(event: InvoiceEvent, words: Formatter) -> list[tuple[str, str]]:
    """Number, total, amount due and due date."""
    rows = [("Invoice", event.number), ("Total", words.money(event.total, event.currency))]
    if event.balance_due != event.total:
        rows.append(("Still due", amount_due(event, words)))
    if event.due_date is not None and event.balance_due:
        rows.append(("Due on", words.day(event.due_date)))
    return rows


def invoicing_month(event: InvoicingFinished) -> str:
    """`January 2027`."""
    return f"{date.fromisoformat(f'{event.month}-01'):%B %Y}"


def invoicing_rows(event: InvoicingFinished, words: Formatter) -> list[tuple[str, str]]:
    """Number of invoices, their total, and how many clients could not be invoiced."""
    rows = [("Invoices", words.number(event.invoices)), ("Total", words.money(event.total, event.currency))]
    return [*rows, *([("Not invoiced", words.number(len(event.failures)))] if event.failures else [])]


def invoicing_failures(event: InvoicingFinished) -> list[tuple[str, str]]:
    """Each client that could not be invoiced, and the reason."""
    return [(failure.client_name or failure.client_id, failure.reason) for failure in event.failures]


def payment_amount(event: PaymentEvent, words: Formatter) -> str:
    """`$181.63`."""
    return words.money(event.amount, event.currency)


def payment_subject(event: PaymentEvent) -> str:
    """`invoice INV-2027-HARBOR-00001`, or `trip CH-2027-000001`."""
    return f"{'invoice' if event.invoice_id else 'trip'} {event.number}"


def receipt_rows(event: PaymentSucceeded, words: Formatter) -> list[tuple[str, str]]:
    """The receipt of a payment."""
    rows = [("Invoice" if event.invoice_id else "Trip", event.number), ("Paid", payment_amount(event, words))]
    if event.card:
        rows.append(("Card", event.card))
    rows.append(("On", words.moment(event.succeeded_at)))
    if event.open_balance:
        rows.append(("Still to pay", words.money(event.open_balance, event.currency)))
    return [*rows, ("Reference", event.payment_id)]


def needs_confirmation(event: PaymentFailed) -> bool:
    """Whether the same card will do once the payer confirms the payment with the bank (3-D Secure)."""
    return event.failure_code == "authentication_required"


def dispute_reason(event: PaymentDisputed) -> str:
    """The bank's reason: `product not received`."""
    return event.reason.replace("_", " ")


def refund_rows(event: RefundEvent, words: Formatter) -> list[tuple[str, str]]:
    """Amount, what it is for, and the reason."""
    rows = [("Amount", words.money(event.amount, event.currency))]
    rows += [("For", event.number)] if event.number else []
    return [*rows, ("Reason", event.reason)]


def payout_method(event: PayoutMade) -> str:
    """`Bank transfer (ACH)`."""
    return _PAYOUT_METHODS.get(event.method, event.method.capitalize())


def payout_rows(event: PayoutMade, words: Formatter) -> list[tuple[str, str]]:
    """What was paid for, line by line."""
    return [(line.description, words.money(line.amount, event.currency)) for line in event.lines]
