"""Rules on who can be rated, and their errors. Pure: no clock, no I/O."""

from collections.abc import Collection

from coachway.bookings.charters.rules import CharterStatus
from coachway.core import errors


class CharterNotRatable(errors.Conflict):
    """Only a completed charter can be rated. Rate the vendor after the trip."""

    code = "charter_not_ratable"
    title = "The charter cannot be rated yet"


class NotTheCharterVendor(errors.Conflict):
    """Only a vendor that ran the charter, or a part of it, can be rated for it."""

    code = "not_the_charter_vendor"
    title = "The vendor did not run this charter"


class RatingAlreadyAnswered(errors.Conflict):
    """A vendor can respond to a rating once."""

    code = "rating_already_answered"
    title = "The rating has a response"


def require_ratable(status: CharterStatus, vendor_ids: Collection[str], vendor_id: str) -> None:
    """Raise an error unless a charter is completed and the vendor ran it, or a part of it.

    `vendor_ids` are the vendors that ran the charter.
    """
    if status is not CharterStatus.COMPLETED:
        raise CharterNotRatable(f"This charter is {status.value}. Only a completed charter can be rated.")
    if vendor_id not in vendor_ids:
        raise NotTheCharterVendor("This vendor did not run the charter. Rate the vendor that did.")


def convert_to_half_points(rating: float) -> int:
    """Convert a rating to half points: 4.5 is 9."""
    return round(rating * 2)
