"""Where the vehicles of a charter are, as staff see it, and as whoever holds a live link does."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from coachway.bookings.charters.model import StopType
from coachway.bookings.charters.rules import Status
from coachway.core.schemas import BaseSchema
from coachway.dispatch.assignments.rules import AssignmentStatus


class Position(BaseSchema):
    """Where a vehicle was seen last. `heading` in degrees from north, `accuracy_m` a radius."""

    latitude: float
    longitude: float
    speed_mph: int | None
    heading: int | None
    accuracy_m: int | None
    recorded_at: AwareDatetime


class StopTrack(BaseSchema):
    """A stop as it is planned, and as it comes. `eta` is null once it was reached, and where nobody can tell."""

    stop_type: StopType
    address: str
    latitude: float | None
    longitude: float | None
    timezone: str
    arrival: AwareDatetime | None
    departure: AwareDatetime | None
    eta: AwareDatetime | None
    arrived_at: AwareDatetime | None
    departed_at: AwareDatetime | None


class VehicleTrack(BaseSchema):
    """One vehicle. `next_stop` counts from 0; it is null when the trip is over, as `position` is off duty."""

    vehicle_number: int
    vehicle_name: str
    status: AssignmentStatus
    position: Position | None
    path: Annotated[list[Position], Field(description="the last five to ten minutes, oldest first")]
    next_stop: int | None
    eta: Annotated[AwareDatetime | None, Field(description="at the next stop")]
    late_minutes: Annotated[int | None, Field(description="at the next stop; 0: on time")]
    stops: list[StopTrack]


class OwnVehicleTrack(VehicleTrack):
    """The same, with whose it is."""

    assignment_id: str
    driver_id: str
    driver_name: str


class Track(BaseSchema):
    """What is told of the charter; of the first vehicle under way (or else the first) beside all of them."""

    number: str
    status: Status
    timezone: str
    position: Position | None
    next_stop: int | None
    eta: AwareDatetime | None
    stops: list[StopTrack]
    asked_at: AwareDatetime


class CharterTrack(Track):
    """Where a charter's vehicles are, for staff. Vehicles that have no driver yet are not among them."""

    charter_id: str
    vehicles: list[OwnVehicleTrack]


class SharedTrack(Track):
    """Where a charter's vehicles are, by a live link. `expires_at` is until when it opens."""

    carrier: str
    vehicles: list[VehicleTrack]
    expires_at: AwareDatetime
