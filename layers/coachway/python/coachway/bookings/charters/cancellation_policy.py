"""How much a cancellation refunds, and the result that the charter keeps."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from coachway.bookings.charters.rules import Actor
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import StoredAmount, round_half_up
from coachway.core.types.personal import Personal
from coachway.identity.model.cancellation_policy import DEFAULT_TIERS, RefundTier


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
    first_pickup: datetime, cancelled_at: datetime, actor: Actor, tiers: Sequence[RefundTier] = DEFAULT_TIERS
) -> int:
    """The percentage of the payments to refund: by notice if the client cancels, otherwise 100.

    Notice is elapsed time, whatever the clocks showed. `cancelled_at` is rounded down to the second, in the client's
    favor.
    """
    if actor is not Actor.CLIENT:
        return 100
    # In UTC: two times of one zone are otherwise subtracted as the clocks show them.
    notice = first_pickup.astimezone(UTC) - cancelled_at.astimezone(UTC).replace(microsecond=0)
    matching = [tier for tier in tiers if notice >= timedelta(hours=tier.hours)]
    return max(matching, key=lambda tier: tier.hours).percent if matching else 0


def refund_amount(paid_cents: int, percent: int) -> int:
    """Cents to refund, rounded half up; never more than was paid."""
    return min(paid_cents, round_half_up(Decimal(paid_cents) * percent / 100))
