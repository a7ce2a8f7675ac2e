"""Refunds that the bank returns after Stripe completed them: reverse the bookkeeping and mark the refund as failed.

The refund keeps its hold on the payment. It can be retried, with a new idempotency key at Stripe, or rejected.
"""

from coachway.billing.payments.model import PAYMENT, Payment
from coachway.billing.refunds import bookkeeping, service
from coachway.billing.refunds.model import Refund
from coachway.billing.refunds.rules import TRANSITIONS, RefundStatus
from coachway.billing.stripe import refunds_and_disputes
from coachway.billing.stripe.refunds_and_disputes import StripeRefund
from coachway.bookings import workflow_failures
from coachway.bookings.charters.model import Charter
from coachway.contracts.billing.refunds import RefundFailed
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import MarkConsumed, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.workflows.failure import WorkflowFailure

_STATE = "Bank"
"""The value of `failure.state` for a refund that failed at the bank, not in a state of the workflow."""


@retry_on_conflict
def record_returned_refund(
    caller: Caller, refund_id: str, stripe_refund: StripeRefund, consumed_op: MarkConsumed
) -> None:
    """Record that the bank returned a refund.

    Raises NotFound, AlreadyConsumed, and UpstreamUnavailable while the refund is pending.
    """
    before = service.get_refund(caller, refund_id)
    if before.status is RefundStatus.PENDING:
        raise errors.UpstreamUnavailable("This refund is still pending. Send the event again.")
    if before.status is RefundStatus.FAILED and before.sent_at is not None:
        store.commit(caller, *_clear_sent_ops(before), consumed_op)
        return
    if before.status is not RefundStatus.COMPLETED or before.stripe_refund_id != stripe_refund.id:
        store.commit(caller, consumed_op)  # the event is about an earlier attempt
        return
    TRANSITIONS.require(before.status, RefundStatus.FAILED)
    payment = _get_payment(before)
    failure = WorkflowFailure(
        state=_STATE, error=f"Returned by the bank: {stripe_refund.failure}"[:200], at=clock.now()
    )
    cleared_fields = {
        "stripe_refund_id": None,
        "completed_at": None,
        "sent_at": None,
        "booked_invoice_amount": 0,
        "booked_invoice_id": None,
    }
    after = before.model_copy(update={"status": RefundStatus.FAILED, "failure": failure, **cleared_fields})
    event = RefundFailed(**service.event_fields(after), state=failure.state, error=failure.error)
    payment_after = payment.model_copy(update={"amount_refunded": payment.amount_refunded - before.amount})
    ops = _with_charter_failure(before, failure, bookkeeping.reverse_refund(caller, payment, before))
    store.commit(caller, Update(before, after, [event]), Update(payment, payment_after), *ops, consumed_op)


def _clear_sent_ops(before: Refund) -> list[Op]:
    """Return the operations that let the refund be sent again or rejected, unless Stripe has made it meanwhile."""
    payment_intent_id = _get_payment(before).stripe_payment_intent_id
    if payment_intent_id is None or before.id in refunds_and_disputes.list_refunds(payment_intent_id):
        return []
    return [Update(before, before.model_copy(update={"sent_at": None}))]


def _get_payment(refund: Refund) -> Payment:
    return store.get(Payment, PAYMENT.key(org=refund.org_id, id=refund.payment_id))


def _with_charter_failure(refund: Refund, failure: WorkflowFailure, ops: list[Op]) -> list[Op]:
    """Return `ops`, which also record the failure on the refund's charter.

    If `ops` update the charter already, that update is changed: a transaction writes an item only once.
    """
    charter = service.find_charter(refund)
    if charter is None:
        return ops
    failure_op = workflow_failures.record_failure_op(charter, service.WORKFLOW, failure)
    charter_op = next((op for op in ops if isinstance(op, Update) and isinstance(op.after, Charter)), None)
    if charter_op is None or not isinstance(failure_op, Update) or not isinstance(failure_op.after, Charter):
        return [*ops, failure_op]
    changes = {"workflow_failures": failure_op.after.workflow_failures}
    charter_op.after = charter_op.after.model_copy(update=changes)
    charter_op.events = [*charter_op.events, *failure_op.events]
    return ops
