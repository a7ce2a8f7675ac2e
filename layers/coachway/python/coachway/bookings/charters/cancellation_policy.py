"""What a cancellation refunds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from coachway.bookings.charters.rules import Actor
from coachway.core.types.money import round_half_up


class Tier(NamedTuple):
    """At least `hours` before the first pickup, `percent` of what was paid comes back."""

    hours: int
    percent: int


TIERS: Final = (Tier(72, 100), Tier(48, 75), Tier(24, 50), Tier(0, 0))


def refund_percent(first_pickup: datetime, at: datetime, by: Actor, tiers: Sequence[Tier] = TIERS) -> int:
    """The share of what was paid that comes back, by elapsed time; all of it when the operator cancels.

    Parts of a second are the client's.
    """
    if by is not Actor.CLIENT:
        return 100
    left = first_pickup - at.replace(microsecond=0)
    reached = [tier for tier in tiers if left >= timedelta(hours=tier.hours)]
    return max(reached, key=lambda tier: tier.hours).percent if reached else 0


def refund_amount(paid_cents: int, percent: int) -> int:
    """Cents to give back, rounded half up; never more than was paid."""
    return min(paid_cents, round_half_up(Decimal(paid_cents) * percent / 100))
