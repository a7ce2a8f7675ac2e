"""Refunds that Stripe made and that did not arrive: the money is here again, and the refund stands still.

It keeps its hold on the payment, and can be taken up again, which asks Stripe under another key, or be rejected.
"""

from __future__ import annotations

from coachway.billing import giving_back, refunds, stripe_returns
from coachway.billing.payment import PAYMENT, Payment
from coachway.billing.refund import Refund
from coachway.billing.refund_events import RefundFailed
from coachway.billing.refund_rules import RefundStatus, require_step
from coachway.billing.stripe_returns import GivenBack
from coachway.bookings import failures
from coachway.bookings.model import Charter
from coachway.core import clock, errors, store
from coachway.core.caller import Caller
from coachway.core.flows import FlowFailure
from coachway.core.ops import Once, Op, Update
from coachway.core.retrying import after_lost_races

_STATE = "Bank"
"""Where it failed, as what keeps a refund from going on says it."""


def bounced(caller: Caller, refund_id: str, made: GivenBack, once: Once) -> None:
    """Write that a refund did not arrive. Raises Missing, AlreadyConsumed, Upstream while it is being made."""
    after_lost_races(lambda: _bounced(caller, refund_id, made, once))


def _bounced(caller: Caller, refund_id: str, made: GivenBack, once: Once) -> None:
    before = refunds.get(caller, refund_id)
    if before.status is RefundStatus.PENDING:
        raise errors.Upstream("this refund is being made: tell us again")
    if before.status is RefundStatus.FAILED and before.sent_at is not None:
        store.commit(caller, *_is_not_out(before), once)
        return
    if before.status is not RefundStatus.COMPLETED or before.stripe_refund_id != made.id:
        store.commit(caller, once)  # of an earlier try
        return
    require_step(before.status, RefundStatus.FAILED)
    payment = _payment(before)
    failure = FlowFailure(state=_STATE, error=f"it did not arrive: {made.failure}"[:200], at=clock.now())
    undone = {"stripe_refund_id": None, "completed_at": None, "sent_at": None, "of_invoice": 0, "taken_of": None}
    after = before.model_copy(update={"status": RefundStatus.FAILED, "failure": failure, **undone})
    told = RefundFailed(**refunds.about(after), state=failure.state, error=failure.error)
    given = payment.model_copy(update={"amount_refunded": payment.amount_refunded - before.amount})
    ops = _on_charter(before, failure, giving_back.back(caller, payment, before))
    store.commit(caller, Update(before, after, [told]), Update(payment, given), *ops, once)


def _is_not_out(before: Refund) -> list[Op]:
    """Of one whose outcome was not known: if none of its tries is out at Stripe, the next may ask under another key."""
    intent = _payment(before).stripe_payment_intent_id
    if intent is None or before.id in stripe_returns.refunds(intent):
        return []
    return [Update(before, before.model_copy(update={"sent_at": None}))]


def _payment(refund: Refund) -> Payment:
    return store.get(Payment, PAYMENT.key(org=refund.org_id, id=refund.payment_id))


def _on_charter(refund: Refund, failure: FlowFailure, ops: list[Op]) -> list[Op]:
    """`ops`, and that the refund stands still on the charter that it is about, in one write."""
    charter = refunds.trip_of(refund)
    if charter is None:
        return ops
    noted = failures.failed(charter, refunds.FLOW, failure)
    written = next((op for op in ops if isinstance(op, Update) and isinstance(op.after, Charter)), None)
    if written is None or not isinstance(noted, Update) or not isinstance(noted.after, Charter):
        return [*ops, noted]
    flows = {"flow_failures": noted.after.flow_failures}
    written.after = written.after.model_copy(update=flows)
    written.events = [*written.events, *noted.events]
    return ops
