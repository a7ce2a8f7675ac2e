"""How much a cancellation refunds."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from coachway.bookings.charters.rules import Actor
from coachway.core.types.money import round_half_up


class RefundTier(NamedTuple):
    """Cancelling at least `hours` before the first pickup refunds `percent` of what was paid."""

    hours: int
    percent: int


REFUND_TIERS: Final = (RefundTier(72, 100), RefundTier(48, 75), RefundTier(24, 50), RefundTier(0, 0))


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
