"""Operations on drivers and vehicles, for the transactions of other capabilities."""

from coachway.core import errors
from coachway.core.persistence.operations import CheckVersion, Op, Update
from coachway.fleet.model import Driver, Vehicle


def check_unchanged_op(resource: Driver | Vehicle) -> Op:
    """The operation that fails if a driver or vehicle was changed after it was read."""
    conflict = errors.ConcurrentUpdate(
        f"The {resource.KIND} was changed by another request. Read it again, then retry."
    )
    return CheckVersion(resource, conflict)


def set_rating_op(driver: Driver, rating: float) -> Op:
    """The operation that stores a driver's rating, which automatic assignment uses."""
    # Imported here so that functions that only assign work do not load the fleet's events.
    from coachway.contracts.fleet import DriverUpdated

    event = DriverUpdated(driver_id=driver.id, vendor_id=driver.vendor_id)
    return Update(driver, driver.model_copy(update={"rating": rating}), [event])
