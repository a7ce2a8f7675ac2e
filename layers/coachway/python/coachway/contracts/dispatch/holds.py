"""Events of holds."""

from datetime import datetime
from typing import ClassVar

from coachway.core.persistence.domain_events import Event


class _Hold(Event):
    """The hold, its charter and its vehicles."""

    hold_id: str
    charter_id: str
    number: str
    vehicle_ids: list[str]
    held_until: datetime


class VehiclesHeld(_Hold):
    """Vehicles are held for a charter."""

    TYPE: ClassVar[str] = "hold.placed"


class HoldExtended(_Hold):
    """A hold ends at another time."""

    TYPE: ClassVar[str] = "hold.extended"


class HoldEnded(_Hold):
    """A hold is over: `status` is `used`, `released` or `expired`."""

    TYPE: ClassVar[str] = "hold.ended"

    status: str
