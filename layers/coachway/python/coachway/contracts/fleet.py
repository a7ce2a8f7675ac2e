"""Events of drivers and vehicles."""

from typing import ClassVar

from coachway.core.persistence.domain_events import Event


class _Driver(Event):
    """The driver, and the vendor that employs them, if any."""

    driver_id: str
    vendor_id: str | None


class DriverAdded(_Driver):
    """A driver was created and can log in."""

    TYPE: ClassVar[str] = "driver.added"


class DriverUpdated(_Driver):
    """A driver was updated."""

    TYPE: ClassVar[str] = "driver.updated"


class DriverStatusChanged(_Driver):
    """A driver's status changed. Trips can be assigned to active drivers only."""

    TYPE: ClassVar[str] = "driver.status_changed"

    old_status: str
    new_status: str


class DriverAvailabilityChanged(_Driver):
    """A driver's availability changed."""

    TYPE: ClassVar[str] = "driver.availability_changed"


class DriverDeleted(_Driver):
    """A driver was deleted and can no longer log in."""

    TYPE: ClassVar[str] = "driver.deleted"


class _Vehicle(Event):
    """The vehicle, and the vendor that owns it, if any."""

    vehicle_id: str
    vehicle_class: str
    vendor_id: str | None


class VehicleAdded(_Vehicle):
    """A vehicle was created."""

    TYPE: ClassVar[str] = "vehicle.added"


class VehicleUpdated(_Vehicle):
    """A vehicle was updated."""

    TYPE: ClassVar[str] = "vehicle.updated"


class VehicleStatusChanged(_Vehicle):
    """A vehicle's status changed. Trips can be assigned to vehicles in service only."""

    TYPE: ClassVar[str] = "vehicle.status_changed"

    old_status: str
    new_status: str


class VehicleDeleted(_Vehicle):
    """A vehicle was deleted."""

    TYPE: ClassVar[str] = "vehicle.deleted"
