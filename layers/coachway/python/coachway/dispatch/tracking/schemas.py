"""Positions of a charter's vehicles: for staff, and by tracking link."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from coachway.bookings.charters.rules import CharterStatus
from coachway.bookings.charters.trip_model import StopType
from coachway.core.schemas import BaseSchema
from coachway.core.types.datetimes import LocalTime
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.tracking.position_trust import UntrustedPosition


class Position(BaseSchema):
    """A position of a vehicle. `heading` is in degrees from north; `accuracy_m` is a radius in meters."""

    latitude: float
    longitude: float
    speed_mph: int | None
    heading: int | None
    accuracy_m: int | None
    recorded_at: AwareDatetime


class StopTrack(BaseSchema):
    """A stop with planned and actual times. `eta` is null once the stop was reached, or if it is unknown."""

    stop_type: StopType
    address: str
    latitude: float | None
    longitude: float | None
    timezone: str
    arrival: LocalTime | None
    departure: LocalTime | None
    eta: LocalTime | None
    arrived_at: LocalTime | None
    departed_at: LocalTime | None


class VehicleTrack(BaseSchema):
    """A vehicle of the charter.

    `next_stop` is counted from 0, and null when the trip is over. `position` is null when the driver is off duty.
    """

    vehicle_number: int
    vehicle_name: str
    status: AssignmentStatus
    position: Position | None
    has_moved: Annotated[bool, Field(description="Whether the vehicle has moved since its driver checked in.")] = False
    path: Annotated[list[Position], Field(description="Positions of the last five to ten minutes, oldest first.")]
    next_stop: int | None
    eta: Annotated[LocalTime | None, Field(description="Estimated arrival at the next stop.")]
    late_minutes: Annotated[int | None, Field(description="Delay at the next stop; 0 if on time.")]
    stops: list[StopTrack]


class OwnVehicleTrack(VehicleTrack):
    """A vehicle of the charter, with its assignment and driver."""

    assignment_id: str
    driver_id: str
    driver_name: str
    untrusted_positions: Annotated[
        list[UntrustedPosition],
        Field(description="Positions of the last ten minutes by which nothing is decided, oldest first."),
    ] = Field(default_factory=list)


class Track(BaseSchema):
    """The charter's status, and the position and stops of the first vehicle under way, or else of the first one."""

    number: str
    status: CharterStatus
    timezone: str
    position: Position | None
    next_stop: int | None
    eta: LocalTime | None
    stops: list[StopTrack]
    as_of: AwareDatetime


class CharterTrack(Track):
    """The positions of a charter's vehicles, for staff. Vehicles without a driver are not included."""

    charter_id: str
    vehicles: list[OwnVehicleTrack]


class SharedTrack(Track):
    """The positions of a charter's vehicles, by a tracking link that expires at `expires_at`."""

    carrier: str
    vehicles: list[VehicleTrack]
    expires_at: AwareDatetime
