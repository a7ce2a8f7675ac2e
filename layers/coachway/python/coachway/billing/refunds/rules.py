"""Rules of refunds: status transitions, approval, and allocation to payments. Pure."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from coachway.core.state_machine import Transitions


class RefundStatus(StrEnum):
    """The status of a refund."""

    AWAITING_APPROVAL = "awaiting_approval"
    PENDING = "pending"
    """The refund is being sent to the payer."""
    COMPLETED = "completed"
    REJECTED = "rejected"
    FAILED = "failed"
    """The refund keeps its hold on the payment until it is retried or rejected."""


TRANSITIONS: Final = Transitions(
    "refund",
    {
        RefundStatus.AWAITING_APPROVAL: frozenset({RefundStatus.PENDING, RefundStatus.REJECTED, RefundStatus.FAILED}),
        RefundStatus.PENDING: frozenset({RefundStatus.COMPLETED, RefundStatus.FAILED}),
        RefundStatus.FAILED: frozenset({RefundStatus.AWAITING_APPROVAL, RefundStatus.PENDING, RefundStatus.REJECTED}),
        RefundStatus.COMPLETED: frozenset({RefundStatus.FAILED}),
        RefundStatus.REJECTED: frozenset(),
    },
)
"""An approved refund can be rejected only after it failed, because the money may be on its way.

A completed refund fails if the bank returns it later.
"""


def needs_approval(cents: int, threshold: int, *, refunded_before: int = 0) -> bool:
    """Return whether a manager must approve a refund. The threshold applies to the sum of all refunds of a payment."""
    return refunded_before + cents >= threshold


class RefundableAmount(NamedTuple):
    """The amount of a payment that can be refunded."""

    payment_id: str
    cents: int


def allocate_refund(cents: int, payments: Sequence[RefundableAmount]) -> list[RefundableAmount]:
    """Distribute `cents` over payments in their order, up to the refundable amount of each."""
    shares = []
    for payment in payments:
        share = min(cents, payment.cents)
        if share > 0:
            shares.append(RefundableAmount(payment.payment_id, share))
            cents -= share
    return shares
