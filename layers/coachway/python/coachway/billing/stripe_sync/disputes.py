"""Record the disputes of payments as they are at Stripe: status, withheld amounts and fees.

While a dispute is open, the payment cannot be refunded, and the withheld amount is in the account disputed_payments. If
the dispute is won, the amount is released. If it is lost, a refund made by the bank is recorded.
"""

from typing import Any

from coachway.billing.ledger import journal, movements
from coachway.billing.ledger.accounts import Movement
from coachway.billing.payments.dispute import Dispute, DisputeStatus, status_from_stripe
from coachway.billing.payments.event_payloads import payment_event_fields
from coachway.billing.payments.model import PAYMENT, REFUND_HOLDS, REFUND_HOLDS_KIND, Payment, PaymentStatus
from coachway.billing.refunds import bookkeeping
from coachway.billing.refunds import service as refunds
from coachway.billing.refunds.model import CANCELLATION_SETTLEMENT, CancellationSettlement, Refund, RefundCause
from coachway.billing.refunds.rules import RefundStatus
from coachway.billing.stripe import refunds_and_disputes
from coachway.billing.stripe.refunds_and_disputes import StripeDispute
from coachway.clients.model import Client
from coachway.contracts.billing.payments import PaymentDisputed, PaymentDisputeEnded
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import (
    CheckAbsent,
    CheckVersion,
    Create,
    IncrementCounters,
    MarkConsumed,
    Op,
    Update,
)
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.runtime.logging import logger
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization


@retry_on_conflict
def sync_dispute(caller: Caller, payment_id: str, dispute_id: str, consumed_op: MarkConsumed) -> None:
    """Record the current state of a dispute. Raises UpstreamUnavailable, NotFound, AlreadyConsumed."""
    payment = store.get(Payment, PAYMENT.key(org=caller.org_id, id=payment_id))
    if payment.status is not PaymentStatus.SUCCEEDED:
        raise errors.UpstreamUnavailable("This payment is not recorded yet. Send the event again.")
    # Read after the payment, so that an older state cannot overwrite a newer one.
    stripe_dispute = refunds_and_disputes.get_dispute(dispute_id)
    before = next((dispute for dispute in payment.disputes if dispute.id == stripe_dispute.id), None)
    if before is not None and before.refund_id is not None:
        store.commit(caller, consumed_op)
        return
    after, ops = _apply_stripe_dispute(caller, payment, before, stripe_dispute)
    if after == before:
        store.commit(caller, consumed_op)
        return
    other_disputes = [dispute for dispute in payment.disputes if dispute.id != stripe_dispute.id]
    lost_amount = after.amount if after.refund_id is not None else 0
    changes = {"disputes": [*other_disputes, after], "amount_refunded": payment.amount_refunded + lost_amount}
    events = _build_events(payment, before, after)
    store.commit(caller, Update(payment, payment.model_copy(update=changes), events), *ops, consumed_op)
    logger.warning("payment disputed", payment_id=payment.id, dispute_id=stripe_dispute.id, status=after.status.value)


def _apply_stripe_dispute(
    caller: Caller, payment: Payment, before: Dispute | None, stripe_dispute: StripeDispute
) -> tuple[Dispute, list[Op]]:
    """Return the dispute with its state at Stripe, and the operations that book the changes."""
    organization = organization_queries.get_organization(caller.org_id)
    status = status_from_stripe(stripe_dispute.status)
    is_lost = status is DisputeStatus.LOST and stripe_dispute.withdrawn > 0
    changes: dict[str, Any] = {
        "status": status,
        "reason": stripe_dispute.reason,
        "amount": stripe_dispute.withdrawn if is_lost else stripe_dispute.amount,
        "withheld_amount": 0 if is_lost else stripe_dispute.withdrawn,
        "refund_hold": stripe_dispute.amount if status.blocks_refunds else 0,
        "fee": stripe_dispute.fee,
        "closed_at": (before and before.closed_at) or (clock.now() if status.is_over else None),
    }
    ops: list[Op] = []
    if is_lost:
        refund, ops = _build_dispute_refund(caller, payment, stripe_dispute.withdrawn)
        changes["refund_id"] = refund.id
    previous = before or Dispute(
        id=stripe_dispute.id,
        status=status,
        reason=stripe_dispute.reason,
        amount=stripe_dispute.amount,
        opened_at=stripe_dispute.opened_at,
    )
    after = previous.model_copy(update=changes)
    ops += _journal_ops(
        organization, payment, withheld=after.withheld_amount - previous.withheld_amount, fee=after.fee - previous.fee
    )
    if after.refund_hold != previous.refund_hold:
        key = REFUND_HOLDS.key(org=payment.org_id, payment=payment.id)
        # No limit: the bank can also withhold amounts that were refunded before.
        ops.append(IncrementCounters(key, {"refunded": after.refund_hold - previous.refund_hold}, REFUND_HOLDS_KIND))
    return after, ops


def _journal_ops(organization: Organization, payment: Payment, *, withheld: int, fee: int) -> list[Op]:
    """Return the operations that book amounts withheld or released, and fees."""
    dispute_movements: list[Movement] = []
    if withheld:
        dispute_movements.append(
            movements.build_dispute_hold_changed(
                client_id=payment.client_id,
                charter_id=payment.charter_id,
                invoice_id=payment.invoice_id,
                cents=withheld,
                currency=payment.currency,
                memo=f"Dispute of {payment.number or payment.id}",
            )
        )
    if fee:
        dispute_movements.append(
            movements.build_fee_paid(cents=fee, currency=payment.currency, memo=f"Dispute of {payment.id}")
        )
    return [
        op for movement in dispute_movements for op in journal.journal_ops(organization, movement, reference=payment.id)
    ]


def _build_dispute_refund(caller: Caller, payment: Payment, cents: int) -> tuple[Refund, list[Op]]:
    """Build the refund that records a lost dispute, and its operations."""
    charter_id = refunds.find_charter_id(payment)
    settlement_key = (
        CANCELLATION_SETTLEMENT.key(org=caller.org_id, charter=charter_id) if charter_id is not None else None
    )
    settlement = store.find(CancellationSettlement, settlement_key) if settlement_key is not None else None
    refund = refunds.build_refund(
        payment,
        _find_client(payment),
        cents,
        "The payer won a dispute",
        charter_id=charter_id,
        cause=RefundCause.DISPUTE,
        needs_approval=False,
        requested_by=caller.user_id,
        refunds_cancellation_fee=settlement is not None and payment.id in settlement.payment_ids,
    )
    completed = refund.model_copy(update={"status": RefundStatus.COMPLETED, "completed_at": clock.now()})
    completed, ops = bookkeeping.apply_refund(caller, payment, completed)
    ops.insert(0, Create(completed))
    conflict = errors.ConcurrentUpdate("The charter was cancelled. Retry.")
    if settlement is not None:
        ops.append(CheckVersion(settlement, conflict))
    elif settlement_key is not None:
        ops.append(CheckAbsent(settlement_key, conflict))
    return completed, ops


def _find_client(payment: Payment) -> Client | None:
    return store.find(Client, CLIENT.key(org=payment.org_id, id=payment.client_id))


def _build_events(payment: Payment, before: Dispute | None, after: Dispute) -> list[Event]:
    fields = payment_event_fields(payment, _find_client(payment)) | {
        "amount": after.amount,
        "dispute_id": after.id,
        "status": after.status.value,
        "reason": after.reason,
    }
    if after.status.is_over:
        return [PaymentDisputeEnded(**fields)] if before is None or not before.status.is_over else []
    return [PaymentDisputed(**fields)] if before is None or before.status is not after.status else []
