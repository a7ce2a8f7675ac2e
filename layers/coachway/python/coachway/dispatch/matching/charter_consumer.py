"""Release the assignments of charters that are cancelled, deleted or changed."""

from collections.abc import Mapping
from typing import Final

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.retry import retry_on_conflict
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.rules import TRANSITIONS, AssignmentStatus
from coachway.dispatch.matching import assignment_lifecycle, reevaluation, trip_details


def release_charter(caller: Caller, charter_id: str, reason: str, *, before_revision: int | None = None) -> None:
    """Release every assignment of a charter that is not in progress.

    With `before_revision`, only the assignments of earlier revisions are released, however late the event arrives.
    """
    for assignment in repository.list_by_charter(caller.org_id, charter_id):
        if before_revision is None or assignment.charter_revision < before_revision:
            _release_assignment(caller, assignment.id, reason)


@retry_on_conflict
def _release_assignment(caller: Caller, assignment_id: str, reason: str) -> None:
    before = repository.get_assignment(caller, assignment_id)
    can_release = TRANSITIONS.allows(before.status, AssignmentStatus.RELEASED)
    if can_release and before.status is not AssignmentStatus.IN_PROGRESS:
        _, ops = assignment_lifecycle.end_ops(caller, before, AssignmentStatus.RELEASED, reason, message=f"{reason}.")
        store.commit(caller, *ops)


def on_charter_cancelled(caller: Caller, delivery: Delivery) -> None:
    """Release the assignments of a charter that was cancelled, deleted, or whose quote was not accepted."""
    reasons = {
        "charter.cancelled": "The charter was cancelled",
        "charter.deleted": "The charter was deleted",
        "quote.declined": "The client declined the quote",
        "quote.expired": "The quote expired",
    }
    release_charter(caller, delivery.aggregate_id, reasons[delivery.type])


def on_charter_modified(caller: Caller, delivery: Delivery) -> None:
    """Release the assignments of a revised charter: its times, places or vehicles may no longer fit the crew.

    If only words changed, the assignments take over its notes, contact and addresses.
    """
    if delivery.data.get("revised"):
        revision = int(delivery.data["revision_number"])
        release_charter(caller, delivery.aggregate_id, "The trip was changed", before_revision=revision)
    elif delivery.data.get("reworded"):
        trip_details.update_assignments(caller, delivery.aggregate_id)


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "charter.cancelled": on_charter_cancelled,
    "charter.deleted": on_charter_cancelled,
    "charter.modified": on_charter_modified,
    "quote.declined": on_charter_cancelled,
    "quote.expired": on_charter_cancelled,
    **reevaluation.CONSUMERS,
}
"""By event type. The queue receives these events and no others."""
