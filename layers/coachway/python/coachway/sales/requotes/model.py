"""The annual re-quote of a trip: a record beside its charter, indexed by the hour in which it is due."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import AwareDatetime

from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.types.datetimes import sortable, sortable_hour

REQUOTE = AccessPattern("the annual re-quote of a trip", pk="ORG#{org}#CHARTER#{charter}", sk="REQUOTE")
DUE = AccessPattern(
    "annual re-quotes of all organizations by the hour in which they are due, for the timer",
    index="gsi1",
    pk="REQUOTES_DUE#{hour}",
    sk="{due}#{charter}",
)


class Requote(Record):
    """The annual re-quote of a completed trip. `due` is None once it has been decided on."""

    KIND: ClassVar[str] = "requote"

    org_id: str
    charter_id: str
    due: AwareDatetime | None

    def key(self) -> Key:
        return REQUOTE.key(org=self.org_id, charter=self.charter_id)

    def indexes(self) -> Mapping[str, Key]:
        if self.due is None:
            return {}
        due = sortable(self.due)
        return {"gsi1": DUE.key(hour=sortable_hour(self.due), due=due, charter=self.charter_id)}
