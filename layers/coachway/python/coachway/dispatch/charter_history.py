"""The history of a charter with that of its assignments: which driver and vehicle ran it, and since when."""

from typing import Final

from coachway.bookings.charters import queries as charter_queries
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import HistoryEntry
from coachway.dispatch.assignments import repository
from coachway.identity.actor_names import add_actor_names

_CONTACT_FIELDS: Final = frozenset({"driver_phone", "driver_email", "second_driver_phone", "second_driver_email"})


def get_charter_history(caller: Caller, charter_id: str) -> list[HistoryEntry]:
    """Get the history of a charter and its assignments, oldest first. One query each. Raises NotFound."""
    entries = charter_queries.get_history(caller, charter_id)
    for assignment in repository.list_by_charter(caller.org_id, charter_id):
        entries += [_hide_contacts(entry) for entry in store.list_history(assignment.key())]
    return add_actor_names(caller.org_id, sorted(entries, key=lambda entry: entry.event_id))


def _hide_contacts(entry: HistoryEntry) -> HistoryEntry:
    data = {name: value for name, value in entry.data.items() if name not in _CONTACT_FIELDS}
    return entry.model_copy(update={"data": data})
