"""Fields of recovery events."""

from typing import Any

from coachway.contracts.dispatch.recovery import RecoveryOffer
from coachway.dispatch.recovery.model import Offer, Recovery


def recovery_event_fields(recovery: Recovery) -> dict[str, Any]:
    """Return the fields of every recovery event."""
    return {
        "recovery_id": recovery.id,
        "assignment_id": recovery.assignment_id,
        "charter_id": recovery.charter_id,
        "number": recovery.charter_number,
        "vehicle_number": recovery.vehicle_number,
        "driver_id": recovery.driver_id,
        "driver_name": recovery.driver_name,
        "vehicle_id": recovery.vehicle_id,
        "vehicle_name": recovery.vehicle_name,
        "reason": recovery.reason.value,
    }


def recovery_offer(offer: Offer) -> RecoveryOffer:
    """Convert an offer for an event."""
    return RecoveryOffer(
        offer_id=offer.id,
        driver_id=offer.driver_id,
        driver_name=offer.driver_name,
        vehicle_id=offer.vehicle_id,
        vehicle_name=offer.vehicle_name,
        expires_at=offer.expires_at,
    )
