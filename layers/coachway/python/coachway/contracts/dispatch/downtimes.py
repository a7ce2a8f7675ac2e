"""Events of vehicles' downtimes."""

from datetime import date
from typing import ClassVar

from coachway.core.persistence.domain_events import Event


class _Downtime(Event):
    """The vehicle and the days, both included, in the organization's time zone."""

    downtime_id: str
    vehicle_id: str
    downtime_type: str
    first_day: date
    last_day: date


class VehicleDowntimeAdded(_Downtime):
    """A vehicle cannot run trips on some days."""

    TYPE: ClassVar[str] = "vehicle.downtime_added"


class VehicleDowntimeUpdated(_Downtime):
    """The days or the reason of a downtime were changed."""

    TYPE: ClassVar[str] = "vehicle.downtime_updated"


class VehicleDowntimeRemoved(_Downtime):
    """A downtime was removed: the vehicle can run trips on these days."""

    TYPE: ClassVar[str] = "vehicle.downtime_removed"
