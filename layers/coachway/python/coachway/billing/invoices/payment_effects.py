"""Effects of payments, reversals, refunds and voids on an invoice.

The functions return operations for the transaction of the cause:

    context = payment_effects.load_payment_context(caller, invoice_id)
    after, ops = payment_effects.apply_payment(context, payment_id=…, cents=…)
    store.commit(caller, Create(payment), *ops)
"""

from datetime import date
from decimal import Decimal
from typing import Any

from coachway.billing.errors import AmountExceedsPayment, InvoiceChanged
from coachway.billing.invoices import queries, service
from coachway.billing.invoices.model import Invoice
from coachway.billing.invoices.rules import InvoiceStatus, require_payable, status_for
from coachway.billing.ledger import journal, movements
from coachway.billing.ledger.accounts import Movement
from coachway.bookings import instalments
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.clients import credit
from coachway.contracts.billing.invoices import (
    InvoiceOverdue,
    InvoicePaid,
    InvoicePaymentRecorded,
    InvoiceRefunded,
    InvoiceRefundReturned,
    InvoiceReopened,
)
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.records import Key
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import format_units, round_half_up
from coachway.identity.model.organization import ORGANIZATIONS, Organization


class InvoicePaymentContext(BaseSchema):
    """An invoice with its organization, and its charter if it has exactly one."""

    invoice: Invoice
    charter: Charter | None
    organization: Organization

    @property
    def next_due_date(self) -> date | None:
        """The date of the next open instalment of the charter, or the due date of the invoice."""
        due_date, charter = self.invoice.due_date, self.charter
        agreed = instalments.find_next_due_date(charter.instalments, charter.amount_paid) if charter else None
        return min(due_date, agreed) if due_date is not None and agreed is not None else due_date

    def amount_due_by(self, day: date) -> int:
        """Return the cents that are due by the end of `day` and not paid."""
        invoice, charter = self.invoice, self.charter
        if not invoice.status.is_open or invoice.due_date is None:
            return 0
        if day >= invoice.due_date or charter is None:
            return invoice.balance_due if day >= invoice.due_date else 0
        due = instalments.sum_due_by(charter.instalments, day) - charter.amount_paid
        return max(0, min(due, invoice.balance_due))


def load_payment_context(caller: Caller, invoice_id: str, *, expected: int | None = None) -> InvoicePaymentContext:
    """Load the context of an invoice in two reads. Raises NotFound, also for another client's invoice."""
    invoice = queries.get_invoice(caller, invoice_id, expected=expected)
    organization_key = ORGANIZATIONS.key(org=caller.org_id)
    charter_key = _only_charter_key(invoice)
    records = store.batch_get([organization_key, *([charter_key] if charter_key else [])])
    charter = records.find(Charter, charter_key) if charter_key else None
    return InvoicePaymentContext(
        invoice=invoice, charter=charter, organization=records.get(Organization, organization_key)
    )


def _only_charter_key(invoice: Invoice) -> Key | None:
    if len(invoice.charter_ids) != 1:
        return None
    return CHARTER.key(org=invoice.org_id, id=invoice.charter_ids[0])


def apply_payment(
    context: InvoicePaymentContext, *, payment_id: str, cents: int, memo: str = ""
) -> tuple[Invoice, list[Op]]:
    """Pay `cents` of the invoice. Return the invoice and the operations that write it.

    Raises InvoiceNotPayable, AmountExceedsBalance.
    """
    before = context.invoice
    require_payable(before.status, before.balance_due, cents)
    after = _with_amount_paid(context, before.amount_paid + cents)
    fields = {**service.event_fields(after), "payment_id": payment_id, "amount": cents}
    event = InvoicePaid(**fields) if after.status is InvoiceStatus.PAID else InvoicePaymentRecorded(**fields)
    movement = movements.build_payment_received(
        client_id=before.client_id,
        invoice_id=before.id,
        charter_id=context.charter.id if context.charter else None,
        cents=cents,
        currency=before.currency,
        memo=memo or f"Payment of {before.number}",
    )
    return after, [
        Update(before, after, _payment_events(before, after, event), on_stale=InvoiceChanged()),
        *_charter_ops(context, cents),
        *journal.journal_ops(context.organization, movement, reference=payment_id),
        credit.settle_credit_op(before.org_id, before.client_id, cents),
    ]


def apply_reversal(
    context: InvoicePaymentContext, *, payment_id: str, cents: int, memo: str = ""
) -> tuple[Invoice, list[Op]]:
    """Reverse a payment of `cents`, which is then due again. Return the invoice and the operations that write it.

    Raises AmountExceedsPayment.
    """
    before = context.invoice
    if cents > before.paid_since:
        paid = format_units(before.paid_since)
        raise AmountExceedsPayment(f"Only {paid} was paid since the invoice was issued. Reverse {paid} or less.")
    after = _with_amount_paid(context, before.amount_paid - cents)
    event = InvoiceReopened(**service.event_fields(after), payment_id=payment_id, amount=cents)
    movement = movements.build_payment_reversed(
        client_id=before.client_id,
        invoice_id=before.id,
        charter_id=context.charter.id if context.charter else None,
        cents=cents,
        currency=before.currency,
        memo=memo or f"Payment of {before.number} reversed",
    )
    return after, [
        Update(before, after, _payment_events(before, after, event), on_stale=InvoiceChanged()),
        *_charter_ops(context, -cents),
        *journal.journal_ops(context.organization, movement, reference=payment_id),
        credit.invoice_credit_op(before.org_id, before.client_id, cents),
    ]


