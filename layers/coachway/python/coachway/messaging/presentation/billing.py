"""Invoices, payments, refunds and payouts in messages."""

from datetime import date
from typing import Final

from coachway.contracts.billing.collections import PaymentAnnounced
from coachway.contracts.billing.invoices import InvoiceOverdue, InvoicePdfStored, InvoiceVoided, InvoicingFinished
from coachway.contracts.billing.payables import PayoutMade
from coachway.contracts.billing.payments import PaymentDisputed, PaymentFailed, PaymentSucceeded, PaymentUnapplied
from coachway.contracts.billing.refunds import RefundApprovalNeeded, RefundCompleted, RefundFailed
from coachway.core.documents.formatting import Formatter

InvoiceEvent = InvoicePdfStored | InvoiceOverdue | InvoiceVoided
PaymentEvent = PaymentAnnounced | PaymentSucceeded | PaymentFailed | PaymentUnapplied | PaymentDisputed
RefundEvent = RefundApprovalNeeded | RefundCompleted | RefundFailed

_PAYOUT_METHODS: Final = {"ach": "Bank transfer (ACH)", "wire": "Wire transfer"}


def amount_due(event: InvoiceEvent, formatter: Formatter) -> str:
    """The amount due: `$526.50`."""
    return formatter.money(event.balance_due, event.currency)


def invoice_rows(event: InvoiceEvent, formatter: Formatter) -> list[tuple[str, str]]:
    """Number, total, amount due and due date."""
    rows = [("Invoice", event.number), ("Total", formatter.money(event.total, event.currency))]
    if event.balance_due != event.total:
        rows.append(("Amount due", amount_due(event, formatter)))
    if event.due_date is not None and event.balance_due:
        rows.append(("Due on", formatter.day(event.due_date)))
    return rows


def invoicing_month(event: InvoicingFinished) -> str:
    """The invoiced month: `January 2027`."""
    return f"{date.fromisoformat(f'{event.month}-01'):%B %Y}"


def invoicing_rows(event: InvoicingFinished, formatter: Formatter) -> list[tuple[str, str]]:
    """Number of invoices, their total, and how many clients could not be invoiced."""
    rows = [("Invoices", formatter.number(event.invoices)), ("Total", formatter.money(event.total, event.currency))]
    return [*rows, *([("Not invoiced", formatter.number(len(event.failures)))] if event.failures else [])]


def invoicing_failures(event: InvoicingFinished) -> list[tuple[str, str]]:
    """Each client that could not be invoiced, and the reason."""
    return [(failure.client_name or failure.client_id, failure.reason) for failure in event.failures]


def payment_amount(event: PaymentEvent, formatter: Formatter) -> str:
    """The amount of a payment: `$181.63`."""
    return formatter.money(event.amount, event.currency)


def payment_subject(event: PaymentEvent) -> str:
    """The subject of a payment: `invoice INV-2027-HARBOR-00001` or `trip CH-2027-000001`."""
    return f"{'invoice' if event.invoice_id else 'trip'} {event.number}"


def announcement_rows(event: PaymentAnnounced, formatter: Formatter) -> list[tuple[str, str]]:
    """What is due, and when it is charged or must be paid."""
    rows = [("Invoice" if event.invoice_id else "Trip", event.number), ("Amount", payment_amount(event, formatter))]
    if event.card:
        return [*rows, ("Card", event.card), ("Charged on", formatter.day(event.charge_on))]
    return [*rows, ("Due on", formatter.day(event.charge_on))]


def receipt_rows(event: PaymentSucceeded, formatter: Formatter) -> list[tuple[str, str]]:
    """The receipt of a payment."""
    rows = [("Invoice" if event.invoice_id else "Trip", event.number), ("Paid", payment_amount(event, formatter))]
    if event.card:
        rows.append(("Card", event.card))
    rows.append(("On", formatter.moment(event.succeeded_at)))
    if event.open_balance:
        rows.append(("Remaining balance", formatter.money(event.open_balance, event.currency)))
    return [*rows, ("Reference", event.payment_id)]


def needs_confirmation(event: PaymentFailed) -> bool:
    """Whether the payer must confirm the payment with the bank (3-D Secure)."""
    return event.failure_code == "authentication_required"


def dispute_reason(event: PaymentDisputed) -> str:
    """The bank's reason: `product not received`."""
    return event.reason.replace("_", " ")


def refund_rows(event: RefundEvent, formatter: Formatter) -> list[tuple[str, str]]:
    """The amount, and what it is for."""
    rows = [("Amount", formatter.money(event.amount, event.currency))]
    return [*rows, ("For", event.number)] if event.number else rows


def payout_method(event: PayoutMade) -> str:
    """The payment method: `Bank transfer (ACH)`."""
    return _PAYOUT_METHODS.get(event.method, event.method.capitalize())


def payout_rows(event: PayoutMade, formatter: Formatter) -> list[tuple[str, str]]:
    """The lines of a payout: description and amount."""
    return [(line.description, formatter.money(line.amount, event.currency)) for line in event.lines]
