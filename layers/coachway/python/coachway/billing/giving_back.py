"""What a refund that was given back moves: the payment, the invoice or the deposit, the ledger. One transaction."""

from __future__ import annotations

from coachway.billing import ledger, movements, receipts, refund_rules, refunds
from coachway.billing.invoice import INVOICE, Invoice
from coachway.billing.invoice_rules import InvoiceStatus
from coachway.billing.payment import PAYMENT, Payment
from coachway.billing.refund import Refund
from coachway.billing.refund_events import RefundCompleted
from coachway.billing.refund_rules import RefundStatus
from coachway.bookings.lifecycle import ChangedMeanwhile
from coachway.bookings.model import Charter
from coachway.core import clock, store
from coachway.core.caller import Caller
from coachway.core.ops import Op, Update
from coachway.core.retrying import after_lost_races
from coachway.identity import organizations


def completed(caller: Caller, refund_id: str, stripe_refund_id: str | None) -> None:
    """Write that it was given back. Twice writes it once."""
    after_lost_races(lambda: _completed(caller, refund_id, stripe_refund_id))


def _completed(caller: Caller, refund_id: str, stripe_refund_id: str | None) -> None:
    before = refunds.get(caller, refund_id)
    if before.status is RefundStatus.COMPLETED:
        return
    refund_rules.require_step(before.status, RefundStatus.COMPLETED)
    payment = store.get(Payment, PAYMENT.key(org=caller.org_id, id=before.payment_id))
    after = before.model_copy(
        update={
            "status": RefundStatus.COMPLETED,
            "stripe_refund_id": stripe_refund_id,
            "completed_at": clock.now(),
            "failure": None,
        }
    )
    given = payment.model_copy(update={"amount_refunded": payment.amount_refunded + before.amount})
    told = RefundCompleted(**refunds.about(after), method=after.method.value)
    store.commit(caller, Update(before, after, [told]), Update(payment, given), *_moved(caller, payment, before))


def _moved(caller: Caller, payment: Payment, refund: Refund) -> list[Op]:
    memo = f"Refund on {refund.number}" if refund.number else "Refund"
    charter = refunds.trip_of(refund)
    invoice_id = payment.invoice_id or (charter.invoice_id if charter is not None else None)
    if invoice_id is not None and not refund.of_fee and _is_owed(caller, invoice_id):
        _, ops = receipts.refunded(
            receipts.ground(caller, invoice_id), refund_id=refund.id, cents=refund.amount, memo=memo
        )
        return ops
    house = organizations.get(caller.org_id)
    build = movements.fee_refunded if refund.of_fee else movements.deposit_refunded
    movement = build(
        client_id=refund.client_id,
        charter_id=refund.charter_id,
        cents=refund.amount,
        currency=refund.currency,
        memo=memo,
    )
    return [*_on_charter(charter, refund.amount), *ledger.booked(house, movement, reference=refund.id)]


def _is_owed(caller: Caller, invoice_id: str) -> bool:
    """Whether an invoice says what was earned. Of a draft or a void one, what was paid is a deposit."""
    invoice = store.find(Invoice, INVOICE.key(org=caller.org_id, id=invoice_id))
    return invoice is not None and invoice.status not in {InvoiceStatus.DRAFT, InvoiceStatus.VOID}


def _on_charter(charter: Charter | None, cents: int) -> list[Op]:
    if charter is None:
        return []
    after = charter.model_copy(update={"amount_paid": max(0, charter.amount_paid - cents)})
    return [Update(charter, after, lost=ChangedMeanwhile())]
