"""Records and requests of recoveries."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, ConfigDict, Field

from coachway.bookings.charters.model import CharterId
from coachway.core.persistence.records import AccessPattern, Entity, Key, stored_as
from coachway.core.schemas import BaseSchema, PageQuery, RequestSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import LocalTime
from coachway.core.types.personal import ERASED, Personal
from coachway.core.types.text import Note, ShortNote
from coachway.core.workflows.failure import WorkflowFailure
from coachway.dispatch.assignments.model import AssignmentId
from coachway.dispatch.matching.schemas import EvaluatedDriver, EvaluatedVehicle
from coachway.dispatch.recovery.rules import OfferStatus, RecoveryReason, RecoveryStatus

RecoveryId = Annotated[str, Field(pattern=ids.pattern("rcv"))]

RECOVERY = AccessPattern("a recovery", pk="ORG#{org}#RECOVERY#{id}", sk="HEAD")
BY_MONTH = AccessPattern(
    "recoveries, newest first, by the month they were opened",
    index="gsi1",
    pk="ORG#{org}#RECOVERIES#{month}",
    sk="{id}",
)
OF_CHARTER = AccessPattern(
    "the recoveries of a charter, newest first",
    index="gsi2",
    pk="ORG#{org}#RECOVERIES_OF#{charter}",
    sk="{id}",
)
OFFERED_TO = AccessPattern(
    "the recoveries that wait for a driver's answer",
    index="gsi3",
    pk="ORG#{org}#OFFERED_TO#{driver}",
    sk="{id}",
)
MAX_CONSIDERED = 100
"""The most drivers, and the most vehicles, that a recovery stores an evaluation of."""


class RecoveryInput(RequestSchema):
    """Open a recovery of an assignment, with the reason."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "assignment_id": "asg_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
                    "reason": "breakdown",
                    "notes": "The third breakdown this month",
                    "message_to_driver": "The passengers wait at the Cheesequake service area",
                }
            ]
        }
    )

    assignment_id: AssignmentId
    reason: RecoveryReason
    notes: Annotated[Note, Field(description="For staff. Drivers do not see them.")] = ""
    message_to_driver: Annotated[
        ShortNote,
        Field(description="For the drivers who are asked to take over. Added to the notes of the new assignment."),
    ] = ""


class AnswerQuery(RequestSchema):
    """Which offer is answered. Send it when answering on behalf of a driver."""

    offer_id: Annotated[
        str | None, Field(pattern=ids.pattern("off"), description="Defaults to the offer that waits for an answer.")
    ] = None


class Offer(BaseSchema):
    """An offer to a driver to take over with a vehicle, and the answer."""

    id: str
    driver_id: str
    driver_name: Annotated[str, Personal("driver")]
    second_driver_id: str | None = None
    vehicle_id: str
    vehicle_name: str
    score: float | None = None
    status: OfferStatus = OfferStatus.OPEN
    offered_at: AwareDatetime
    expires_at: AwareDatetime
    answered_at: AwareDatetime | None = None
    reason: Annotated[str, Personal()] = ""


class Recovery(Entity):
    """The search for a replacement crew. The original crew keeps the trip until a replacement accepts."""

    KIND: ClassVar[str] = "recovery"

    charter_id: str
    charter_number: str
    vehicle_number: int
    assignment_id: str
    driver_id: str
    driver_name: Annotated[str, Personal("driver")]
    vehicle_id: str
    vehicle_name: str
    vendor_id: str | None = None
    timezone: str
    pickup_at: LocalTime
    pickup: Annotated[str, Personal(blank=ERASED)]
    dropoff: Annotated[str, Personal(blank=ERASED)]
    reason: RecoveryReason
    notes: Annotated[str, Personal()] = ""
    message_to_driver: Annotated[str, Personal()] = ""
    status: RecoveryStatus = RecoveryStatus.SEARCHING
    status_reason: Annotated[str, Personal()] = ""
    opened_by: str
    offers: list[Offer] = Field(default_factory=list)
    """The offers made, one after the other."""
    drivers: Annotated[list[EvaluatedDriver], stored_as("considered", "drivers")] = Field(default_factory=list)
    """The latest evaluation: every driver with a score, or with the reasons why they cannot be assigned."""
    vehicles: list[EvaluatedVehicle] = Field(default_factory=list)
    """The same for vehicles."""
    replacement_id: Annotated[str | None, Field(description="The assignment of the crew that took over.")] = None
    ended_at: AwareDatetime | None = None
    failure: WorkflowFailure | None = None

    def key(self) -> Key:
        return RECOVERY.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        keys = {
            "gsi1": BY_MONTH.key(org=self.org_id, month=f"{ids.get_created_at(self.id):%Y-%m}", id=self.id),
            "gsi2": OF_CHARTER.key(org=self.org_id, charter=self.charter_id, id=self.id),
        }
        if self.offer is not None:
            keys["gsi3"] = OFFERED_TO.key(org=self.org_id, driver=self.offer.driver_id, id=self.id)
        return keys

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status.value}

    @property
    def offer(self) -> Offer | None:
        """The offer that waits for an answer."""
        last = self.offers[-1] if self.offers else None
        return last if last is not None and last.status is OfferStatus.OPEN else None


class RecoveryQuery(PageQuery):
    """Filter recoveries by charter and status. Drivers see those that wait for their answer."""

    charter_id: CharterId | None = None
    status: RecoveryStatus | None = None
