"""Events of recoveries, which find a replacement crew for a trip."""

from datetime import datetime
from typing import Annotated, ClassVar

from coachway.core.persistence.domain_events import Event
from coachway.core.schemas import BaseSchema
from coachway.core.types.personal import ERASED, Personal


class RecoveryOffer(BaseSchema):
    """The driver and vehicle of an offer to take over a trip, and its expiry."""

    offer_id: str
    driver_id: str
    driver_name: Annotated[str, Personal("driver")]
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
    driver_name: Annotated[str, Personal("driver")]
    vehicle_id: str
    vehicle_name: str
    reason: str


class RecoveryOpened(RecoveryEvent):
    """A trip's driver or vehicle is unavailable, and the search for a replacement begins."""

    TYPE: ClassVar[str] = "recovery.opened"

    notes: Annotated[str, Personal()]


class RecoveryOffered(RecoveryEvent):
    """A driver was asked to take over a trip."""

    TYPE: ClassVar[str] = "recovery.offered"

    offer: RecoveryOffer
    driver_phone: Annotated[str | None, Personal("driver")]
    """Phone number of the driver with the offer."""
    timezone: str
    pickup_at: datetime
    pickup: Annotated[str, Personal(blank=ERASED)]
    dropoff: Annotated[str, Personal(blank=ERASED)]


class RecoveryDeclined(RecoveryEvent):
    """The driver declined the offer, is no longer available, or did not answer in time."""

    TYPE: ClassVar[str] = "recovery.declined"

    offer: RecoveryOffer
    why: Annotated[str, Personal()]


class RecoveryCancelled(RecoveryEvent):
    """A replacement is no longer needed."""

    TYPE: ClassVar[str] = "recovery.cancelled"

    why: Annotated[str, Personal()]


class RecoveryEscalated(RecoveryEvent):
    """No replacement was found: the dispatcher must decide."""

    TYPE: ClassVar[str] = "recovery.escalated"

    why: Annotated[str, Personal()]
    asked: int
    """Number of drivers with an offer."""
    timezone: str
    pickup_at: datetime
    pickup: Annotated[str, Personal(blank=ERASED)]
    dropoff: Annotated[str, Personal(blank=ERASED)]


class RecoveryFailed(RecoveryEvent):
    """The workflow of a recovery failed."""

    TYPE: ClassVar[str] = "recovery.failed"

    state: str
    error: str


class TripRecovered(RecoveryEvent):
    """A replacement crew took over the trip."""

    TYPE: ClassVar[str] = "trip.recovered"

    replacement_id: str
    replacement_driver_id: str
    replacement_driver_name: Annotated[str, Personal("driver")]
    replacement_vehicle_id: str
    replacement_vehicle_name: str
    client_name: Annotated[str, Personal()]
    client_email: Annotated[str, Personal()]
    timezone: str
    pickup_at: datetime
    pickup: Annotated[str, Personal(blank=ERASED)]
    dropoff: Annotated[str, Personal(blank=ERASED)]
