"""What a refund that was given back moves: the payment, the invoice or the deposit, the ledger. One transaction.

And the same the other way round, when it did not arrive.
"""

from __future__ import annotations

from coachway.billing.invoices import payment_effects
from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.invoices.rules import InvoiceStatus
from coachway.billing.ledger import journal as ledger_journal
from coachway.billing.ledger import movements
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


def complete_refund(caller: Caller, refund_id: str, stripe_refund_id: str | None) -> None:
    """Write that it was given back. Twice writes it once."""
    retry_on_conflict(lambda: _completed(caller, refund_id, stripe_refund_id))()


def _completed(caller: Caller, refund_id: str, stripe_refund_id: str | None) -> None:
    before = service.get(caller, refund_id)
    if before.status is RefundStatus.COMPLETED:
        return
    rules.require_step(before.status, RefundStatus.COMPLETED)
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
    given = payment.model_copy(update={"amount_refunded": payment.amount_refunded + before.amount})
    told = RefundCompleted(**service.event_fields(after), method=after.method.value)
    store.commit(caller, Update(before, after, [told]), Update(payment, given), *ops)


def apply_refund(caller: Caller, payment: Payment, refund: Refund) -> tuple[Refund, list[Op]]:
    """The refund, which says from where it was taken, and the ops that take it.

    From what was paid on the invoice, as far as that goes; the rest was paid ahead, and is a deposit.
    """
    memo = f"Refund on {refund.number}" if refund.number else "Refund"
    if _is_unallocated(payment):
        return refund, _booked(caller, refund, refund.amount, memo)
    charter = service.trip_of(refund)
    # The invoice that was paid; once that is void, the one that its trip is on instead.
    known = [payment.invoice_id, charter.invoice_id if charter is not None else None]
    invoice_id = next((each for each in known if each is not None and _is_owed(caller, each)), None)
    ops, ahead, off_trip = list[Op](), refund.amount, refund.amount
    if invoice_id is not None and not refund.of_fee:
        on = payment_effects.load_context(caller, invoice_id)
        of_invoice = _of_invoice(refund.amount, on)
        if of_invoice > 0:
            ahead -= of_invoice
            ops = payment_effects.apply_refund(on, refund_id=refund.id, cents=of_invoice, memo=memo)[1]
            refund = refund.model_copy(update={"of_invoice": of_invoice, "taken_of": invoice_id})
            off_trip = ahead if on.charter is not None else off_trip
    if ahead > 0:
        ops += _booked(caller, refund, ahead, memo)
    return refund, _on_charter(charter, off_trip, ops) if off_trip > 0 else ops


def reverse_refund(caller: Caller, payment: Payment, refund: Refund) -> list[Op]:
    """The ops that put back what a refund took. An invoice that is void by now leaves it to the deposits."""
    memo = f"Refund of {refund.number} did not arrive" if refund.number else "A refund did not arrive"
    if _is_unallocated(payment):
        return _booked(caller, refund, refund.amount, memo, back=True)
    charter = service.trip_of(refund)
    ops, ahead, onto_trip = list[Op](), refund.amount, refund.amount
    if refund.taken_of is not None and _is_owed(caller, refund.taken_of):
        on = payment_effects.load_context(caller, refund.taken_of)
        ops = payment_effects.apply_returned_refund(on, refund_id=refund.id, cents=refund.of_invoice, memo=memo)
        ahead -= refund.of_invoice
        onto_trip = ahead if on.charter is not None else onto_trip
    if ahead > 0:
        ops += _booked(caller, refund, ahead, memo, back=True)
    return _on_charter(charter, -onto_trip, ops) if onto_trip > 0 else ops


def _is_unallocated(payment: Payment) -> bool:
    """Whether its invoice did not take it, so that neither that nor a trip says that it was paid."""
    return payment.kept_as_deposit and payment.invoice_id is not None


def _of_invoice(cents: int, on: payment_effects.InvoicePaymentContext) -> int:
    """What of a refund lies on an invoice. What its one trip was paid beside it, being too much, goes back first."""
    settled = on.invoice.amount_paid - on.invoice.amount_refunded
    if on.charter is not None:
        cents -= min(cents, max(0, on.charter.amount_paid - settled))
    return min(cents, settled)


def _booked(caller: Caller, refund: Refund, cents: int, memo: str, *, back: bool = False) -> list[Op]:
    build = movements.fee_refunded if refund.of_fee else movements.deposit_refunded
    movement = build(
        client_id=refund.client_id, charter_id=refund.charter_id, cents=cents, currency=refund.currency, memo=memo
    )
    if back:
        movement = movements.reversal_of(movement)
    return ledger_journal.journal_ops(organization_queries.get(caller.org_id), movement, reference=refund.id)


def _is_owed(caller: Caller, invoice_id: str) -> bool:
    """Whether an invoice says what was earned. Of a draft or a void one, what was paid is a deposit."""
    invoice = store.find(Invoice, INVOICE.key(org=caller.org_id, id=invoice_id))
    return invoice is not None and invoice.status not in {InvoiceStatus.DRAFT, InvoiceStatus.VOID}


def _on_charter(charter: Charter | None, cents: int, ops: list[Op]) -> list[Op]:
    """`ops`, and `cents` less paid for a trip: in the same write if they have one of it."""
    if charter is None:
        return ops
    written = next((op for op in ops if isinstance(op, Update) and isinstance(op.after, Charter)), None)
    if written is None:
        written = Update(charter, charter, lost=CharterChanged())
        ops.append(written)
    left = getattr(written.after, "amount_paid", 0) - cents
    written.after = charter.model_copy(update={"amount_paid": max(0, left)})
    return ops
