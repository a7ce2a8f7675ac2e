"""What goes back through Stripe: refunds that we make, and what banks take back when a payer disputes a charge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from coachway.billing.stripe.client import PAGE, Refused, call, client, id_of, metadata_of
from coachway.core import errors

_NOT_GIVEN_BACK: Final = frozenset({"failed", "canceled"})


@dataclass(frozen=True, slots=True)
class StripeRefund:
    """A refund as Stripe has it. `failure` is its word for why the money did not arrive; empty while it did."""

    id: str
    metadata: dict[str, str]
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Disputed:
    """A dispute as Stripe has it. In cents: what is disputed, what of it the bank has now, and what it cost."""

    id: str
    payment_intent_id: str
    status: str
    reason: str
    amount: int
    withdrawn: int
    fee: int
    opened_at: datetime


def refund(*, key: str, payment_intent_id: str, cents: int, metadata: dict[str, str]) -> str:
    """Give back a part of a charge: Stripe's id of it. Raises Upstream when that is not known: ask `refunds` first.

    Raises Refused when it was not given back.
    """
    wanted: Any = {"payment_intent": payment_intent_id, "amount": cents, "metadata": metadata}
    own: Any = {"idempotency_key": f"refund-{key}"}
    made = _given_back(call(lambda: client().v1.refunds.create(wanted, own)))
    if made.failure:
        raise Refused(made.failure)
    return made.id


def refunds(payment_intent_id: str) -> dict[str, str]:
    """Stripe's ids of what was given back of a charge, by the `refund_id` of ours; not of those that failed.

    Raises Upstream.
    """
    wanted: Any = {"payment_intent": payment_intent_id, "limit": PAGE}
    listed = call(lambda: client().v1.refunds.list(wanted))
    known = [_given_back(each) for each in call(lambda: list(listed.auto_paging_iter()))]
    return {each.metadata["refund_id"]: each.id for each in known if "refund_id" in each.metadata and not each.failure}


def get_refund(stripe_refund_id: str) -> StripeRefund:
    """A refund as it is now. Raises Upstream, or Missing when Stripe has no such."""
    try:
        return _given_back(call(lambda: client().v1.refunds.retrieve(stripe_refund_id)))
    except Refused as failure:
        raise errors.NotFound("the payment service knows no such refund") from failure


def _given_back(made: Any) -> StripeRefund:
    status = str(getattr(made, "status", "") or "")
    why = str(getattr(made, "failure_reason", None) or status) if status in _NOT_GIVEN_BACK else ""
    return StripeRefund(id=str(made.id), metadata=metadata_of(made), failure=why)


def get_dispute(dispute_id: str) -> Disputed:
    """A dispute as it is now. Raises Upstream, or Missing when Stripe has no such."""
    try:
        known: Any = call(lambda: client().v1.disputes.retrieve(dispute_id))
    except Refused as failure:
        raise errors.NotFound("the payment service knows no such dispute") from failure
    moved = getattr(known, "balance_transactions", None) or []
    taken = sum(int(each.amount) for each in moved) < 0
    return Disputed(
        id=str(known.id),
        payment_intent_id=id_of(getattr(known, "payment_intent", None)) or "",
        status=str(known.status),
        reason=str(getattr(known, "reason", None) or "general"),
        amount=int(known.amount),
        # All of it, or nothing: what moved is told in the currency of our account at Stripe.
        withdrawn=int(known.amount) if taken else 0,
        fee=sum(int(getattr(each, "fee", 0) or 0) for each in moved),
        opened_at=datetime.fromtimestamp(int(known.created), UTC),
    )
