"""The words of a charter that its assignments show to the driver: notes, the person to call, and addresses."""

from coachway.bookings.charters import booking_contact
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.clients.model import Client, Contact
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment


def join_notes(*notes: str) -> str:
    """Notes below each other."""
    return "\n".join(text for text in notes if text)


@retry_on_conflict
def update_assignments(caller: Caller, charter_id: str) -> None:
    """Take over the words of a charter into its assignments. Repeating it changes nothing.

    Only assignments of the current revision that have not ended: they have the same stops.
    """
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    if charter is None:
        return
    client, contact = booking_contact.load_people(charter)
    for assignment in repository.list_by_charter(caller.org_id, charter_id):
        if assignment.status.is_live and assignment.charter_revision == charter.revision_number:
            before = store.get(Assignment, assignment.key())
            after = _take_over_words(before, charter, client, contact)
            if after != before:
                store.commit(caller, Update(before, after))


def _take_over_words(
    assignment: Assignment, charter: Charter, client: Client | None, contact: Contact | None
) -> Assignment:
    contact_name, contact_phone = booking_contact.get_driver_contact(charter, client, contact)
    changes: dict[str, object] = {"contact_name": contact_name, "contact_phone": contact_phone}
    if assignment.own_notes is not None:
        changes["notes"] = join_notes(charter.notes, assignment.own_notes)
    if len(assignment.stops) == len(charter.stops):
        changes["stops"] = [
            stop.model_copy(update={"address": planned.address})
            for stop, planned in zip(assignment.stops, charter.stops, strict=True)
        ]
    return assignment.model_copy(update=changes)
