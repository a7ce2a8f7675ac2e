"""Drivers and vehicles for dispatch: candidates for a trip, and version checks when a trip is assigned."""

from __future__ import annotations

from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.persistence.operations import CheckVersion, Op, Update
from coachway.fleet import shared
from coachway.fleet.model import Driver, DriverStatus, Vehicle, VehicleStatus


def list_drivers(caller: Caller) -> list[Driver]:
    """List all drivers who are not inactive.

    Reads an index, which may be behind: add `check_unchanged_op` to the transaction that assigns work.
    """
    statuses = [status for status in DriverStatus if status is not DriverStatus.INACTIVE]
    return [driver for status in statuses for driver in shared.list_in_status(caller, Driver, status)]


def list_vehicles(caller: Caller) -> list[Vehicle]:
    """List all vehicles that are not retired.

    Reads an index, which may be behind: add `check_unchanged_op` to the transaction that assigns work.
    """
    statuses = [status for status in VehicleStatus if status is not VehicleStatus.RETIRED]
    return [vehicle for status in statuses for vehicle in shared.list_in_status(caller, Vehicle, status)]


def check_unchanged_op(resource: Driver | Vehicle) -> Op:
    """The operation that fails if a driver or vehicle was changed after it was read."""
    conflict = errors.ConcurrentUpdate(f"The {resource.KIND} was changed in the meantime. Reload it and try again.")
    return CheckVersion(resource, conflict)


def set_rating_op(driver: Driver, rating: float) -> Op:
    """The operation that stores a driver's rating, which automatic assignment uses."""
    # Imported here so that functions that only assign work do not load the fleet's events.
    from coachway.contracts.fleet import DriverUpdated

    event = DriverUpdated(driver_id=driver.id, vendor_id=driver.vendor_id)
    return Update(driver, driver.model_copy(update={"rating": rating}), [event])
