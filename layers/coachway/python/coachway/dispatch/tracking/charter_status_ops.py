"""Update the charter from its vehicles: in progress with the first departure, completed with the last drop-off."""

from typing import Final

from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import CharterStatus
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
    """Another vehicle of the charter reached its last stop at the same moment."""

    def __init__(self) -> None:
        super().__init__("Another vehicle of this charter reached its last stop at the same time. Retry.")


def start_charter_ops(caller: Caller, charter: Charter, assignment: Assignment) -> list[Op]:
    """Return the operations that start a charter when one of its vehicles departs.

    Empty if the charter has started already, or is not confirmed yet: a departure does not confirm it. They fail with
    ConcurrentUpdate.
    """
    if charter.status is not CharterStatus.CONFIRMED:
        return []
    # Imported here: it imports pricing, which readers need not load at a cold start.
    from coachway.bookings.charters import lifecycle

    return lifecycle.start_ops(caller, charter, f"vehicle {assignment.vehicle_number} left its first stop")


def complete_charter_ops(caller: Caller, charter: Charter, assignment: Assignment) -> list[Op]:
    """Return the operations that count this vehicle's last drop-off, and complete the charter with the last one.

    When two vehicles reach their last stops at the same time, one of the commits fails with DropOffCountChanged and is
    repeated.
    """
    key = DROPPED.key(org=charter.org_id, charter=charter.id)
    diary_ops = diaries.complete_block_ops(charter.org_id, assignment.resources)
    if charter.status is not CharterStatus.IN_PROGRESS:
        return [IncrementCounters(key, {"n": 1}, _KIND), *diary_ops]
    vehicle_count = charter.vehicle_count
    if store.get_counters(key).get("n", 0) + 1 < vehicle_count:
        return [
            IncrementCounters(key, {"n": 1}, _KIND, at_most={"n": vehicle_count - 1}, on_failure=DropOffCountChanged()),
            *diary_ops,
        ]
    count_op = IncrementCounters(key, {"n": 1}, _KIND, at_least={"n": vehicle_count}, on_failure=DropOffCountChanged())
    reason = f"vehicle {assignment.vehicle_number} reached its last stop"
    from coachway.bookings.charters import lifecycle

    return [count_op, *lifecycle.complete_ops(caller, charter, reason), *diary_ops]


def get_charter(assignment: Assignment) -> Charter:
    """Get the charter of an assignment. One read."""
    return store.get(Charter, CHARTER.key(org=assignment.org_id, id=assignment.charter_id))
