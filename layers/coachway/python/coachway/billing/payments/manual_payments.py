"""Records payments of invoices that came otherwise than by card: cash, checks, transfers."""

from __future__ import annotations

from typing import Any

from coachway.billing.invoices import payment_effects
from coachway.billing.invoices.model import Invoice
from coachway.billing.invoices.rules import InvoiceStatus
from coachway.billing.invoices.service import InvoiceChanged, retry_on_invoice_change
from coachway.billing.ledger import journal as ledger_journal
from coachway.billing.payments.model import (
    PAYMENT,
    PROMISED,
    PROMISES,
    Payment,
    PaymentMethod,
    PaymentStatus,
    RecordedInput,
)
from coachway.contracts.billing.payments import PaymentReversed
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, IncrementCounters, Update
from coachway.core.runtime import clock
from coachway.core.types import ids


def record(caller: Caller, invoice_id: str, wanted: RecordedInput, expected: int | None = None) -> Invoice:
    """The invoice once a payment was recorded. Raises Conflict when it takes none, or less is due."""
    if wanted.method is PaymentMethod.CARD:
        raise errors.Invalid.field("method", "cannot be card: cards are charged by POST /payments/process")
    return retry_on_invoice_change(
        lambda: _record(caller, payment_effects.load_context(caller, invoice_id, expected=expected), wanted)
    )


def _record(caller: Caller, on: payment_effects.InvoicePaymentContext, wanted: RecordedInput) -> Invoice:
    today = ledger_journal.today(on.house)
    received = wanted.received_on or today
    if received > today:
        raise errors.Invalid.field("received_on", "must not be after today")
    payment = Payment(
        id=ids.new("pay"),
        org_id=caller.org_id,
        client_id=on.invoice.client_id,
        invoice_id=on.invoice.id,
        number=on.invoice.number,
        amount=wanted.amount,
        currency=on.invoice.currency,
        method=wanted.method,
        status=PaymentStatus.SUCCEEDED,
        reference=wanted.reference,
        notes=wanted.notes,
        received_on=received,
        taken_by=caller.user_id,
        succeeded_at=clock.now(),
    )
    after, ops = payment_effects.apply_payment(on, payment_id=payment.id, cents=wanted.amount)
    store.commit(caller, Create(payment), *ops, answer=after)
    return after


class NotReversible(errors.Conflict):
    """This payment stays what it is."""

    title = "this payment cannot be taken back"


def reverse(caller: Caller, payment_id: str, reason: str, expected: int | None = None) -> Payment:
    """Say that a payment was none: its invoice is due again. Nothing of it can be given back from now on.

    Raises Missing, Stale, Conflict for a card's, for one that was taken back before, and when some of it was given back
    or its invoice is void.
    """
    return retry_on_invoice_change(lambda: _reverse(caller, payment_id, reason, expected))


def _reverse(caller: Caller, payment_id: str, reason: str, expected: int | None) -> Payment:
    before = store.get(Payment, PAYMENT.key(org=caller.org_id, id=payment_id), expected=expected)
    if before.method is PaymentMethod.CARD or before.invoice_id is None:
        raise NotReversible("what came by card is given back: POST /payments/refund")
    if before.status is not PaymentStatus.SUCCEEDED:
        raise NotReversible(f"it is {before.status}")
    on = payment_effects.load_context(caller, before.invoice_id)
    if on.invoice.status is InvoiceStatus.VOID:
        raise NotReversible(f"{on.invoice.number} is void: what was paid on it is a deposit")
    changed: dict[str, Any] = {
        "status": PaymentStatus.REVERSED,
        "reversed_at": clock.now(),
        "reverse_reason": reason,
    }
    after = before.model_copy(update=changed)
    told = PaymentReversed(
        payment_id=before.id,
        client_id=before.client_id,
        invoice_id=before.invoice_id,
        number=on.invoice.number,
        amount=before.amount,
        currency=before.currency,
        method=before.method.value,
        reason=reason,
    )
    # All of it is held, as if it were given back: whoever asks for a refund at the same moment loses, or this does.
    held = IncrementCounters(
        PROMISED.key(org=caller.org_id, payment=before.id),
        {"refunded": before.amount},
        PROMISES,
        at_most={"refunded": before.amount},
        otherwise=NotReversible("something of it was given back, or will be"),
    )
    _, ops = payment_effects.apply_reversal(on, payment_id=before.id, cents=before.amount)
    store.commit(caller, Update(before, after, [told], lost=InvoiceChanged()), held, *ops, answer=after)
    return after
