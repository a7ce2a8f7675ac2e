"""How many jobs of a driver or vehicle are not over: nobody leaves the fleet with work ahead.

Whoever plans jobs stands above and counts them here: `taken` in the transaction that gives a driver or vehicle a job,
`done` in the one that ends it or takes it away. `none` is the condition of leaving. A job given at the same moment
fails, because it requires the driver or vehicle as it was judged, and leaving changes it.
"""

from __future__ import annotations

from typing import Final

from coachway.core import errors
from coachway.core.persistence.operations import IncrementCounters, Op
from coachway.core.persistence.records import Key
from coachway.fleet.model import JOBS

_KIND: Final = "fleet_jobs"


def increment_op(org_id: str, resource_id: str) -> Op:
    """The op that counts a job given to a driver or vehicle."""
    return IncrementCounters(_key(org_id, resource_id), {"n": 1}, _KIND)


def decrement_op(org_id: str, resource_id: str) -> Op:
    """The op that counts a job that is over, or was taken away."""
    return IncrementCounters(_key(org_id, resource_id), {"n": -1}, _KIND, at_least={"n": 0})


class HasTripsAhead(errors.Conflict):
    """The driver or vehicle has trips that are not over. Assign them to another one first."""

    code = "has_trips_ahead"
    title = "The driver or vehicle has trips ahead"


def require_no_jobs(org_id: str, resource_id: str, *, what: str) -> Op:
    """The op that fails while there is a job that is not over; `what` is called so: driver, vehicle."""
    busy = HasTripsAhead(f"This {what} has trips ahead. Assign them to another {what} first.")
    return IncrementCounters(_key(org_id, resource_id), {"n": 0}, _KIND, at_most={"n": 0}, otherwise=busy)


def _key(org_id: str, resource_id: str) -> Key:
    return JOBS.key(org=org_id, resource=resource_id)
