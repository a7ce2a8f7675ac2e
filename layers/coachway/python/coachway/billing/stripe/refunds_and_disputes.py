"""Refunds and disputes at Stripe."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from coachway.billing.stripe.client import (
    PAGE_SIZE,
    StripeRejected,
    call_stripe,
    get_client,
    object_id,
    object_metadata,
)
from coachway.core import errors

_FAILED_STATUSES: Final = frozenset({"failed", "canceled"})


@dataclass(frozen=True, slots=True)
class StripeRefund:
    """A refund at Stripe. `failure` is the reason of a failed refund, else empty."""

    id: str
    metadata: dict[str, str]
    failure: str = ""


@dataclass(frozen=True, slots=True)
class StripeDispute:
    """A dispute at Stripe. In cents: the disputed `amount`, the part `withdrawn` by the bank, and the `fee`."""

    id: str
    payment_intent_id: str
    status: str
    reason: str
    amount: int
    withdrawn: int
    fee: int
    opened_at: datetime


def create_refund(*, key: str, payment_intent_id: str, cents: int, metadata: dict[str, str]) -> str:
    """Refund a charge, or a part of it, and return Stripe's refund id.

    Raises UpstreamUnavailable when the outcome is unknown: check `list_refunds` before you repeat the call. Raises
    StripeRejected when nothing was refunded.
    """
    params: Any = {"payment_intent": payment_intent_id, "amount": cents, "metadata": metadata}
    options: Any = {"idempotency_key": f"refund-{key}"}
    refund = _parse_refund(call_stripe(lambda: get_client().v1.refunds.create(params, options)))
    if refund.failure:
        raise StripeRejected(refund.failure)
    return refund.id


def list_refunds(payment_intent_id: str) -> dict[str, str]:
    """List Stripe's ids of a charge's refunds, by our refund ids. Failed refunds are left out.

    Raises UpstreamUnavailable.
    """
    params: Any = {"payment_intent": payment_intent_id, "limit": PAGE_SIZE}
    page = call_stripe(lambda: get_client().v1.refunds.list(params))
    refunds = [_parse_refund(refund) for refund in call_stripe(lambda: list(page.auto_paging_iter()))]
    return {
        refund.metadata["refund_id"]: refund.id
        for refund in refunds
        if "refund_id" in refund.metadata and not refund.failure
    }


def get_refund(stripe_refund_id: str) -> StripeRefund:
    """Get a refund. Raises UpstreamUnavailable, or NotFound when Stripe does not know it."""
    try:
        return _parse_refund(call_stripe(lambda: get_client().v1.refunds.retrieve(stripe_refund_id)))
    except StripeRejected as error:
        raise errors.NotFound("The payment service does not know this refund.") from error


def _parse_refund(refund: Any) -> StripeRefund:
    status = str(getattr(refund, "status", "") or "")
    failure = str(getattr(refund, "failure_reason", None) or status) if status in _FAILED_STATUSES else ""
    return StripeRefund(id=str(refund.id), metadata=object_metadata(refund), failure=failure)


def get_dispute(dispute_id: str) -> StripeDispute:
    """Get a dispute. Raises UpstreamUnavailable, or NotFound when Stripe does not know it."""
    try:
        dispute: Any = call_stripe(lambda: get_client().v1.disputes.retrieve(dispute_id))
    except StripeRejected as error:
        raise errors.NotFound("The payment service does not know this dispute.") from error
    transactions = getattr(dispute, "balance_transactions", None) or []
    is_withdrawn = sum(int(transaction.amount) for transaction in transactions) < 0
    return StripeDispute(
        id=str(dispute.id),
        payment_intent_id=object_id(getattr(dispute, "payment_intent", None)) or "",
        status=str(dispute.status),
        reason=str(getattr(dispute, "reason", None) or "general"),
        amount=int(dispute.amount),
        # Not the sum of the transactions: they are in the currency of our Stripe account, not of the dispute.
        withdrawn=int(dispute.amount) if is_withdrawn else 0,
        fee=sum(int(getattr(transaction, "fee", 0) or 0) for transaction in transactions),
        opened_at=datetime.fromtimestamp(int(dispute.created), UTC),
    )
