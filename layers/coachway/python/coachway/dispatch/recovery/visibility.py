"""What callers can see of recoveries."""

from typing import Any

from coachway.core.caller import Caller
from coachway.dispatch.recovery.model import Offer, Recovery
from coachway.dispatch.recovery.rules import OfferStatus


def can_see(caller: Caller, recovery: Recovery) -> bool:
    """Whether a caller can see a recovery: vendors those of their trips, drivers those offered to them."""
    if not caller.is_external:
        return True
    if caller.role == "driver":
        return any(offer.driver_id == caller.party_id for offer in recovery.offers)
    return caller.role == "vendor" and recovery.vendor_id == caller.party_id


def hide_restricted_fields(caller: Caller, recovery: Recovery) -> Recovery:
    """Remove what a caller may not see: drivers see only the offers made to them, and no notes and reasons of staff.

    They see the message and the addresses while an offer is open, or if they took the trip over.
    """
    if caller.role != "driver":
        return recovery
    own_offers = [_hide_reason_of_staff(offer) for offer in recovery.offers if offer.driver_id == caller.party_id]
    changes: dict[str, Any] = {"offers": own_offers, "drivers": [], "vehicles": []}
    changes |= {"notes": "", "status_reason": "", "failure": None}
    if not any(offer.status in {OfferStatus.OPEN, OfferStatus.ACCEPTED} for offer in own_offers):
        changes |= {"message_to_driver": "", "pickup": "", "dropoff": ""}
    return recovery.model_copy(update=changes)


def _hide_reason_of_staff(offer: Offer) -> Offer:
    """Hide why an offer was withdrawn. The reason of a declined offer is the driver's own."""
    return offer.model_copy(update={"reason": ""}) if offer.status is OfferStatus.WITHDRAWN else offer
