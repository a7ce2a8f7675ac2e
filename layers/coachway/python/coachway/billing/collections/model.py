"""What is collected by card when it is due: as it is kept and shown, and where it lies in the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from coachway.billing.collections.rules import CollectionStatus
from coachway.bookings.charters.model import ClientId
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import BaseSchema, PageQuery
from coachway.core.types import ids
from coachway.core.types.datetimes import Day, sortable
from coachway.core.types.money import Amount
from coachway.core.workflows.failure import FlowFailure

CollectionId = Annotated[str, Field(pattern=ids.pattern("col"))]

COLLECTION = AccessPattern(
    "what is collected for a charter or an invoice when it is due",
    pk="ORG#{org}#COLLECTION#{id}",
    sk="HEAD",
)
BY_MONTH = AccessPattern(
    "what is collected, by the month in which it is due, latest first",
    index="gsi1",
    pk="ORG#{org}#COLLECTIONS#{month}",
    sk="{due}#{id}",
)
OF_CLIENT = AccessPattern(
    "what is collected of a client, latest due first",
    index="gsi2",
    pk="ORG#{org}#COLLECTIONS_OF#{client}",
    sk="{due}#{id}",
)
FALLING_DUE = AccessPattern(
    "what will be collected by the hour in which it is due, of all organizations: only the timer reads it",
    index="gsi4",
    pk="COLLECTIONS_DUE#{hour}",
    sk="{due}#{id}",
)


class Try(BaseSchema):
    """A card that was charged, or was to be. `payment_id` names what became of it."""

    payment_id: str
    amount: Amount
    at: AwareDatetime
    failure: Annotated[str, Field(description="why it was not paid; empty while that is not known")] = ""


class Collection(Entity):
    """What is collected for one charter or one invoice: its id is made from that one's."""

    KIND: ClassVar[str] = "collection"

    client_id: str
    charter_id: str | None = None
    invoice_id: str | None = None
    number: str = ""
    due_on: Day
    due_at: Annotated[AwareDatetime, Field(description="the beginning of that day")]
    status: CollectionStatus = CollectionStatus.PLANNED
    round: Annotated[int, Field(description="how often collecting began")] = 0
    tries: list[Try] = Field(default_factory=list)
    reason: Annotated[str, Field(description="why it was given up")] = ""
    failure: Annotated[FlowFailure | None, Field(description="what keeps it from going on")] = None

    def key(self) -> Key:
        return COLLECTION.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        due = sortable(self.due_at)
        found = {
            "gsi1": BY_MONTH.key(org=self.org_id, month=due[:7], due=due, id=self.id),
            "gsi2": OF_CLIENT.key(org=self.org_id, client=self.client_id, due=due, id=self.id),
        }
        if self.status is CollectionStatus.PLANNED:
            found["gsi4"] = FALLING_DUE.key(hour=due[:13], due=due, id=self.id)
        return found

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status.value, "client_id": self.client_id}


class CollectionQuery(PageQuery):
    """Which: of a client, in a status. Latest due first, from a year ahead back."""

    client_id: ClientId | None = None
    status: CollectionStatus | None = None


def collection_id(subject_id: str) -> str:
    """The id of what is collected for a charter or an invoice."""
    return ids.from_bytes("col", ids.to_bytes(subject_id))
