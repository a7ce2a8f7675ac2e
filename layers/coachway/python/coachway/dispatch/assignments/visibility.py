"""What drivers and vendors can see of assignments."""

from typing import Any

from coachway.core.caller import Caller
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import AssignmentStatus


def hide_restricted_fields(caller: Caller, assignment: Assignment) -> Assignment:
    """Return an assignment as the caller may see it.

    Drivers and vendors see the client's contact and the notes only while the trip is theirs: not after it was declined
    or released. The reason of a release is for staff; the driver reads `message_to_driver`.
    """
    if not caller.is_external or assignment.ended_at is None:
        return assignment
    changes: dict[str, Any] = {"contact_name": "", "contact_phone": None, "notes": ""}
    if assignment.status is AssignmentStatus.RELEASED:
        changes["reason"] = ""
    return assignment.model_copy(update=changes)
