"""Requests for assignments, and the result of an automatic assignment."""

from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from coachway.bookings.charters.model import CharterId
from coachway.core.persistence.records import stored_as
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.datetimes import LocalTime
from coachway.core.types.personal import Personal
from coachway.core.types.text import Note
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.matching.eligibility_reasons import Reason
from coachway.dispatch.matching.scoring import Score
from coachway.fleet.model import DriverId, VehicleId
from coachway.identity.model.organization import SpotMinutes

VehicleNumber = Annotated[
    int | None,
    Field(ge=1, le=100, description="Which of the charter's vehicles. Defaults to the first without a driver."),
]

SpotTime = Annotated[
    SpotMinutes | None,
    Field(
        description="How long before the departure this vehicle stands at the first stop. Defaults to the charter's."
    ),
]

ASSIGN_EXAMPLE: Final[dict[str, JsonValue]] = {
    "charter_id": "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "driver_id": "drv_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "vehicle_id": "veh_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
}


class AssignInput(RequestSchema):
    """Assign a driver and a vehicle to a charter."""

    model_config = ConfigDict(json_schema_extra={"examples": [ASSIGN_EXAMPLE]})

    charter_id: CharterId
    driver_id: DriverId
    vehicle_id: VehicleId
    second_driver_id: DriverId | None = None
    vehicle_number: VehicleNumber = None
    spot_minutes: SpotTime = None
    notes: Annotated[Note, Field(description="For the driver, in addition to the charter's notes.")] = ""

    @model_validator(mode="after")
    def _check_second_driver(self) -> Self:
        if self.second_driver_id == self.driver_id:
            raise ValueError("second_driver_id: must differ from driver_id")
        return self


class AutoAssignInput(RequestSchema):
    """Assign the best driver and vehicle to a charter."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"charter_id": ASSIGN_EXAMPLE["charter_id"]}]})

    charter_id: CharterId
    vehicle_number: VehicleNumber = None
    spot_minutes: SpotTime = None
    notes: Annotated[Note, Field(description="For the driver, in addition to the charter's notes.")] = ""


class EvaluatedDriver(BaseSchema):
    """An evaluated driver: a score, or every reason against the driver."""

    driver_id: str
    driver_name: Annotated[str, Personal("driver")]
    score: Annotated[float | None, Field(description="0 to 100; null when blocked.")] = None
    score_details: Annotated[Score | None, stored_as("parts", "score_details")] = None
    crew_positions: Annotated[
        list[int],
        stored_as("seats", "crew_positions"),
        Field(description="Positions that the driver can have in the crew: 1 for the first driver, 2 for the second."),
    ] = Field(default_factory=list)
    blocked_by: list[Reason] = Field(default_factory=list)
    earliest_legal_at: Annotated[
        LocalTime | None,
        Field(description="The earliest time at which the driver could legally start driving this trip."),
    ] = None


class EvaluatedVehicle(BaseSchema):
    """An evaluated vehicle: a score, or every reason against it."""

    vehicle_id: str
    vehicle_name: str
    score: Annotated[float | None, Field(description="0 to 100; null when blocked.")] = None
    spare_seats: int
    is_held: Annotated[bool, Field(description="Whether the vehicle is held for this charter, which it prefers.")] = (
        False
    )
    distance_miles: Annotated[float | None, Field(description="From its garage to the first pickup.")] = None
    blocked_by: list[Reason] = Field(default_factory=list)


class AutoAssignResult(BaseSchema):
    """The assignment, and the evaluation of drivers and vehicles: best first, blocked ones last."""

    timezone: Annotated[str, Field(description="Time zone of the trip.")]
    assignment: Assignment
    drivers: list[EvaluatedDriver]
    vehicles: list[EvaluatedVehicle]
