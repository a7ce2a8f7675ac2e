"""What drivers and vendors can see of assignments."""

from coachway.core.caller import Caller
from coachway.dispatch.assignments.model import Assignment


def hide_client_data(caller: Caller, assignment: Assignment) -> Assignment:
    """Return an assignment as the caller may see it.

    Drivers and vendors see the client's contact and the notes only while the trip is theirs: not after it was declined
    or released.
    """
    if not caller.is_external or assignment.ended_at is None:
        return assignment
    return assignment.model_copy(update={"contact_name": "", "contact_phone": None, "notes": ""})
