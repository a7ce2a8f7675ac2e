"""When vehicles can be held, and until when. Pure: no clock, no I/O."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from coachway.bookings.charters.rules import CharterStatus
from coachway.core.state_machine import Transitions

DEFAULT_LENGTH: Final = timedelta(hours=72)
"""How long vehicles are held for a quote that was not sent."""

HOLDABLE: Final = frozenset({CharterStatus.QUOTE, CharterStatus.BOOKED})
"""A confirmed charter has all of its vehicles."""


class HoldStatus(StrEnum):
    """The status of a hold."""

    ACTIVE = "active"
    USED = "used"
    """The charter has all of its vehicles."""
    RELEASED = "released"
    EXPIRED = "expired"


TRANSITIONS: Final = Transitions(
    "hold",
    {
        HoldStatus.ACTIVE: (HoldStatus.USED, HoldStatus.RELEASED, HoldStatus.EXPIRED),
        HoldStatus.USED: (),
        HoldStatus.RELEASED: (),
        HoldStatus.EXPIRED: (),
    },
)


def choose_expiry(
    requested: datetime | None,
    status: CharterStatus,
    quote_expires_at: datetime | None,
    starts_at: datetime,
    now: datetime,
) -> datetime:
    """Choose until when vehicles are held: as requested, otherwise as long as the quote is valid.

    A booked charter keeps them until its departure. Never later than that.
    """
    if requested is not None:
        return requested
    if status is not CharterStatus.QUOTE:
        return starts_at
    is_valid = quote_expires_at is not None and quote_expires_at > now
    return min(starts_at, quote_expires_at if is_valid and quote_expires_at else now + DEFAULT_LENGTH)


def expiry_reason(held_until: datetime, starts_at: datetime, now: datetime) -> str | None:
    """Why a hold cannot end at this time, or None."""
    if held_until <= now:
        return "must be in the future"
    return "must not be after the departure of the trip" if held_until > starts_at else None
