"""Records payments of invoices that came otherwise than by card: cash, checks, transfers."""

from __future__ import annotations

from coachway.billing import ledger, receipts
from coachway.billing.invoice import Invoice
from coachway.billing.invoices import insisting
from coachway.billing.payment import Payment, PaymentMethod, PaymentStatus, RecordedInput
from coachway.core import clock, errors, ids, store
from coachway.core.caller import Caller
from coachway.core.ops import Create


def record(caller: Caller, invoice_id: str, wanted: RecordedInput, expected: int | None = None) -> Invoice:
    """The invoice once a payment was recorded. Raises Conflict when it takes none, or less is due."""
    if wanted.method is PaymentMethod.CARD:
        raise errors.Invalid.field("method", "cannot be card: cards are charged by POST /payments/process")
    return insisting(lambda: _record(caller, receipts.ground(caller, invoice_id, expected=expected), wanted))


def _record(caller: Caller, on: receipts.Ground, wanted: RecordedInput) -> Invoice:
    today = ledger.today(on.house)
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
    after, ops = receipts.paid(on, payment_id=payment.id, cents=wanted.amount)
    store.commit(caller, Create(payment), *ops, answer=after)
    return after
