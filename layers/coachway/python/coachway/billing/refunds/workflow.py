"""Steps of the refund workflow (`statemachines/refund.asl.yaml`). Each reads the refund first and can be repeated.

Before a refund is sent, the step looks for an earlier attempt at Stripe, so that nothing is refunded twice.
"""

from collections.abc import Mapping
from typing import Any, Final

from coachway.billing.payments.model import PAYMENT, Payment, PaymentMethod
from coachway.billing.refunds import bookkeeping, service
from coachway.billing.refunds.model import Refund
from coachway.billing.refunds.rules import RefundStatus
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe import refunds_and_disputes
from coachway.bookings import workflow_failures
from coachway.contracts.billing.refunds import RefundApprovalNeeded, RefundFailed, RefundResumed
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.step_handler import Step
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.workflows import executions
from coachway.core.workflows.executions import Execution
from coachway.core.workflows.failure import WorkflowFailure


class NextStep(BaseSchema):
    """The next state of the workflow."""

    go: str


def choose_next_step(caller: Caller, refund_id: str, *, execution: str, round_: int, redriven: bool) -> NextStep:
    """Make this execution the owner of the refund, and choose the next state."""
    if not executions.claim_execution(caller, refund_id, execution, round_=round_, redriven=redriven):
        return NextStep(go="over")
    return _find_next_step(caller, refund_id, redriven)


@retry_on_conflict
def _find_next_step(caller: Caller, refund_id: str, redriven: bool) -> NextStep:
    refund = service.get_refund(caller, refund_id)
    if refund.status is RefundStatus.FAILED and redriven:
        refund = _resume_refund(caller, refund)
    match refund.status:
        case RefundStatus.AWAITING_APPROVAL:
            return NextStep(go="ask")
        case RefundStatus.PENDING:
            return NextStep(go="give_back")
        case _:
            return NextStep(go="over")


def _resume_refund(caller: Caller, before: Refund) -> Refund:
    after = service.build_resumed_refund(before)
    event = RefundResumed(**service.event_fields(after))
    store.commit(
        caller,
        Update(before, after, [event]),
        *workflow_failures.clear_failure_ops(service.find_charter(before), service.WORKFLOW),
    )
    return after


def request_approval(caller: Caller, refund_id: str, *, token: str, escalated: bool) -> NextStep:
    """Ask a manager for approval, and store the task token that resumes the workflow."""
    _send_approval_request(caller, executions.save_task_token(caller, refund_id, token), escalated=escalated)
    return NextStep(go="wait")


@retry_on_conflict
def _send_approval_request(caller: Caller, execution: Execution, *, escalated: bool) -> None:
    refund = service.get_refund(caller, execution.subject_id)
    if refund.status is RefundStatus.AWAITING_APPROVAL:
        event = RefundApprovalNeeded(**service.event_fields(refund), escalated=escalated)
        store.commit(caller, Update(refund, refund.model_copy(), [event]))
    else:  # the decision came before the token was stored, so nothing has resumed the workflow
        executions.send_task_success(caller, execution)


def expire_approval(caller: Caller, refund_id: str) -> NextStep:
    """Mark a refund as failed because nobody approved or rejected it in time."""
    refund = service.get_refund(caller, refund_id)
    if refund.status is not RefundStatus.AWAITING_APPROVAL:
        return NextStep(go="look")
    error = "Nobody approved or rejected the refund in time"
    return record_failure(caller, refund_id, state="RequestApproval", error=error)


def execute_refund(caller: Caller, refund_id: str) -> NextStep:
    """Send the refund by the method of its payment. Raises UpstreamUnavailable while the result is unknown."""
    refund = _mark_sent(caller, refund_id)
    if refund.status is not RefundStatus.PENDING:
        return NextStep(go="over")
    try:
        stripe_refund_id = _refund_through_stripe(refund) if refund.method is PaymentMethod.CARD else None
    except (stripe_client.StripeRejected, stripe_client.CardDeclined) as error:
        return record_failure(caller, refund_id, state="SendRefund", error=error.detail, is_rejected=True)
    bookkeeping.complete_refund(caller, refund_id, stripe_refund_id)
    return NextStep(go="over")


@retry_on_conflict
def _mark_sent(caller: Caller, refund_id: str) -> Refund:
    """Record that the refund may reach Stripe, before it is sent."""
    before = service.get_refund(caller, refund_id)
    if before.status is not RefundStatus.PENDING or before.sent_at is not None:
        return before
    after = before.model_copy(update={"sent_at": clock.now(), "attempt": before.attempt + 1})
    store.commit(caller, Update(before, after))
    return after


def _refund_through_stripe(refund: Refund) -> str:
    payment = store.get(Payment, PAYMENT.key(org=refund.org_id, id=refund.payment_id))
    payment_intent_id = payment.stripe_payment_intent_id
    if payment_intent_id is None:
        raise stripe_client.StripeRejected("The payment has no charge at Stripe.")
    # Stripe keeps idempotency keys for only a day, so look for an earlier attempt.
    stripe_refund_id = refunds_and_disputes.list_refunds(payment_intent_id).get(refund.id)
    if stripe_refund_id is not None:
        return stripe_refund_id
    if payment.is_disputed:
        raise stripe_client.StripeRejected("The payer disputes this payment. Wait for the bank's decision.")
    return refunds_and_disputes.create_refund(
        key=f"{refund.id}-{refund.attempt}",
        payment_intent_id=payment_intent_id,
        cents=refund.amount,
        metadata={"refund_id": refund.id, "org_id": refund.org_id, "payment_id": refund.payment_id},
    )


@retry_on_conflict
def record_failure(caller: Caller, refund_id: str, *, state: str, error: str, is_rejected: bool = False) -> NextStep:
    """Mark a refund as failed and notify staff. `is_rejected`: Stripe has certainly not made the refund."""
    before = service.get_refund(caller, refund_id)
    if before.status not in {RefundStatus.AWAITING_APPROVAL, RefundStatus.PENDING}:
        return NextStep(go="over")
    failure = WorkflowFailure(state=state, error=error[:200], at=clock.now())
    changes: dict[str, Any] = {"status": RefundStatus.FAILED, "failure": failure}
    if is_rejected:
        changes["sent_at"] = None
    after = before.model_copy(update=changes)
    event = RefundFailed(**service.event_fields(after), state=state, error=failure.error)
    charter = service.find_charter(before)
    charter_ops: list[Op] = (
        [workflow_failures.record_failure_op(charter, service.WORKFLOW, failure)] if charter is not None else []
    )
    store.commit(caller, Update(before, after, [event]), *charter_ops)
    return NextStep(go="failed")


def record_step_failure(caller: Caller, refund_id: str, *, state: str, failure: Mapping[str, Any]) -> NextStep:
    """Mark a refund as failed with an error that the state machine caught."""
    return record_failure(caller, refund_id, state=state, error=str(failure.get("Error", "unknown")))


STEPS: Final[Mapping[str, Step]] = {
    "look": choose_next_step,
    "ask": request_approval,
    "give_up": expire_approval,
    "give_back": execute_refund,
    "failed": record_step_failure,
}
"""By step name in the state machine. Running executions send these names, so they cannot be renamed."""
