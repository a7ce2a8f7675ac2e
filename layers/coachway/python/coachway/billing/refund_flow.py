"""The steps of `statemachines/refund.asl.yaml`. Each can be done again: what it does depends on what the table says.

A step answers with where to `go` next. What Stripe did is asked before anything is given back: a try whose answer
never came is found there by our refund's id, and nothing is given back twice, whatever is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coachway.billing import giving_back, refunds, stripe_port, stripe_returns
from coachway.billing.payment import PAYMENT, Payment, PaymentMethod
from coachway.billing.refund import Refund
from coachway.billing.refund_events import RefundApprovalNeeded, RefundFailed, RefundResumed
from coachway.billing.refund_rules import RefundStatus
from coachway.bookings import failures
from coachway.core import clock, executions, store
from coachway.core.caller import Caller
from coachway.core.flows import FlowFailure
from coachway.core.ops import Op, Update
from coachway.core.retrying import after_lost_races
from coachway.core.schemas import Shape


class Next(Shape):
    """Where the flow goes."""

    go: str


def look(caller: Caller, refund_id: str, *, execution: str, round_: int, redriven: bool) -> Next:
    """Where a refund's flow goes from here."""
    if not executions.is_ours(caller, refund_id, execution, round_=round_, redriven=redriven):
        return Next(go="over")
    return after_lost_races(lambda: _look(caller, refund_id, redriven))


def _look(caller: Caller, refund_id: str, redriven: bool) -> Next:
    refund = refunds.get(caller, refund_id)
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
    after = refunds.going(before)
    told = RefundResumed(**refunds.about(after))
    store.commit(caller, Update(before, after, [told]), *failures.resumed(refunds.trip_of(before), refunds.FLOW))
    return after


def ask(caller: Caller, refund_id: str, *, token: str, escalated: bool) -> Next:
    """Ask a manager, and keep the token by which the flow waits for the answer."""
    waiting = executions.wait(caller, refund_id, token)

    def tell() -> None:
        refund = refunds.get(caller, refund_id)
        if refund.status is RefundStatus.AWAITING_APPROVAL:
            told = RefundApprovalNeeded(**refunds.about(refund), escalated=escalated)
            store.commit(caller, Update(refund, refund.model_copy(), [told]))
        else:  # it was decided before the token was kept, when nobody could be told
            executions.answer(caller, waiting)

    after_lost_races(tell)
    return Next(go="wait")


def give_up(caller: Caller, refund_id: str) -> Next:
    """Nobody decided at all: staff are told, and can take it up again."""
    refund = refunds.get(caller, refund_id)
    if refund.status is not RefundStatus.AWAITING_APPROVAL:
        return Next(go="look")
    return failed(caller, refund_id, state="AskManager", error="Nobody decided in time")


def give_back(caller: Caller, refund_id: str) -> Next:
    """Give it back, the way it was paid. Raises Upstream while Stripe does not say what it did."""
    refund = after_lost_races(lambda: _sent(caller, refund_id))
    if refund.status is not RefundStatus.PENDING:
        return Next(go="over")
    try:
        stripe_refund_id = _through_stripe(refund) if refund.method is PaymentMethod.CARD else None
    except (stripe_port.Refused, stripe_port.Declined) as no:
        return failed(caller, refund_id, state="GiveBack", error=no.detail, refused=True)
    giving_back.completed(caller, refund_id, stripe_refund_id)
    return Next(go="over")


def _sent(caller: Caller, refund_id: str) -> Refund:
    """The refund, which says from now on that Stripe may have had it."""
    before = refunds.get(caller, refund_id)
    if before.status is not RefundStatus.PENDING or before.sent_at is not None:
        return before
    after = before.model_copy(update={"sent_at": clock.now(), "attempt": before.attempt + 1})
    store.commit(caller, Update(before, after))
    return after


def _through_stripe(refund: Refund) -> str:
    payment = store.get(Payment, PAYMENT.key(org=refund.org_id, id=refund.payment_id))
    intent = payment.stripe_payment_intent_id
    if intent is None:
        raise stripe_port.Refused("the payment names no charge")
    # By the key alone Stripe would know it for a day only.
    known = stripe_returns.refunds(intent).get(refund.id)
    if known is not None:
        return known
    if payment.is_disputed:
        raise stripe_port.Refused("its payer disputes the payment: the bank decides whose it is")
    return stripe_returns.refund(
        key=f"{refund.id}-{refund.attempt}",
        payment_intent_id=intent,
        cents=refund.amount,
        metadata={"refund_id": refund.id, "org_id": refund.org_id, "payment_id": refund.payment_id},
    )


def failed(caller: Caller, refund_id: str, *, state: str, error: str, refused: bool = False) -> Next:
    """Keep what went wrong where staff see it, and tell them. `refused`: Stripe has not given it back."""

    def act() -> Next:
        before = refunds.get(caller, refund_id)
        if before.status not in {RefundStatus.AWAITING_APPROVAL, RefundStatus.PENDING}:
            return Next(go="over")
        failure = FlowFailure(state=state, error=error[:200], at=clock.now())
        changed: dict[str, Any] = {"status": RefundStatus.FAILED, "failure": failure}
        if refused:
            changed["sent_at"] = None
        after = before.model_copy(update=changed)
        told = RefundFailed(**refunds.about(after), state=state, error=failure.error)
        charter = refunds.trip_of(before)
        on_charter: list[Op] = [failures.failed(charter, refunds.FLOW, failure)] if charter is not None else []
        store.commit(caller, Update(before, after, [told]), *on_charter)
        return Next(go="failed")

    return after_lost_races(act)


def caught(caller: Caller, refund_id: str, *, state: str, failure: Mapping[str, Any]) -> Next:
    """The same, of what the state machine caught."""
    return failed(caller, refund_id, state=state, error=str(failure.get("Error", "unknown")))
