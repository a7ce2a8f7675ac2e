"""Disputes of payments, as Stripe tells of them: written on the payment, with what the bank takes, and gives back.

While it is open nothing of the payment can be given back besides, and what the bank has is in an account of its own.
One that is won brings that back. One that is lost is a refund that the bank has made: it is written as one.
"""

from __future__ import annotations

from typing import Any

from coachway.billing.ledger import journal as ledger_journal
from coachway.billing.ledger import movements
from coachway.billing.ledger.accounts import Movement
from coachway.billing.payments.dispute import Dispute, DisputeStatus, status_of
from coachway.billing.payments.event_payloads import about
from coachway.billing.payments.model import PAYMENT, PROMISED, PROMISES, Payment, PaymentStatus
from coachway.billing.refunds import bookkeeping
from coachway.billing.refunds import service as refunds
from coachway.billing.refunds.model import SETTLED, Refund, RefundCause, Settlement
from coachway.billing.refunds.rules import RefundStatus
from coachway.billing.stripe import refunds_and_disputes
from coachway.billing.stripe.refunds_and_disputes import Disputed
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


def sync_dispute(caller: Caller, payment_id: str, dispute_id: str, once: MarkConsumed) -> None:
    """Write how a dispute stands. Raises Upstream, Missing when Stripe or we do not know it, AlreadyConsumed."""
    retry_on_conflict(lambda: _heard(caller, payment_id, dispute_id, once))()


def _heard(caller: Caller, payment_id: str, dispute_id: str, once: MarkConsumed) -> None:
    payment = store.get(Payment, PAYMENT.key(org=caller.org_id, id=payment_id))
    if payment.status is not PaymentStatus.SUCCEEDED:
        raise errors.UpstreamUnavailable("this payment is not written yet: tell us again")
    # Read after the payment, so that nobody writes over it what was older.
    said = refunds_and_disputes.get_dispute(dispute_id)
    before = next((each for each in payment.disputes if each.id == said.id), None)
    if before is not None and before.refund_id is not None:
        store.commit(caller, once)
        return
    after, ops = _moved(caller, payment, before, said)
    if after == before:
        store.commit(caller, once)
        return
    others = [each for each in payment.disputes if each.id != said.id]
    lost = after.amount if after.refund_id is not None else 0
    changed = {"disputes": [*others, after], "amount_refunded": payment.amount_refunded + lost}
    told = _events(payment, before, after)
    store.commit(caller, Update(payment, payment.model_copy(update=changed), told), *ops, once)
    logger.warning("a payment is disputed", payment_id=payment.id, dispute_id=said.id, status=after.status.value)


def _moved(caller: Caller, payment: Payment, before: Dispute | None, said: Disputed) -> tuple[Dispute, list[Op]]:
    """How it stands now, and the ops that take it there from where it was written to stand."""
    house = organization_queries.get(caller.org_id)
    status = status_of(said.status)
    is_lost = status is DisputeStatus.LOST and said.withdrawn > 0
    now: dict[str, Any] = {
        "status": status,
        "reason": said.reason,
        "amount": said.withdrawn if is_lost else said.amount,
        "withheld": 0 if is_lost else said.withdrawn,
        "held": said.amount if status.holds else 0,
        "fee": said.fee,
        "closed_at": (before and before.closed_at) or (clock.now() if status.is_over else None),
    }
    ops: list[Op] = []
    if is_lost:
        refund, ops = _given_up(caller, payment, said.withdrawn)
        now["refund_id"] = refund.id
    was = before or Dispute(id=said.id, status=status, reason=said.reason, amount=said.amount, opened_at=said.opened_at)
    after = was.model_copy(update=now)
    ops += _booked(house, payment, withheld=after.withheld - was.withheld, fee=after.fee - was.fee)
    if after.held != was.held:
        key = PROMISED.key(org=payment.org_id, payment=payment.id)
        # Without a bound: the bank takes what it takes, also what was given back before.
        ops.append(IncrementCounters(key, {"refunded": after.held - was.held}, PROMISES))
    return after, ops


def _booked(house: Organization, payment: Payment, *, withheld: int, fee: int) -> list[Op]:
    """The entries of what the bank took, or gave back, and of what that cost."""
    moved: list[Movement] = []
    if withheld:
        moved.append(
            movements.dispute_hold(
                client_id=payment.client_id,
                charter_id=payment.charter_id,
                invoice_id=payment.invoice_id,
                cents=withheld,
                currency=payment.currency,
                memo=f"Dispute of {payment.number or payment.id}",
            )
        )
    if fee:
        moved.append(movements.fee_paid(cents=fee, currency=payment.currency, memo=f"Dispute of {payment.id}"))
    return [op for each in moved for op in ledger_journal.journal_ops(house, each, reference=payment.id)]


def _given_up(caller: Caller, payment: Payment, cents: int) -> tuple[Refund, list[Op]]:
    """What the bank has given back for good, as the refund that it is."""
    charter_id = refunds.charter_of(payment)
    key = SETTLED.key(org=caller.org_id, charter=charter_id) if charter_id is not None else None
    settlement = store.find(Settlement, key) if key is not None else None
    refund = refunds.build_refund(
        payment,
        _client(payment),
        cents,
        "The bank decided a dispute for the payer",
        charter_id=charter_id,
        cause=RefundCause.DISPUTE,
        needs_approval=False,
        requested_by=caller.user_id,
        of_fee=settlement is not None and payment.id in settlement.payment_ids,
    )
    given = refund.model_copy(update={"status": RefundStatus.COMPLETED, "completed_at": clock.now()})
    given, ops = bookkeeping.apply_refund(caller, payment, given)
    ops.insert(0, Create(given))
    race = errors.ConcurrentUpdate("the trip was cancelled meanwhile: look again")
    if settlement is not None:
        ops.append(CheckVersion(settlement, race))
    elif key is not None:
        ops.append(CheckAbsent(key, race))
    return given, ops


def _client(payment: Payment) -> Client | None:
    return store.find(Client, CLIENT.key(org=payment.org_id, id=payment.client_id))


def _events(payment: Payment, before: Dispute | None, after: Dispute) -> list[Event]:
    said = about(payment, _client(payment)) | {
        "amount": after.amount,
        "dispute_id": after.id,
        "status": after.status.value,
        "reason": after.reason,
    }
    if after.status.is_over:
        return [PaymentDisputeEnded(**said)] if before is None or not before.status.is_over else []
    return [PaymentDisputed(**said)] if before is None or before.status is not after.status else []
