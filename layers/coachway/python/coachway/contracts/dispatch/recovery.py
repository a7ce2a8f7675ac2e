"""Events of recoveries, which find a replacement crew for a trip."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from coachway.core.persistence.domain_events import Event
from coachway.core.schemas import BaseSchema


class RecoveryOffer(BaseSchema):
    """Who is asked to take a trip over, and when the offer expires."""

    offer_id: str
    driver_id: str
    driver_name: str
    vehicle_id: str
    vehicle_name: str
    expires_at: datetime


class RecoveryEvent(Event):
    """Base of the events of a recovery: which trip needs a replacement, and why."""

    recovery_id: str
    assignment_id: str
    charter_id: str
    number: str
    vehicle_number: int
    driver_id: str
    driver_name: str
    vehicle_id: str
    vehicle_name: str
    reason: str


class RecoveryOpened(RecoveryEvent):
    """A trip's driver or vehicle is unavailable, and the search for a replacement begins."""

    TYPE: ClassVar[str] = "recovery.opened"

    notes: str


class RecoveryOffered(RecoveryEvent):
    """A driver is asked to take a trip over."""

    TYPE: ClassVar[str] = "recovery.offered"

    offer: RecoveryOffer
    driver_phone: str | None
    """Phone of the driver who is asked."""
    timezone: str
    pickup_at: datetime
    pickup: str
    dropoff: str


class RecoveryDeclined(RecoveryEvent):
    """The driver who was asked declined, is no longer available, or did not answer in time."""

    TYPE: ClassVar[str] = "recovery.declined"

    offer: RecoveryOffer
    why: str


class RecoveryCancelled(RecoveryEvent):
    """A replacement is no longer needed."""

    TYPE: ClassVar[str] = "recovery.cancelled"

    why: str


class RecoveryEscalated(RecoveryEvent):
    """No replacement was found: the dispatcher must decide."""

    TYPE: ClassVar[str] = "recovery.escalated"

    why: str
    asked: int
    """How many drivers were asked."""
    timezone: str
    pickup_at: datetime
    pickup: str
    dropoff: str


class RecoveryFailed(RecoveryEvent):
    """The workflow of a recovery failed."""

    TYPE: ClassVar[str] = "recovery.failed"

    state: str
    error: str


class TripRecovered(RecoveryEvent):
    """A replacement crew took the trip over."""

    TYPE: ClassVar[str] = "trip.recovered"

    replacement_id: str
    replacement_driver_id: str
    replacement_driver_name: str
    replacement_vehicle_id: str
    replacement_vehicle_name: str
    client_name: str
    client_email: str
    timezone: str
    pickup_at: datetime
    pickup: str
    dropoff: str
