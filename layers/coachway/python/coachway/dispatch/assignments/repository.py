"""Find assignments by id or by charter."""

from collections.abc import Iterable

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.records import Key
from coachway.core.store import BatchResult
from coachway.dispatch.assignments.model import ASSIGNMENT, OF_CHARTER, Assignment

_MAX_OF_CHARTER = 1000
_BATCH_SIZE = 100


def assignment_key(org_id: str, assignment_id: str) -> Key:
    """Return the key of an assignment."""
    return ASSIGNMENT.key(org=org_id, id=assignment_id)


def get_assignment(caller: Caller, assignment_id: str, *, expected: int | None = None) -> Assignment:
    """Get an assignment.

    Raises NotFound, also when an external user may not see it, and PreconditionFailed when `expected` is not its
    version.
    """
    assignment = store.get(Assignment, assignment_key(caller.org_id, assignment_id), expected=expected)
    if not can_see_assignment(caller, assignment):
        raise errors.NotFound("The assignment was not found.")
    return assignment


def can_see_assignment(caller: Caller, assignment: Assignment) -> bool:
    """Whether a caller may see an assignment: staff see all, drivers and vendors see their own."""
    if not caller.is_external:
        return True
    if caller.role == "driver":
        return caller.party_id in assignment.crew
    return caller.role == "vendor" and assignment.vendor_id == caller.party_id


def list_by_charter(org_id: str, charter_id: str) -> list[Assignment]:
    """List all assignments that a charter ever had, oldest first. Reads an index, which may lag."""
    partition = OF_CHARTER.partition(org=org_id, charter=charter_id)
    return query_all(Assignment, partition, index=OF_CHARTER.index, limit=_MAX_OF_CHARTER)


def find_by_ids(org_id: str, assignment_ids: Iterable[str]) -> dict[str, Assignment]:
    """Find assignments by id. Without ids, nothing is read."""
    batch = batch_get_all([assignment_key(org_id, assignment_id) for assignment_id in sorted(assignment_ids)])
    assignments = (batch.find(Assignment, key) for key in batch.items)
    return {assignment.id: assignment for assignment in assignments if assignment is not None}


def batch_get_all(keys: Iterable[Key], loaded: BatchResult | None = None) -> BatchResult:
    """Load the items at any number of keys, except those that are `loaded` already. One read per 100."""
    stored = dict(loaded.items) if loaded is not None else {}
    missing = [key for key in dict.fromkeys(keys) if key not in stored]
    for start in range(0, len(missing), _BATCH_SIZE):
        stored |= store.batch_get(missing[start : start + _BATCH_SIZE]).items
    return BatchResult(stored)
