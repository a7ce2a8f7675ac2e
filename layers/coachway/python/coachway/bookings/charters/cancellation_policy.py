"""How much a cancellation refunds, and the result that the charter keeps."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final, NamedTuple

from pydantic import Field

from coachway.bookings.charters.rules import Actor
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import StoredAmount, round_half_up
from coachway.core.types.personal import Personal


class RefundTier(NamedTuple):
    """Cancelling at least `hours` before the first pickup refunds `percent` of what was paid."""

    hours: int
    percent: int


REFUND_TIERS: Final = (RefundTier(72, 100), RefundTier(48, 75), RefundTier(24, 50), RefundTier(0, 0))


class Cancellation(BaseSchema):
    """What a cancellation refunds, or would refund if `preview` is true. Amounts are in `currency`."""

    preview: bool
    initiated_by: Annotated[str, Field(examples=["client"])]
    hours_left: Annotated[float, Field(description="Hours until the first departure; negative after it.")]
    refund_percent: int
    amount_paid: StoredAmount
    amount_on_hold: Annotated[
        StoredAmount,
        Field(description="The part of `amount_paid` that is being refunded already, or that the payer disputes."),
    ] = 0
    refund: Annotated[
        StoredAmount, Field(description="`refund_percent` of `amount_paid`, but at most what is not on hold.")
    ]
    currency: str
    reason: Annotated[str, Personal()] = ""
    message_to_client: Annotated[str, Personal()] = ""


def refund_percent(
    first_pickup: datetime, cancelled_at: datetime, actor: Actor, tiers: Sequence[RefundTier] = REFUND_TIERS
) -> int:
    """The percentage of the payments to refund: by notice if the client cancels, otherwise 100.

    `cancelled_at` is rounded down to the second, in the client's favor.
    """
    if actor is not Actor.CLIENT:
        return 100
    notice = first_pickup - cancelled_at.replace(microsecond=0)
    matching = [tier for tier in tiers if notice >= timedelta(hours=tier.hours)]
    return max(matching, key=lambda tier: tier.hours).percent if matching else 0


def refund_amount(paid_cents: int, percent: int) -> int:
    """Cents to refund, rounded half up; never more than was paid."""
    return min(paid_cents, round_half_up(Decimal(paid_cents) * percent / 100))
