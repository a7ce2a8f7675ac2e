"""Settlement of a cancelled charter, in one transaction.

The charter's invoice is voided, so its payments become deposits. The cancellation policy says which part of them is
refunded, newest payment first. The refund workflow sends the refunds. The rest is the cancellation fee.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from coachway.billing.errors import InvoiceChanged
from coachway.billing.invoices import payment_effects
from coachway.billing.invoices.model import Invoice
from coachway.billing.invoices.rules import TRANSITIONS, InvoiceStatus
from coachway.billing.invoices.service import event_fields
from coachway.billing.ledger import journal, movements
from coachway.billing.payments.model import Payment
from coachway.billing.refunds import rules, service, trip_payments
from coachway.billing.refunds.model import CANCELLATION_SETTLEMENT, CancellationSettlement, Refund, RefundCause
from coachway.billing.refunds.rules import RefundableAmount
from coachway.billing.refunds.trip_payments import MAX_PAYMENTS
from coachway.bookings.charters import cancellation_policy
from coachway.bookings.charters.cancellation_policy import Cancellation
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.clients import credit
from coachway.clients.model import Client
from coachway.contracts.billing.invoices import InvoiceVoided
from coachway.contracts.billing.refunds import CancellationSettled
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import AlreadyConsumed, CheckVersion, Create, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization

_ENDED_STATUSES: Final = frozenset({CharterStatus.CANCELLED, CharterStatus.DECLINED, CharterStatus.EXPIRED})


class SettlementContext(BaseSchema):
    """A charter with its invoice and payments.

    `refund_holds` is the amount of each payment that is refunded or reserved for refunds, in cents, by payment id.
    """

    organization: Organization
    charter: Charter
    client: Client | None
    invoice: Invoice | None
    payments: list[Payment]
    refund_holds: dict[str, int]

    @property
    def refundable_amounts(self) -> list[RefundableAmount]:
        """The amount of each payment that can be refunded, newest payment first."""
        return trip_payments.list_refundable_amounts(self.payments, self.refund_holds)


def settle_cancellation(caller: Caller, delivery: Delivery) -> None:
    """Settle a cancelled charter, or a declined or expired quote with payments."""
    _settle_cancellation(caller, delivery.aggregate_id)


@retry_on_conflict
def _settle_cancellation(caller: Caller, charter_id: str) -> None:
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    if charter is None or charter.status not in _ENDED_STATUSES:
        return
    already_settled = AlreadyConsumed("This cancellation is settled already.")
    settlement_key = CANCELLATION_SETTLEMENT.key(org=caller.org_id, charter=charter_id)
    if store.find(CancellationSettlement, settlement_key) is not None:
        raise already_settled
    if charter.amount_paid == 0 and charter.invoice_id is None:
        return
    context = _load_context(caller, charter)
    refundable = sum(amount.cents for amount in context.refundable_amounts)
    refund_total = min(refundable, cancellation_refund(charter.cancellation, charter.amount_paid))
    refunds = _build_refunds(caller, context, refund_total)
    settlement = CancellationSettlement(
        org_id=caller.org_id,
        charter_id=charter.id,
        refund=refund_total,
        fee=refundable - refund_total,
        refund_ids=[refund.id for refund in refunds],
        # A disputed payment stays a deposit until the bank decides.
        payment_ids=[payment.id for payment in context.payments if not payment.is_disputed],
    )
    store.commit(caller, Create(settlement, on_exists=already_settled), *_settlement_ops(context, settlement, refunds))


def cancellation_refund(terms: Cancellation | None, paid: int) -> int:
    """Return how much of `paid` to refund, in cents.

    That is a percentage of what was paid before the cancellation, and all that was paid after it. Without `terms`, as
    for a declined quote, everything is refunded.
    """
    if terms is None:
        return paid
    paid_after = max(0, paid - terms.amount_paid)
    return cancellation_policy.refund_amount(min(paid, terms.amount_paid), terms.refund_percent) + paid_after


def _load_context(caller: Caller, charter: Charter) -> SettlementContext:
    invoice = trip_payments.find_invoice(charter)
    payments = trip_payments.list_payments(charter, invoice)
    if trip_payments.sum_paid(payments) < charter.amount_paid:
        # The index does not have the latest payment yet. The event will be delivered again.
        raise errors.ConcurrentUpdate("A payment of this charter is not in the index yet. Retry.")
    client_key = CLIENT.key(org=caller.org_id, id=charter.client_id)
    return SettlementContext(
        organization=organization_queries.get_organization(caller.org_id),
        charter=charter,
        client=store.find(Client, client_key),
        invoice=invoice,
        payments=payments,
        refund_holds=trip_payments.find_refund_holds(payments),
    )


def _build_refunds(caller: Caller, context: SettlementContext, cents: int) -> list[Refund]:
    by_id = {payment.id: payment for payment in context.payments}
    threshold = context.organization.approval_thresholds.refund
    shares = rules.allocate_refund(cents, context.refundable_amounts)
    if len(shares) > MAX_PAYMENTS:
        raise errors.Conflict(f"This charter has more than {MAX_PAYMENTS} payments to refund. Refund them one by one.")
    return [
        service.build_refund(
            by_id[share.payment_id],
            context.client,
            share.cents,
            f"{context.charter.number} was {context.charter.status}",
            message_to_client=f"{context.charter.number} was {context.charter.status}.",
            charter_id=context.charter.id,
            cause=RefundCause.CANCELLATION,
            # The threshold applies to the total, not to each refund.
            needs_approval=rules.needs_approval(cents, threshold),
            requested_by=context.charter.ended_by or caller.user_id,
        )
        for share in shares
    ]


def _settlement_ops(
    context: SettlementContext, settlement: CancellationSettlement, refunds: Sequence[Refund]
) -> list[Op]:
    by_id = {payment.id: payment for payment in context.payments}
    ops: list[Op] = []
    for refund in refunds:
        held_before = context.refund_holds[refund.payment_id]
        ops += service.create_refund_ops(refund, by_id[refund.payment_id], held_before=held_before)
    if settlement.fee > 0:
        fee = movements.build_cancellation_fee(
            client_id=context.charter.client_id,
            charter_id=context.charter.id,
            cents=settlement.fee,
            currency=context.organization.currency,
            memo=f"Cancellation of {context.charter.number}",
        )
        ops += journal.journal_ops(context.organization, fee, reference=context.charter.id)
    event = CancellationSettled(
        charter_id=context.charter.id,
        client_id=context.charter.client_id,
        number=context.charter.number,
        refund=settlement.refund,
        fee=settlement.fee,
        currency=context.organization.currency,
        refund_ids=settlement.refund_ids,
        invoice_id=context.charter.invoice_id,
    )
    after = context.charter.model_copy(update={"invoice_id": None})
    return [
        Update(context.charter, after, [event]),
        *ops,
        *(_void_invoice_ops(context, context.invoice) if context.invoice else []),
    ]


def _void_invoice_ops(context: SettlementContext, before: Invoice) -> list[Op]:
    """Return the operations that void the charter's invoice."""
    if before.status is InvoiceStatus.VOID:
        return [CheckVersion(before, InvoiceChanged())]
    TRANSITIONS.require(before.status, InvoiceStatus.VOID)
    reason = f"{context.charter.number} was cancelled"
    changes: dict[str, Any] = {"voided_at": clock.now(), "void_reason": reason, "balance_due": 0}
    after = before.model_copy(update={"status": InvoiceStatus.VOID, **changes})
    event = InvoiceVoided(**event_fields(after), reason=reason, message_to_client=f"{reason}.")
    ops: list[Op] = [Update(before, after, [event], on_stale=InvoiceChanged())]
    if before.status is InvoiceStatus.DRAFT:
        return ops
    credit_op = credit.invoice_credit_op(before.org_id, before.client_id, -before.balance_due)
    return [*ops, *payment_effects.void_journal_ops(context.organization, before), credit_op]


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "charter.cancelled": settle_cancellation,
    "quote.declined": settle_cancellation,
    "quote.expired": settle_cancellation,
}
"""By event type. The queue receives these events and no others."""
