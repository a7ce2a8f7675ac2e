"""Refunds that Stripe made and that did not arrive: the money is here again, and the refund stands still.

It keeps its hold on the payment, and can be taken up again, which asks Stripe under another key, or be rejected.
"""

from __future__ import annotations

from coachway.billing.payments.model import PAYMENT, Payment
from coachway.billing.refunds import bookkeeping, service
from coachway.billing.refunds.model import Refund
from coachway.billing.refunds.rules import RefundStatus, require_step
from coachway.billing.stripe import refunds_and_disputes
from coachway.billing.stripe.refunds_and_disputes import StripeRefund
from coachway.bookings.charters import workflow_failures
from coachway.bookings.charters.model import Charter
from coachway.contracts.billing.refunds import RefundFailed
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import MarkConsumed, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.workflows.failure import FlowFailure

_STATE = "Bank"
"""Where it failed, as what keeps a refund from going on says it."""


def record_returned_refund(caller: Caller, refund_id: str, made: StripeRefund, once: MarkConsumed) -> None:
    """Write that a refund did not arrive. Raises Missing, AlreadyConsumed, Upstream while it is being made."""
    retry_on_conflict(lambda: _bounced(caller, refund_id, made, once))()


def _bounced(caller: Caller, refund_id: str, made: StripeRefund, once: MarkConsumed) -> None:
    before = service.get(caller, refund_id)
    if before.status is RefundStatus.PENDING:
        raise errors.UpstreamUnavailable("this refund is being made: tell us again")
    if before.status is RefundStatus.FAILED and before.sent_at is not None:
        store.commit(caller, *_clear_sent_flag(before), once)
        return
    if before.status is not RefundStatus.COMPLETED or before.stripe_refund_id != made.id:
        store.commit(caller, once)  # of an earlier try
        return
    require_step(before.status, RefundStatus.FAILED)
    payment = _payment(before)
    failure = FlowFailure(state=_STATE, error=f"it did not arrive: {made.failure}"[:200], at=clock.now())
    undone = {"stripe_refund_id": None, "completed_at": None, "sent_at": None, "of_invoice": 0, "taken_of": None}
    after = before.model_copy(update={"status": RefundStatus.FAILED, "failure": failure, **undone})
    told = RefundFailed(**service.event_fields(after), state=failure.state, error=failure.error)
    given = payment.model_copy(update={"amount_refunded": payment.amount_refunded - before.amount})
    ops = _on_charter(before, failure, bookkeeping.reverse_refund(caller, payment, before))
    store.commit(caller, Update(before, after, [told]), Update(payment, given), *ops, once)


def _clear_sent_flag(before: Refund) -> list[Op]:
    """Of one whose outcome was not known: if none of its tries is out at Stripe, the next may ask under another key."""
    intent = _payment(before).stripe_payment_intent_id
    if intent is None or before.id in refunds_and_disputes.refunds(intent):
        return []
    return [Update(before, before.model_copy(update={"sent_at": None}))]


def _payment(refund: Refund) -> Payment:
    return store.get(Payment, PAYMENT.key(org=refund.org_id, id=refund.payment_id))


def _on_charter(refund: Refund, failure: FlowFailure, ops: list[Op]) -> list[Op]:
    """`ops`, and that the refund stands still on the charter that it is about, in one write."""
    charter = service.trip_of(refund)
    if charter is None:
        return ops
    noted = workflow_failures.record_failure_op(charter, service.FLOW, failure)
    written = next((op for op in ops if isinstance(op, Update) and isinstance(op.after, Charter)), None)
    if written is None or not isinstance(noted, Update) or not isinstance(noted.after, Charter):
        return [*ops, noted]
    flows = {"flow_failures": noted.after.flow_failures}
    written.after = written.after.model_copy(update=flows)
    written.events = [*written.events, *noted.events]
    return ops
