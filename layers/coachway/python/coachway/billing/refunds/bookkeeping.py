"""Bookkeeping of a completed refund: payment, invoice or deposit, and ledger entries, in one transaction.

Also reverses the bookkeeping when the bank returns the refund.
"""

from coachway.billing.invoices import payment_effects
from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.invoices.rules import InvoiceStatus
from coachway.billing.ledger import journal, movements
from coachway.billing.payments.model import PAYMENT, Payment
from coachway.billing.refunds import rules, service
from coachway.billing.refunds.model import Refund
from coachway.billing.refunds.rules import RefundStatus
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import CharterChanged
from coachway.contracts.billing.refunds import RefundCompleted
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.identity import organization_queries


@retry_on_conflict
def complete_refund(caller: Caller, refund_id: str, stripe_refund_id: str | None) -> None:
    """Mark a refund as completed and write its bookkeeping. Safe to repeat."""
    before = service.get_refund(caller, refund_id)
    if before.status is RefundStatus.COMPLETED:
        return
    rules.TRANSITIONS.require(before.status, RefundStatus.COMPLETED)
    payment = store.get(Payment, PAYMENT.key(org=caller.org_id, id=before.payment_id))
    after = before.model_copy(
        update={
            "status": RefundStatus.COMPLETED,
            "stripe_refund_id": stripe_refund_id,
            "completed_at": clock.now(),
            "failure": None,
        }
    )
    after, ops = apply_refund(caller, payment, after)
    payment_after = payment.model_copy(update={"amount_refunded": payment.amount_refunded + before.amount})
    event = RefundCompleted(**service.event_fields(after), method=after.method.value)
    store.commit(caller, Update(before, after, [event]), Update(payment, payment_after), *ops)


def apply_refund(caller: Caller, payment: Payment, refund: Refund) -> tuple[Refund, list[Op]]:
    """Book a refund: first on the payments of its invoice, then on deposits.

    Return the refund, which records the amount booked on the invoice, and the operations.
    """
    memo = f"Refund on {refund.number}" if refund.number else "Refund"
    if _is_unapplied(payment):
        return refund, _journal_ops(caller, refund, refund.amount, memo)
    charter = service.find_charter(refund)
    # The paid invoice or, if that is void, the charter's current invoice.
    invoice_ids = [payment.invoice_id, charter.invoice_id if charter is not None else None]
    invoice_id = next(
        (candidate_id for candidate_id in invoice_ids if candidate_id is not None and _is_issued(caller, candidate_id)),
        None,
    )
    ops, deposit_share, charter_share = list[Op](), refund.amount, refund.amount
    if invoice_id is not None and not refund.refunds_cancellation_fee:
        context = payment_effects.load_payment_context(caller, invoice_id)
        invoice_share = _invoice_share(refund.amount, context)
        if invoice_share > 0:
            deposit_share -= invoice_share
            ops = payment_effects.apply_refund(context, refund_id=refund.id, cents=invoice_share, memo=memo)[1]
            refund = refund.model_copy(update={"booked_invoice_amount": invoice_share, "booked_invoice_id": invoice_id})
            charter_share = deposit_share if context.charter is not None else charter_share
    if deposit_share > 0:
        ops += _journal_ops(caller, refund, deposit_share, memo)
    return refund, _with_charter_op(charter, charter_share, ops) if charter_share > 0 else ops


def reverse_refund(caller: Caller, payment: Payment, refund: Refund) -> list[Op]:
    """Return the operations that reverse the bookkeeping of a refund.

    If its invoice was voided in the meantime, the amount becomes a deposit.
    """
    memo = f"Refund of {refund.number} returned" if refund.number else "Refund returned"
    if _is_unapplied(payment):
        return _journal_ops(caller, refund, refund.amount, memo, is_reversal=True)
    charter = service.find_charter(refund)
    ops, deposit_share, charter_share = list[Op](), refund.amount, refund.amount
    if refund.booked_invoice_id is not None and _is_issued(caller, refund.booked_invoice_id):
        context = payment_effects.load_payment_context(caller, refund.booked_invoice_id)
        ops = payment_effects.apply_returned_refund(
            context, refund_id=refund.id, cents=refund.booked_invoice_amount, memo=memo
        )
        deposit_share -= refund.booked_invoice_amount
        charter_share = deposit_share if context.charter is not None else charter_share
    if deposit_share > 0:
        ops += _journal_ops(caller, refund, deposit_share, memo, is_reversal=True)
    return _with_charter_op(charter, -charter_share, ops) if charter_share > 0 else ops


def _is_unapplied(payment: Payment) -> bool:
    """Return whether the payment could not be applied to its invoice, so that it was kept as a deposit."""
    return payment.is_unapplied and payment.invoice_id is not None


def _invoice_share(cents: int, context: payment_effects.InvoicePaymentContext) -> int:
    """Return the cents of a refund to book on an invoice.

    An overpayment of the invoice's only charter is refunded first, from deposits.
    """
    paid = context.invoice.amount_paid - context.invoice.amount_refunded
    if context.charter is not None:
        cents -= min(cents, max(0, context.charter.amount_paid - paid))
    return min(cents, paid)


def _journal_ops(caller: Caller, refund: Refund, cents: int, memo: str, *, is_reversal: bool = False) -> list[Op]:
    build_movement = (
        movements.build_fee_refunded if refund.refunds_cancellation_fee else movements.build_deposit_refunded
    )
    movement = build_movement(
        client_id=refund.client_id, charter_id=refund.charter_id, cents=cents, currency=refund.currency, memo=memo
    )
    if is_reversal:
        movement = movements.build_refund_returned(movement)
    return journal.journal_ops(organization_queries.get_organization(caller.org_id), movement, reference=refund.id)


def _is_issued(caller: Caller, invoice_id: str) -> bool:
    """Return whether an invoice is issued and not void. Payments of drafts and void invoices are deposits."""
    invoice = store.find(Invoice, INVOICE.key(org=caller.org_id, id=invoice_id))
    return invoice is not None and invoice.status not in {InvoiceStatus.DRAFT, InvoiceStatus.VOID}


def _with_charter_op(charter: Charter | None, cents: int, ops: list[Op]) -> list[Op]:
    """Return `ops`, which also subtract `cents` from the amount paid on the charter.

    If `ops` update the charter already, that update is changed: a transaction writes an item only once.
    """
    if charter is None:
        return ops
    charter_op = next((op for op in ops if isinstance(op, Update) and isinstance(op.after, Charter)), None)
    if charter_op is None:
        charter_op = Update(charter, charter, on_stale=CharterChanged())
        ops.append(charter_op)
    amount_paid = getattr(charter_op.after, "amount_paid", 0) - cents
    charter_op.after = charter.model_copy(update={"amount_paid": max(0, amount_paid)})
    return ops
