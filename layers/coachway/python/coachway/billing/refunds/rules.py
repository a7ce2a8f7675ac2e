"""Refunds, as rules: their life, who has to agree, and which payments a cancellation gives back. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from coachway.core import errors


class RefundStatus(StrEnum):
    """Where a refund stands."""

    AWAITING_APPROVAL = "awaiting_approval"
    PENDING = "pending"
    """It is on its way."""
    COMPLETED = "completed"
    REJECTED = "rejected"
    FAILED = "failed"
    """It stands still, and keeps its hold on the payment until it is taken up again or rejected."""


STEPS: Final[Mapping[RefundStatus, frozenset[RefundStatus]]] = {
    RefundStatus.AWAITING_APPROVAL: frozenset({RefundStatus.PENDING, RefundStatus.REJECTED, RefundStatus.FAILED}),
    RefundStatus.PENDING: frozenset({RefundStatus.COMPLETED, RefundStatus.FAILED}),
    RefundStatus.FAILED: frozenset({RefundStatus.AWAITING_APPROVAL, RefundStatus.PENDING, RefundStatus.REJECTED}),
    RefundStatus.COMPLETED: frozenset({RefundStatus.FAILED}),
    RefundStatus.REJECTED: frozenset(),
}
"""One that was agreed to is not rejected any more, unless it failed: the money may be on its way.

One that was given back fails when the bank says later that it did not arrive.
"""


def require_step(status: RefundStatus, wanted: RefundStatus) -> None:
    """Raises Conflict unless `wanted` may follow."""
    if wanted not in STEPS[status]:
        raise errors.Conflict(f"this refund is {status}, and cannot become {wanted}", title="that does not follow")


def needs_approval(cents: int, threshold: int, *, before: int = 0) -> bool:
    """Whether a manager has to agree: from the threshold on, together with what the payment gave back `before`.

    So nothing is cut into pieces to escape it.
    """
    return before + cents >= threshold


class RefundableAmount(NamedTuple):
    """What is left of a payment to be given back."""

    payment_id: str
    cents: int


def allocate_refund(cents: int, payments: Sequence[RefundableAmount]) -> list[RefundableAmount]:
    """What each payment gives back of `cents`, in their order; together never more than is left of them."""
    shares = []
    for payment in payments:
        share = min(cents, payment.cents)
        if share > 0:
            shares.append(RefundableAmount(payment.payment_id, share))
            cents -= share
    return shares
