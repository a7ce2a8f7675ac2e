"""Who may be rated for what. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Collection

from coachway.bookings.charters.rules import Status
from coachway.core import errors


class CharterNotRatable(errors.Conflict):
    """Only a completed charter can be rated."""

    code = "charter_not_ratable"
    title = "The charter cannot be rated yet"


class NotTheCharterVendor(errors.Conflict):
    """Only a vendor that ran the charter, or a part of it, can be rated for it."""

    code = "not_the_charter_vendor"
    title = "The vendor did not run this charter"


class AlreadyAnswered(errors.Conflict):
    """A vendor can answer a rating once."""

    code = "rating_already_answered"
    title = "The rating was answered"


def require_ratable(status: Status, ran_by: Collection[str], vendor_id: str) -> None:
    """Raises Conflict unless a charter is completed and this vendor ran it, or a part of it."""
    if status is not Status.COMPLETED:
        raise CharterNotRatable(f"This charter is {status.value}. Only a completed charter can be rated.")
    if vendor_id not in ran_by:
        raise NotTheCharterVendor("This vendor did not run the charter. Rate the vendor that did.")


def to_half_points(rating: float) -> int:
    """A rating in half points: 4.5 is 9."""
    return round(rating * 2)
