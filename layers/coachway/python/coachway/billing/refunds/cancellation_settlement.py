"""What a cancelled charter gives back, and what is kept of what was paid for it. One transaction, once.

Its invoice is not owed any more: what was paid on it is a deposit again. Of the deposits the tiers say what goes back,
by refunds whose flow does it, the newest payment first; the rest is earned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from coachway.billing.invoices import payment_effects
from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.invoices.rules import InvoiceStatus, require_step
from coachway.billing.invoices.service import InvoiceChanged, event_fields
from coachway.billing.ledger import journal as ledger_journal
from coachway.billing.ledger import movements
from coachway.billing.payments.model import OF_SUBJECT, PAYMENT, PROMISED, Payment, PaymentStatus
from coachway.billing.refunds import rules, service
from coachway.billing.refunds.model import SETTLED, Refund, RefundCause, Settlement
from coachway.billing.refunds.rules import RefundableAmount
from coachway.bookings.charters import cancellation_policy
from coachway.bookings.charters.model import CHARTER, Cancellation, Charter
from coachway.bookings.charters.rules import Status
from coachway.clients import credit
from coachway.clients.model import Client
from coachway.contracts.billing.invoices import InvoiceVoided
from coachway.contracts.billing.refunds import CancellationSettled
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import AlreadyConsumed, CheckVersion, Create, Op, Update
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization

_NOT_TAKING_PLACE: Final = frozenset({Status.CANCELLED, Status.DECLINED, Status.EXPIRED})
MOST_PAYMENTS: Final = 20
"""For one charter, as far as they are given back in one transaction."""


class SettlementContext(BaseSchema):
    """What a settlement stands on: the charter, its invoice, what was paid, and in cents what of it is promised."""

    house: Organization
    charter: Charter
    client: Client | None
    invoice: Invoice | None
    payments: list[Payment]
    promised: dict[str, int]

    @property
    def left(self) -> list[RefundableAmount]:
        """What may be given back of each payment, the newest first."""
        newest = sorted(self.payments, key=lambda payment: payment.id, reverse=True)
        return [RefundableAmount(payment.id, max(0, payment.amount - self.promised[payment.id])) for payment in newest]


def settle_cancellation(caller: Caller, delivery: Delivery) -> None:
    """A charter was cancelled, or a quote that something was paid for came to nothing: settle it."""
    retry_on_conflict(lambda: _settle(caller, delivery.aggregate_id))()


def _settle(caller: Caller, charter_id: str) -> None:
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    if charter is None or charter.status not in _NOT_TAKING_PLACE:
        return
    if store.find(Settlement, SETTLED.key(org=caller.org_id, charter=charter_id)) is not None:
        raise AlreadyConsumed("this cancellation was settled before")
    if charter.amount_paid == 0 and charter.invoice_id is None:
        return
    on = _ground(caller, charter)
    left = sum(each.cents for each in on.left)
    back = min(left, refundable(charter.cancellation, charter.amount_paid))
    made = _refunds(caller, on, back)
    settlement = Settlement(
        org_id=caller.org_id,
        charter_id=charter.id,
        refund=back,
        fee=left - back,
        refund_ids=[each.id for each in made],
        # What a bank decides about stays a deposit until then.
        payment_ids=[payment.id for payment in on.payments if not payment.is_disputed],
    )
    again = AlreadyConsumed("this cancellation was settled before")
    store.commit(caller, Create(settlement, taken=again), *_ops(on, settlement, made))


def refundable(terms: Cancellation | None, paid: int) -> int:
    """Cents to give back of what is `paid` now: by the tier; what came only after the cancellation wholly.

    Without terms, of a quote that came to nothing, it is all of it.
    """
    if terms is None:
        return paid
    late = max(0, paid - terms.amount_paid)
    return cancellation_policy.refund_amount(min(paid, terms.amount_paid), terms.refund_percent) + late


def _ground(caller: Caller, charter: Charter) -> SettlementContext:
    invoice = None
    if charter.invoice_id is not None:
        invoice = store.find(Invoice, INVOICE.key(org=caller.org_id, id=charter.invoice_id))
    payments = [
        payment
        for subject in (charter.id, *([invoice.id] if invoice else []))
        for payment in _paid_for(caller.org_id, subject)
    ]
    if sum(each.amount - each.amount_refunded for each in payments) < charter.amount_paid:
        # The index that lists them is behind the table: the event comes again.
        raise errors.ConcurrentUpdate("a payment for this charter is not listed yet: look again")
    promised = {each.id: PROMISED.key(org=caller.org_id, payment=each.id) for each in payments}
    client_key = CLIENT.key(org=caller.org_id, id=charter.client_id)
    found = store.batch_get([client_key, *promised.values()])
    return SettlementContext(
        house=organization_queries.get(caller.org_id),
        charter=charter,
        client=found.find(Client, client_key),
        invoice=invoice,
        payments=payments,
        promised={each: found.numbers(key).get("refunded", 0) for each, key in promised.items()},
    )


def _paid_for(org_id: str, subject: str) -> Sequence[Payment]:
    partition = OF_SUBJECT.partition(org=org_id, subject=subject)
    known = query_all(Payment, partition, index=OF_SUBJECT.index, most=MOST_PAYMENTS * 10)
    # By the payments themselves: what an index says may be old.
    found = store.find_many(Payment, [PAYMENT.key(org=org_id, id=each.id) for each in known]) if known else {}
    return [each for each in found.values() if each.status is PaymentStatus.SUCCEEDED and _is_of_trip(each)]


def _is_of_trip(payment: Payment) -> bool:
    """What an invoice did not take is the client's own: nothing of it is kept because a trip is cancelled."""
    return payment.invoice_id is None or not payment.kept_as_deposit


