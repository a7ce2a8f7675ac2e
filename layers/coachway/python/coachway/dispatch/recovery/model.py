"""Recoveries as they are asked for and kept: a trip whose driver or vehicle fell out, and who was asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, ConfigDict, Field

from coachway.bookings.charters.model import CharterId
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import BaseSchema, Note, PageQuery, RequestSchema
from coachway.core.types import ids
from coachway.core.workflows.failure import FlowFailure
from coachway.dispatch.assignments.model import AssignmentId
from coachway.dispatch.matching.schemas import ConsideredDriver, ConsideredVehicle
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
    "the trips that a driver is asked to take over",
    index="gsi3",
    pk="ORG#{org}#OFFERED_TO#{driver}",
    sk="{id}",
)
MAX_CONSIDERED = 100
"""Drivers, and vehicles, that a recovery keeps an explanation of."""


class RecoveryInput(RequestSchema):
    """What fell out, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "assignment_id": "asg_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
                    "reason": "breakdown",
                    "notes": "Engine failure at the Cheesequake service area",
                }
            ]
        }
    )

    assignment_id: AssignmentId
    reason: RecoveryReason
    notes: Note = ""


class AnswerQuery(RequestSchema):
    """Which offer is answered. Who answers for somebody else names it: meanwhile another driver may be asked."""

    offer_id: Annotated[
        str | None, Field(pattern=ids.pattern("off"), description="left out: the one that waits for an answer")
    ] = None


class Offer(BaseSchema):
    """A driver who was asked to take over with a vehicle, and what they said."""

    id: str
    driver_id: str
    driver_name: str
    second_driver_id: str | None = None
    vehicle_id: str
    vehicle_name: str
    score: float | None = None
    status: OfferStatus = OfferStatus.OPEN
    offered_at: AwareDatetime
    expires_at: AwareDatetime
    answered_at: AwareDatetime | None = None
    reason: str = ""


class Recovery(Entity):
    """A trip whose driver or vehicle fell out. It stays theirs until somebody takes over."""

    KIND: ClassVar[str] = "recovery"

    charter_id: str
    charter_number: str
    vehicle_number: int
    assignment_id: str
    driver_id: str
    driver_name: str
    vehicle_id: str
    vehicle_name: str
    vendor_id: str | None = None
    timezone: str
    pickup_at: AwareDatetime
    pickup: str
    dropoff: str
    reason: RecoveryReason
    notes: str = ""
    status: RecoveryStatus = RecoveryStatus.SEARCHING
    status_reason: str = ""
    opened_by: str
    offers: list[Offer] = Field(default_factory=list)
    """Who was asked, one after the other."""
    considered: list[ConsideredDriver] = Field(default_factory=list)
    """When somebody was last looked for: every driver with a score, or with what was in the way."""
    vehicles: list[ConsideredVehicle] = Field(default_factory=list)
    """The same of vehicles."""
    replacement_id: Annotated[str | None, Field(description="the assignment of whoever took over")] = None
    ended_at: AwareDatetime | None = None
    failure: FlowFailure | None = None

    def key(self) -> Key:
        return RECOVERY.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        keys = {
            "gsi1": BY_MONTH.key(org=self.org_id, month=f"{ids.created_at_of(self.id):%Y-%m}", id=self.id),
            "gsi2": OF_CHARTER.key(org=self.org_id, charter=self.charter_id, id=self.id),
        }
        if self.offer is not None:
            keys["gsi3"] = OFFERED_TO.key(org=self.org_id, driver=self.offer.driver_id, id=self.id)
        return keys

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status.value}

    @property
    def offer(self) -> Offer | None:
        """The one that waits for an answer."""
        last = self.offers[-1] if self.offers else None
        return last if last is not None and last.status is OfferStatus.OPEN else None


class RecoveryQuery(PageQuery):
    """Which recoveries: of a charter, in a status. A driver sees what they are asked to take over."""

    charter_id: CharterId | None = None
    status: RecoveryStatus | None = None
