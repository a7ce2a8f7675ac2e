"""What happens to drivers and vehicles."""

from __future__ import annotations

from typing import ClassVar

from coachway.core.persistence.domain_events import Event


class _Driver(Event):
    """Which driver, and of which vendor, if any."""

    driver_id: str
    vendor_id: str | None


class DriverAdded(_Driver):
    """A driver was added, who can log in at once."""

    TYPE: ClassVar[str] = "driver.added"


class DriverUpdated(_Driver):
    """Something about a driver was changed."""

    TYPE: ClassVar[str] = "driver.updated"


class DriverStatusChanged(_Driver):
    """A driver may be given work again, or not any more."""

    TYPE: ClassVar[str] = "driver.status_changed"

    old_status: str
    new_status: str


class DriverAvailabilityChanged(_Driver):
    """A driver may be had at other times."""

    TYPE: ClassVar[str] = "driver.availability_changed"


class DriverDeleted(_Driver):
    """A driver was removed, and cannot log in any more."""

    TYPE: ClassVar[str] = "driver.deleted"


class _Vehicle(Event):
    """Which vehicle, and of which vendor, if any."""

    vehicle_id: str
    vehicle_class: str
    vendor_id: str | None


class VehicleAdded(_Vehicle):
    """A vehicle was added."""

    TYPE: ClassVar[str] = "vehicle.added"


class VehicleUpdated(_Vehicle):
    """Something about a vehicle was changed."""

    TYPE: ClassVar[str] = "vehicle.updated"


class VehicleStatusChanged(_Vehicle):
    """A vehicle may be given work again, or not any more."""

    TYPE: ClassVar[str] = "vehicle.status_changed"

    old_status: str
    new_status: str


class VehicleDeleted(_Vehicle):
    """A vehicle was removed."""

    TYPE: ClassVar[str] = "vehicle.deleted"
