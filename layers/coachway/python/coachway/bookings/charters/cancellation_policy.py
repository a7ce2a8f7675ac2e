"""How much a cancellation refunds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from coachway.bookings.charters.rules import Actor
from coachway.core.types.money import round_half_up


class Tier(NamedTuple):
    """Cancelling at least `hours` before the first pickup refunds `percent` of what was paid."""

    hours: int
    percent: int


TIERS: Final = (Tier(72, 100), Tier(48, 75), Tier(24, 50), Tier(0, 0))


def refund_percent(first_pickup: datetime, at: datetime, actor: Actor, tiers: Sequence[Tier] = TIERS) -> int:
    """The percentage of the payments to refund; 100 unless the client cancels.

    `at` is truncated to the second, in the client's favor.
    """
    if actor is not Actor.CLIENT:
        return 100
    remaining = first_pickup - at.replace(microsecond=0)
    reached = [tier for tier in tiers if remaining >= timedelta(hours=tier.hours)]
    return max(reached, key=lambda tier: tier.hours).percent if reached else 0


def refund_amount(paid_cents: int, percent: int) -> int:
    """Cents to refund, rounded half up; never more than was paid."""
    return min(paid_cents, round_half_up(Decimal(paid_cents) * percent / 100))