def apply_refund(
    context: InvoicePaymentContext, *, refund_id: str, cents: int, memo: str = ""
) -> tuple[Invoice, list[Op]]:
    """Refund `cents` of the payments. The balance due stays. Return the invoice and the operations that write it.

    Raises AmountExceedsPayment if less than `cents` can be refunded.
    """
    before = context.invoice
    refundable = before.amount_paid - before.amount_refunded
    if cents > refundable:
        raise AmountExceedsPayment(f"Only {format_units(refundable)} of this invoice's payments can be refunded.")
    after = before.model_copy(update={"amount_refunded": before.amount_refunded + cents})
    event = InvoiceRefunded(**service.event_fields(after), refund_id=refund_id, amount=cents)
    movement = _refund_movement(context, cents, refunded_tax(after) - refunded_tax(before), memo)
    return after, [
        Update(before, after, [event], on_stale=InvoiceChanged()),
        *_charter_ops(context, -cents),
        *journal.journal_ops(context.organization, movement, reference=refund_id),
    ]


def apply_returned_refund(context: InvoicePaymentContext, *, refund_id: str, cents: int, memo: str) -> list[Op]:
    """Return the operations that reverse a refund of `cents`, because the bank returned it."""
    before = context.invoice
    after = before.model_copy(update={"amount_refunded": before.amount_refunded - cents})
    event = InvoiceRefundReturned(**service.event_fields(after), refund_id=refund_id, amount=cents)
    movement = movements.build_refund_returned(
        _refund_movement(context, cents, refunded_tax(before) - refunded_tax(after), memo)
    )
    return [
        Update(before, after, [event], on_stale=InvoiceChanged()),
        *_charter_ops(context, cents),
        *journal.journal_ops(context.organization, movement, reference=refund_id),
    ]


def _refund_movement(context: InvoicePaymentContext, cents: int, tax: int, memo: str) -> Movement:
    return movements.build_payment_refunded(
        client_id=context.invoice.client_id,
        invoice_id=context.invoice.id,
        charter_id=context.charter.id if context.charter else None,
        cents=cents,
        tax=tax,
        currency=context.invoice.currency,
        memo=memo or f"Refund on {context.invoice.number}",
    )


def void_journal_ops(organization: Organization, before: Invoice) -> list[Op]:
    """Return the operations of the journal entry that voids an invoice. Its remaining payments become deposits."""
    if before.total == 0:
        return []
    movement = movements.build_invoice_voided(
        client_id=before.client_id,
        invoice_id=before.id,
        charter_id=before.charter_ids[0] if len(before.charter_ids) == 1 else None,
        number=before.number,
        net=before.subtotal,
        tax=before.tax,
        paid=before.amount_paid,
        refunded=before.amount_refunded,
        tax_refunded=refunded_tax(before),
        currency=before.currency,
    )
    return journal.journal_ops(organization, movement, reference=before.id)


def refunded_tax(invoice: Invoice) -> int:
    """Return the cents of tax in the refunds of an invoice so far, in proportion to its total."""
    if invoice.total == 0:
        return 0
    return round_half_up(Decimal(invoice.tax * invoice.amount_refunded) / invoice.total)


def _with_amount_paid(context: InvoicePaymentContext, amount_paid: int) -> Invoice:
    """Return the invoice with `amount_paid` cents paid, and the status that follows from it today."""
    before = context.invoice
    due_date: date = before.due_date or journal.local_date(context.organization)
    status = status_for(before.total, amount_paid, due_date, journal.local_date(context.organization))
    changes: dict[str, Any] = {
        "amount_paid": amount_paid,
        "balance_due": before.total - amount_paid,
        "status": status,
        "paid_at": clock.now() if status is InvoiceStatus.PAID else None,
    }
    return before.model_copy(update=changes)


def _payment_events(before: Invoice, after: Invoice, event: Event) -> list[Event]:
    """Return `event`, and InvoiceOverdue if the status changes to overdue, because the timer skips such invoices."""
    if after.status is not InvoiceStatus.OVERDUE or before.status is InvoiceStatus.OVERDUE:
        return [event]
    return [event, InvoiceOverdue(**service.event_fields(after), link_nonce=after.link_nonce)]


def _charter_ops(context: InvoicePaymentContext, cents: int) -> list[Op]:
    """Return the operations that add `cents` to the amount paid on the charter. Cancellations refund from it."""
    if context.charter is None:
        return []
    after = context.charter.model_copy(update={"amount_paid": max(0, context.charter.amount_paid + cents)})
    return [Update(context.charter, after, on_stale=InvoiceChanged())]
