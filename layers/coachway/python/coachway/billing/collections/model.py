"""Collections (automatic card payments on the due date): records, access patterns and queries."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from coachway.billing.collections.rules import CollectionStatus
from coachway.bookings.charters.trip_model import ClientId
from coachway.core.persistence.records import AccessPattern, Entity, Key, stored_as
from coachway.core.schemas import BaseSchema, PageQuery
from coachway.core.types import ids
from coachway.core.types.datetimes import Day, sortable, sortable_hour
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import Personal
from coachway.core.workflows.failure import WorkflowFailure

CollectionId = Annotated[str, Field(pattern=ids.pattern("col"))]

COLLECTION = AccessPattern(
    "the collection of a charter or an invoice",
    pk="ORG#{org}#COLLECTION#{id}",
    sk="HEAD",
)
BY_MONTH = AccessPattern(
    "collections by the month in which they are due, latest first",
    index="gsi1",
    pk="ORG#{org}#COLLECTIONS#{month}",
    sk="{due}#{id}",
)
OF_CLIENT = AccessPattern(
    "collections of a client, latest due date first",
    index="gsi2",
    pk="ORG#{org}#COLLECTIONS_OF#{client}",
    sk="{due}#{id}",
)
FALLING_DUE = AccessPattern(
    "collections of all organizations by the hour in which they are announced or started, for the timer",
    index="gsi4",
    pk="COLLECTIONS_DUE#{hour}",
    sk="{due}#{id}",
)


class CollectionAttempt(BaseSchema):
    """An attempt to charge the card, with the ID of its payment."""

    payment_id: str
    amount: StoredAmount
    at: AwareDatetime
    failure: Annotated[str, Field(description="Why the attempt failed. Empty while its outcome is unknown.")] = ""


class Collection(Entity):
    """A collection charges a client's saved card when an instalment of a charter or an invoice is due.

    An email announces amount and date some days before. No more than the announced amount is charged.
    """

    KIND: ClassVar[str] = "collection"

    client_id: str
    charter_id: str | None = None
    invoice_id: str | None = None
    number: str = ""
    due_on: Day
    due_at: Annotated[
        AwareDatetime, Field(description="Start of the due date in the charter's or organization's time zone.")
    ]
    status: CollectionStatus = CollectionStatus.PLANNED
    announce_at: Annotated[
        AwareDatetime | None, Field(description="When an email announces the amount and the date.")
    ] = None
    announced_amount: Annotated[
        StoredAmount,
        Field(description="The most that is charged. 0 if the client has not agreed to charges of a saved card."),
    ] = 0
    charge_at: Annotated[AwareDatetime | None, Field(description="The announced time of the charge.")] = None
    round: Annotated[int, Field(description="Number of times the collection was started.")] = 0
    attempts: Annotated[list[CollectionAttempt], stored_as("tries", "attempts")] = Field(default_factory=list)
    reason: Annotated[str, Field(description="Why the collection failed."), Personal()] = ""
    failure: Annotated[WorkflowFailure | None, Field(description="Failure of the workflow, if any.")] = None

    @property
    def next_step_at(self) -> datetime | None:
        """The time at which the timer announces or starts the collection."""
        if self.status is CollectionStatus.PLANNED:
            return self.announce_at or self.due_at
        return self.charge_at if self.status is CollectionStatus.ANNOUNCED else None

    def key(self) -> Key:
        return COLLECTION.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        due_key = sortable(self.due_at)
        keys = {
            "gsi1": BY_MONTH.key(org=self.org_id, month=due_key[:7], due=due_key, id=self.id),
            "gsi2": OF_CLIENT.key(org=self.org_id, client=self.client_id, due=due_key, id=self.id),
        }
        if self.next_step_at is not None:
            hour, due = sortable_hour(self.next_step_at), sortable(self.next_step_at)
            keys["gsi4"] = FALLING_DUE.key(hour=hour, due=due, id=self.id)
        return keys

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status.value, "client_id": self.client_id}


class CollectionQuery(PageQuery):
    """Filters of the list of collections."""

    client_id: ClientId | None = None
    status: CollectionStatus | None = None


def derive_collection_id(subject_id: str) -> str:
    """Return the id of the collection of a charter or an invoice."""
    return ids.from_bytes("col", ids.to_bytes(subject_id))
