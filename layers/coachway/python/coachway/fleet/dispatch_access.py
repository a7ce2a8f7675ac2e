"""Drivers and vehicles as those look at them who give them work: who may have some, and that nobody was changed."""

from __future__ import annotations

from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.persistence.operations import CheckVersion, Op, Update
from coachway.fleet import shared
from coachway.fleet.model import Driver, DriverStatus, Vehicle, VehicleStatus


def list_drivers(caller: Caller) -> list[Driver]:
    """All drivers but those who left, by an index: whoever gives them work makes `unchanged` a condition of it."""
    here = [each for each in DriverStatus if each is not DriverStatus.INACTIVE]
    return [driver for status in here for driver in shared.list_in_status(caller, Driver, status)]


def list_vehicles(caller: Caller) -> list[Vehicle]:
    """All vehicles but those retired, by an index: whoever gives them work makes `unchanged` a condition of it."""
    here = [each for each in VehicleStatus if each is not VehicleStatus.RETIRED]
    return [vehicle for status in here for vehicle in shared.list_in_status(caller, Vehicle, status)]


def check_unchanged_op(lent: Driver | Vehicle) -> Op:
    """The op that fails unless a driver or vehicle is still as it was when it was judged."""
    return CheckVersion(lent, errors.ConcurrentUpdate(f"the {lent.KIND} was changed by somebody else: look again"))


def set_rating_op(driver: Driver, rating: float) -> Op:
    """The op by which a driver has another rating, which automatic assignment looks at."""
    # Events of the fleet come with it, which those do without who only give it work.
    from coachway.contracts.fleet import DriverUpdated

    event = DriverUpdated(driver_id=driver.id, vendor_id=driver.vendor_id)
    return Update(driver, driver.model_copy(update={"rating": rating}), [event])
