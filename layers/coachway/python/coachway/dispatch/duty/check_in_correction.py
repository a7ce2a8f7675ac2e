"""Undo a check-in that was a mistake."""

from datetime import datetime, timedelta
from typing import Final

from coachway.contracts.dispatch.assignments import AssignmentCheckInUndone
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence import conditional_writes
from coachway.core.persistence.operations import Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.dispatch.assignments import event_payloads as assignment_event_payloads
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import TRANSITIONS, AssignmentStatus
from coachway.dispatch.duty.service import DutyInput
from coachway.dispatch.errors import DriverNotOnDuty, UndoTooLate
from coachway.dispatch.tracking import position_store

UNDO_LIMIT: Final = timedelta(minutes=15)
"""How long a driver can undo a check-in. Later, staff decide: it may have been time on duty (49 CFR 395.8)."""


def undo_check_in(caller: Caller, assignment_id: str, body: DutyInput) -> Assignment:
    """Undo a check-in: the driver is not on duty, and the positions since then are deleted.

    Repeating changes nothing, nor does a request from before the check-in, which was about an earlier one. Raises
    InvalidStatusTransition once the vehicle has left its first stop, and Conflict when it is too late.
    """
    result = _attempt_undo(caller, assignment_id, body.resolve_time(caller))
    if result.status is not AssignmentStatus.ACCEPTED:
        return result
    _delete_positions(result)
    return result


@retry_on_conflict
def _delete_positions(assignment: Assignment) -> None:
    """Delete all positions. Another request may delete them at the same time."""
    for page in position_store.list_pages(assignment.org_id, assignment.id):
        conditional_writes.delete_if_unchanged(page)


@retry_on_conflict
def _attempt_undo(caller: Caller, assignment_id: str, at: datetime) -> Assignment:
    before = repository.get_assignment(caller, assignment_id)
    if before.status is AssignmentStatus.ACCEPTED:
        return before
    TRANSITIONS.require(before.status, AssignmentStatus.ACCEPTED)
    if before.checked_in_at is None:
        raise DriverNotOnDuty("The driver has not checked in.")
    if at < before.checked_in_at:
        return before
    if caller.is_external and at - before.checked_in_at > UNDO_LIMIT:
        raise UndoTooLate("Call the dispatcher, who can undo it.")
    after = before.model_copy(
        update={
            "status": AssignmentStatus.ACCEPTED,
            "checked_in_at": None,
            "late_minutes": None,
            "may_drive_until": None,
            "stops": [
                stop.model_copy(
                    update={"arrived_at": stop.reported_arrival_at, "departed_at": stop.reported_departure_at}
                )
                for stop in before.stops
            ],
        }
    )
    event = AssignmentCheckInUndone(
        **assignment_event_payloads.assignment_event_fields(after), checked_in_at=before.checked_in_at
    )
    store.commit(caller, Update(before, after, [event]))
    return after
