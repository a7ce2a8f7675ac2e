"""Who may be rated for what. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Collection

from coachway.bookings.charters.rules import Status
from coachway.core import errors


def require_ratable(status: Status, ran_by: Collection[str], vendor_id: str) -> None:
    """Raises Conflict unless a charter is completed and this vendor ran it, or a part of it."""
    if status is not Status.COMPLETED:
        raise errors.Conflict(f"this charter is {status}: only a completed one is rated", title="not completed yet")
    if vendor_id not in ran_by:
        raise errors.Conflict("this vendor did not run the charter: rate the one that did", title="another's trip")


def to_half_points(rating: float) -> int:
    """A rating in half points: 4.5 is 9."""
    return round(rating * 2)