def _refunds(caller: Caller, on: SettlementContext, cents: int) -> list[Refund]:
    by_id = {payment.id: payment for payment in on.payments}
    threshold = on.house.approval_thresholds.refund
    shares = rules.allocate_refund(cents, on.left)
    if len(shares) > MOST_PAYMENTS:
        raise errors.Conflict(f"more than {MOST_PAYMENTS} payments are to be given back: refund them one by one")
    return [
        service.build_refund(
            by_id[share.payment_id],
            on.client,
            share.cents,
            f"{on.charter.number} was {on.charter.status}",
            charter_id=on.charter.id,
            cause=RefundCause.CANCELLATION,
            # All of it together: it is not cut into pieces to escape the threshold.
            needs_approval=rules.needs_approval(cents, threshold),
            requested_by=caller.user_id,
        )
        for share in shares
    ]


def _ops(on: SettlementContext, settlement: Settlement, made: Sequence[Refund]) -> list[Op]:
    by_id = {payment.id: payment for payment in on.payments}
    ops: list[Op] = []
    for refund in made:
        seen = on.promised[refund.payment_id]
        ops += service.requested(refund, by_id[refund.payment_id], seen=seen)
    if settlement.fee > 0:
        fee = movements.cancellation_fee(
            client_id=on.charter.client_id,
            charter_id=on.charter.id,
            cents=settlement.fee,
            currency=on.house.currency,
            memo=f"Cancellation of {on.charter.number}",
        )
        ops += ledger_journal.journal_ops(on.house, fee, reference=on.charter.id)
    fact = CancellationSettled(
        charter_id=on.charter.id,
        client_id=on.charter.client_id,
        number=on.charter.number,
        refund=settlement.refund,
        fee=settlement.fee,
        currency=on.house.currency,
        refund_ids=settlement.refund_ids,
        invoice_id=on.charter.invoice_id,
    )
    after = on.charter.model_copy(update={"invoice_id": None})
    return [Update(on.charter, after, [fact]), *ops, *(_void_invoice_ops(on, on.invoice) if on.invoice else [])]


def _void_invoice_ops(on: SettlementContext, before: Invoice) -> list[Op]:
    """The ops by which an invoice is not owed any more."""
    if before.status is InvoiceStatus.VOID:
        return [CheckVersion(before, InvoiceChanged())]
    require_step(before.status, InvoiceStatus.VOID)
    reason = f"{on.charter.number} was cancelled"
    changed: dict[str, Any] = {"voided_at": clock.now(), "void_reason": reason, "balance_due": 0}
    after = before.model_copy(update={"status": InvoiceStatus.VOID, **changed})
    ops: list[Op] = [
        Update(before, after, [InvoiceVoided(**event_fields(after), reason=reason)], lost=InvoiceChanged())
    ]
    if before.status is InvoiceStatus.DRAFT:
        return ops
    owed = credit.invoice_op(before.org_id, before.client_id, -before.balance_due)
    return [*ops, *payment_effects.void_entries(on.house, before), owed]


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "charter.cancelled": settle_cancellation,
    "quote.declined": settle_cancellation,
    "quote.expired": settle_cancellation,
}
"""By event type. The queue receives these events and no others."""
