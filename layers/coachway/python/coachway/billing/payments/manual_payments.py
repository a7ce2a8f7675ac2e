"""Record and reverse manual payments of invoices: cash, checks and bank transfers."""

from typing import Any

from coachway.billing.errors import InvoiceChanged, PaymentNotReversible
from coachway.billing.invoices import payment_effects
from coachway.billing.invoices.model import Invoice
from coachway.billing.invoices.rules import InvoiceStatus
from coachway.billing.ledger import journal
from coachway.billing.payments.model import (
    PAYMENT,
    REFUND_HOLDS,
    REFUND_HOLDS_KIND,
    Payment,
    PaymentMethod,
    PaymentStatus,
    RecordPaymentInput,
)
from coachway.contracts.billing.payments import PaymentReversed
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, IncrementCounters, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.types import ids


@retry_on_conflict
def record_payment(
    caller: Caller, invoice_id: str, request: RecordPaymentInput, expected: int | None = None
) -> Invoice:
    """Record a payment of an invoice. Raises InvoiceNotPayable, AmountExceedsBalance."""
    if request.method is PaymentMethod.CARD:
        raise errors.Invalid.field("method", "cannot be card: use POST /payments/process to charge a card")
    return _record_payment(caller, payment_effects.load_payment_context(caller, invoice_id, expected=expected), request)


def _record_payment(
    caller: Caller, context: payment_effects.InvoicePaymentContext, request: RecordPaymentInput
) -> Invoice:
    today = journal.local_date(context.organization)
    received_on = request.received_on or today
    if received_on > today:
        raise errors.Invalid.field("received_on", "must not be after today")
    payment = Payment(
        id=ids.new("pay"),
        org_id=caller.org_id,
        client_id=context.invoice.client_id,
        invoice_id=context.invoice.id,
        number=context.invoice.number,
        amount=request.amount,
        currency=context.invoice.currency,
        method=request.method,
        status=PaymentStatus.SUCCEEDED,
        reference=request.reference,
        notes=request.notes,
        received_on=received_on,
        created_by=caller.user_id,
        succeeded_at=clock.now(),
    )
    after, ops = payment_effects.apply_payment(context, payment_id=payment.id, cents=request.amount)
    store.commit(caller, Create(payment), *ops, response=after)
    return after


@retry_on_conflict
def reverse_payment(caller: Caller, payment_id: str, reason: str, expected: int | None = None) -> Payment:
    """Reverse a manual payment, such as a bounced check. Its amount is due again.

    Raises NotFound, PreconditionFailed, and PaymentNotReversible for card payments, reversed or refunded payments, and
    payments of void invoices.
    """
    before = store.get(Payment, PAYMENT.key(org=caller.org_id, id=payment_id), expected=expected)
    if before.method is PaymentMethod.CARD or before.invoice_id is None:
        raise PaymentNotReversible("Card payments are refunded: use POST /payments/refund.")
    if before.status is not PaymentStatus.SUCCEEDED:
        raise PaymentNotReversible(f"This payment is {before.status}. Only successful payments can be reversed.")
    context = payment_effects.load_payment_context(caller, before.invoice_id)
    if context.invoice.status is InvoiceStatus.VOID:
        raise PaymentNotReversible(f"Invoice {context.invoice.number} is void, so the payment is a deposit. Refund it.")
    changes: dict[str, Any] = {
        "status": PaymentStatus.REVERSED,
        "reversed_at": clock.now(),
        "reverse_reason": reason,
    }
    after = before.model_copy(update=changes)
    event = PaymentReversed(
        payment_id=before.id,
        client_id=before.client_id,
        invoice_id=before.invoice_id,
        number=context.invoice.number,
        amount=before.amount,
        currency=before.currency,
        method=before.method.value,
        reason=reason,
    )
    # Hold the whole amount, as a refund does: of a concurrent refund and this reversal, only one succeeds.
    hold_op = IncrementCounters(
        REFUND_HOLDS.key(org=caller.org_id, payment=before.id),
        {"refunded": before.amount},
        REFUND_HOLDS_KIND,
        at_most={"refunded": before.amount},
        on_failure=PaymentNotReversible("This payment was refunded in part, or has a pending refund."),
    )
    _, ops = payment_effects.apply_reversal(context, payment_id=before.id, cents=before.amount)
    store.commit(caller, Update(before, after, [event], on_stale=InvoiceChanged()), hold_op, *ops, response=after)
    return after
