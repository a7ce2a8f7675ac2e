"""Holds of vehicles: requests, the stored record and its access patterns."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import LocalTime, Timestamp, sortable, sortable_hour
from coachway.dispatch.holds.rules import HoldStatus
from coachway.fleet.model import VehicleId

HoldId = Annotated[str, Field(pattern=ids.pattern("hld"))]

HOLD = AccessPattern("a hold of vehicles", pk="ORG#{org}#HOLD#{id}", sk="HEAD")
OF_CHARTER = AccessPattern(
    "the holds of a charter, oldest first", index="gsi1", pk="ORG#{org}#HOLDS_OF#{charter}", sk="{id}"
)
DUE = AccessPattern(
    "active holds of all organizations by the hour in which they expire, for the timer",
    index="gsi2",
    pk="HOLDS_EXPIRING#{hour}",
    sk="{expires}#{id}",
)


def _require_unique(vehicle_ids: list[str]) -> list[str]:
    if len(set(vehicle_ids)) < len(vehicle_ids):
        raise ValueError("a vehicle is named twice")
    return vehicle_ids


class HoldInput(RequestSchema):
    """Vehicles of the organization's own fleet to hold for a charter."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"vehicle_ids": ["veh_01K3ZV8N6Y3T5G7H9J1M2P4R6S"]}]})

    vehicle_ids: Annotated[list[VehicleId], Field(min_length=1, max_length=5), AfterValidator(_require_unique)]
    held_until: Annotated[
        Timestamp | None,
        Field(
            description="Until when the vehicles are held; at most until the departure. Defaults to the time when the "
            "quote expires, to 72 hours for a quote that was not sent, and to the departure for a booked charter."
        ),
    ] = None


class HoldExtension(RequestSchema):
    """Another end of a hold."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"held_until": "2027-03-01T17:00:00Z"}]})

    held_until: Annotated[Timestamp, Field(description="In the future, and at most the departure of the trip.")]


class HeldVehicle(BaseSchema):
    """A vehicle that is held."""

    vehicle_id: str
    vehicle_name: str


class Hold(Entity):
    """Vehicles that no other charter can get while the hold is active and has not expired.

    The diaries of the vehicles have the same times, from garage to garage.
    """

    KIND: ClassVar[str] = "vehicle_hold"

    charter_id: str
    charter_number: str
    charter_revision: int
    vehicles: list[HeldVehicle]
    status: HoldStatus = HoldStatus.ACTIVE
    timezone: str
    starts_at: LocalTime
    ends_at: LocalTime
    departs_at: LocalTime
    """The departure of the trip, the latest time at which the hold expires."""
    held_until: AwareDatetime
    ended_at: AwareDatetime | None = None

    def key(self) -> Key:
        return HOLD.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        keys = {"gsi1": OF_CHARTER.key(org=self.org_id, charter=self.charter_id, id=self.id)}
        if self.status is HoldStatus.ACTIVE:
            hour, expires = sortable_hour(self.held_until), sortable(self.held_until)
            keys["gsi2"] = DUE.key(hour=hour, expires=expires, id=self.id)
        return keys
