"""A counter of the open assignments of a driver or vehicle, which can be deleted or deactivated only at zero.

Dispatch, which depends on fleet, counts assignments here: `increment_op` in the transaction that creates one,
`decrement_op` in the one that ends or releases it. `require_no_open_assignments_op` is the condition for deletion. An
assignment that is created at the same moment fails: its transaction checks the version of the driver or vehicle.
"""

from typing import Final

from coachway.core import errors
from coachway.core.persistence.operations import IncrementCounters, Op
from coachway.core.persistence.records import Key
from coachway.fleet.model import OPEN_ASSIGNMENTS

_KIND: Final = "fleet_jobs"


def increment_op(org_id: str, resource_id: str) -> Op:
    """The operation that counts an assignment to a driver or vehicle."""
    return IncrementCounters(_key(org_id, resource_id), {"n": 1}, _KIND)


def decrement_op(org_id: str, resource_id: str) -> Op:
    """The operation that subtracts an assignment that has ended or was released."""
    return IncrementCounters(_key(org_id, resource_id), {"n": -1}, _KIND, at_least={"n": 0})


class HasUpcomingTrips(errors.Conflict):
    """The driver or vehicle has trips that have not ended. Assign them to another one first."""

    code = "has_trips_ahead"
    title = "The driver or vehicle has upcoming trips"


def require_no_open_assignments_op(org_id: str, resource_id: str, *, resource_kind: str) -> Op:
    """The operation that fails while an assignment is open. `resource_kind` is `driver` or `vehicle`."""
    message = f"This {resource_kind} has upcoming trips. Assign them to another {resource_kind} first."
    conflict = HasUpcomingTrips(message)
    return IncrementCounters(_key(org_id, resource_id), {"n": 0}, _KIND, at_most={"n": 0}, on_failure=conflict)


def _key(org_id: str, resource_id: str) -> Key:
    return OPEN_ASSIGNMENTS.key(org=org_id, resource=resource_id)
