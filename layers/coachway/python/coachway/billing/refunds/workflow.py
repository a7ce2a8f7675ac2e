"""The steps of `statemachines/refund.asl.yaml`. Each can be done again: what it does depends on what the table says.

A step answers with where to `go` next. What Stripe did is asked before anything is given back: a try whose answer
never came is found there by our refund's id, and nothing is given back twice, whatever is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from coachway.billing.payments.model import PAYMENT, Payment, PaymentMethod
from coachway.billing.refunds import bookkeeping, service
from coachway.billing.refunds.model import Refund
from coachway.billing.refunds.rules import RefundStatus
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe import refunds_and_disputes
from coachway.bookings.charters import workflow_failures
from coachway.contracts.billing.refunds import RefundApprovalNeeded, RefundFailed, RefundResumed
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.step_handler import Step
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.workflows import executions
from coachway.core.workflows.failure import FlowFailure


class Next(BaseSchema):
    """Where the flow goes."""

    go: str


def next_step(caller: Caller, refund_id: str, *, execution: str, round_: int, redriven: bool) -> Next:
    """Where a refund's flow goes from here."""
    if not executions.claim_execution(caller, refund_id, execution, round_=round_, redriven=redriven):
        return Next(go="over")
    return retry_on_conflict(lambda: _look(caller, refund_id, redriven))()


def _look(caller: Caller, refund_id: str, redriven: bool) -> Next:
    refund = service.get(caller, refund_id)
    if refund.status is RefundStatus.FAILED and redriven:
        refund = _resumed(caller, refund)
    match refund.status:
        case RefundStatus.AWAITING_APPROVAL:
            return Next(go="ask")
        case RefundStatus.PENDING:
            return Next(go="give_back")
        case _:
            return Next(go="over")


def _resumed(caller: Caller, before: Refund) -> Refund:
    after = service.resumed(before)
    told = RefundResumed(**service.event_fields(after))
    store.commit(
        caller,
        Update(before, after, [told]),
        *workflow_failures.clear_failure_ops(service.trip_of(before), service.FLOW),
    )
    return after


def request_approval(caller: Caller, refund_id: str, *, token: str, escalated: bool) -> Next:
    """Ask a manager, and keep the token by which the flow waits for the answer."""
    waiting = executions.save_task_token(caller, refund_id, token)

    def tell() -> None:
        refund = service.get(caller, refund_id)
        if refund.status is RefundStatus.AWAITING_APPROVAL:
            told = RefundApprovalNeeded(**service.event_fields(refund), escalated=escalated)
            store.commit(caller, Update(refund, refund.model_copy(), [told]))
        else:  # it was decided before the token was kept, when nobody could be told
            executions.send_task_success(caller, waiting)

    retry_on_conflict(tell)()
    return Next(go="wait")


def expire_approval(caller: Caller, refund_id: str) -> Next:
    """Nobody decided at all: staff are told, and can take it up again."""
    refund = service.get(caller, refund_id)
    if refund.status is not RefundStatus.AWAITING_APPROVAL:
        return Next(go="look")
    return failed(caller, refund_id, state="AskManager", error="Nobody decided in time")


def execute_refund(caller: Caller, refund_id: str) -> Next:
    """Give it back, the way it was paid. Raises Upstream while Stripe does not say what it did."""
    refund = retry_on_conflict(lambda: _mark_sent(caller, refund_id))()
    if refund.status is not RefundStatus.PENDING:
        return Next(go="over")
    try:
        stripe_refund_id = _through_stripe(refund) if refund.method is PaymentMethod.CARD else None
    except (stripe_client.Refused, stripe_client.Declined) as no:
        return failed(caller, refund_id, state="GiveBack", error=no.detail, refused=True)
    bookkeeping.complete_refund(caller, refund_id, stripe_refund_id)
    return Next(go="over")


def _mark_sent(caller: Caller, refund_id: str) -> Refund:
    """The refund, which says from now on that Stripe may have had it."""
    before = service.get(caller, refund_id)
    if before.status is not RefundStatus.PENDING or before.sent_at is not None:
        return before
    after = before.model_copy(update={"sent_at": clock.now(), "attempt": before.attempt + 1})
    store.commit(caller, Update(before, after))
    return after


def _through_stripe(refund: Refund) -> str:
    payment = store.get(Payment, PAYMENT.key(org=refund.org_id, id=refund.payment_id))
    intent = payment.stripe_payment_intent_id
    if intent is None:
        raise stripe_client.Refused("the payment names no charge")
    # By the key alone Stripe would know it for a day only.
    known = refunds_and_disputes.refunds(intent).get(refund.id)
    if known is not None:
        return known
    if payment.is_disputed:
        raise stripe_client.Refused("its payer disputes the payment: the bank decides whose it is")
    return refunds_and_disputes.refund(
        key=f"{refund.id}-{refund.attempt}",
        payment_intent_id=intent,
        cents=refund.amount,
        metadata={"refund_id": refund.id, "org_id": refund.org_id, "payment_id": refund.payment_id},
    )


def failed(caller: Caller, refund_id: str, *, state: str, error: str, refused: bool = False) -> Next:
    """Keep what went wrong where staff see it, and tell them. `refused`: Stripe has not given it back."""

    def act() -> Next:
        before = service.get(caller, refund_id)
        if before.status not in {RefundStatus.AWAITING_APPROVAL, RefundStatus.PENDING}:
            return Next(go="over")
        failure = FlowFailure(state=state, error=error[:200], at=clock.now())
        changed: dict[str, Any] = {"status": RefundStatus.FAILED, "failure": failure}
        if refused:
            changed["sent_at"] = None
        after = before.model_copy(update=changed)
        told = RefundFailed(**service.event_fields(after), state=state, error=failure.error)
        charter = service.trip_of(before)
        on_charter: list[Op] = (
            [workflow_failures.record_failure_op(charter, service.FLOW, failure)] if charter is not None else []
        )
        store.commit(caller, Update(before, after, [told]), *on_charter)
        return Next(go="failed")

    return retry_on_conflict(act)()


def record_step_failure(caller: Caller, refund_id: str, *, state: str, failure: Mapping[str, Any]) -> Next:
    """The same, of what the state machine caught."""
    return failed(caller, refund_id, state=state, error=str(failure.get("Error", "unknown")))


STEPS: Final[Mapping[str, Step]] = {
    "look": next_step,
    "ask": request_approval,
    "give_up": expire_approval,
    "give_back": execute_refund,
    "failed": record_step_failure,
}
"""By the name that the state machine calls them by."""
