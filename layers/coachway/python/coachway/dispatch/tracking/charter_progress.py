"""How a charter follows its vehicles: under way with the first departure, completed with the last drop-off."""

from __future__ import annotations

from typing import Final

from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import Status
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import IncrementCounters, Op
from coachway.core.persistence.records import AccessPattern
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.diaries import service as diaries

DROPPED = AccessPattern(
    "how many vehicles of a charter have completed their last drop-off (`n`)",
    pk="ORG#{org}#DROPPED#{charter}",
    sk="COUNT",
)
_KIND: Final = "dropped"


class DropOffCountChanged(errors.ConcurrentUpdate):
    """Another vehicle of the charter came to its last stop at the same moment."""

    def __init__(self) -> None:
        super().__init__("Another vehicle of this charter reached its last stop at the same moment. Retry.")


def start_charter_ops(caller: Caller, charter: Charter, assignment: Assignment) -> list[Op]:
    """The ops by which a charter is under way with this vehicle's departure; none when it is already.

    None either when it waits for other vehicles yet: what has left has left, and the charter is not confirmed by that.
    They fail with `lifecycle.ConcurrentUpdate`.
    """
    if charter.status is not Status.CONFIRMED:
        return []
    # Prices come with it, which those who only look do without at a cold start.
    from coachway.bookings.charters import lifecycle

    return lifecycle.start_ops(caller, charter, f"vehicle {assignment.vehicle_number} left its first stop")


def complete_charter_ops(caller: Caller, charter: Charter, assignment: Assignment) -> list[Op]:
    """The ops by which this vehicle has dropped its passengers off, and with the last one the charter is completed.

    Of two vehicles that come to their last stops at once, one counts the other. They fail with CountedMeanwhile.
    """
    key = DROPPED.key(org=charter.org_id, charter=charter.id)
    diary_ops = diaries.complete_block_ops(charter.org_id, assignment.resources)
    if charter.status is not Status.IN_PROGRESS:
        return [IncrementCounters(key, {"n": 1}, _KIND), *diary_ops]
    vehicle_count = charter.vehicle_count
    if store.get_counters(key).get("n", 0) + 1 < vehicle_count:
        return [
            IncrementCounters(key, {"n": 1}, _KIND, at_most={"n": vehicle_count - 1}, otherwise=DropOffCountChanged()),
            *diary_ops,
        ]
    count_op = IncrementCounters(key, {"n": 1}, _KIND, at_least={"n": vehicle_count}, otherwise=DropOffCountChanged())
    reason = f"vehicle {assignment.vehicle_number} came to its last stop"
    from coachway.bookings.charters import lifecycle

    return [count_op, *lifecycle.complete_ops(caller, charter, reason), *diary_ops]


def get_charter(assignment: Assignment) -> Charter:
    """The charter that a vehicle runs. One read."""
    return store.get(Charter, CHARTER.key(org=assignment.org_id, id=assignment.charter_id))
