"""The reminders of a trip: a record beside its charter, indexed by the hour of the next check."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import AwareDatetime

from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.types.datetimes import sortable, sortable_hour

REMINDERS = AccessPattern("the reminders of a trip", pk="ORG#{org}#CHARTER#{charter}", sk="REMINDERS")
DUE = AccessPattern(
    "reminders of the trips of all organizations by the hour of their next check, for the timer",
    index="gsi1",
    pk="TRIP_REMINDERS_DUE#{hour}",
    sk="{due}#{charter}",
)


class TripReminders(Record):
    """The reminders of a trip. `due` is the time of the next check; None after the last one."""

    KIND: ClassVar[str] = "trip_reminders"

    org_id: str
    charter_id: str
    due: AwareDatetime | None
    announced_assignments: list[str] | None = None
    """The assignments whose drivers the client was told; None before the client was reminded."""

    def key(self) -> Key:
        return REMINDERS.key(org=self.org_id, charter=self.charter_id)

    def indexes(self) -> Mapping[str, Key]:
        if self.due is None:
            return {}
        due = sortable(self.due)
        return {"gsi1": DUE.key(hour=sortable_hour(self.due), due=due, charter=self.charter_id)}
