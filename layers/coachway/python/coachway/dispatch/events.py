"""What happens to assignments, with what a message to the driver needs."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from coachway.core.events import Event


class Told(Event):
    """Which assignment, of whom, when. The base of what a driver is told of."""

    assignment_id: str
    charter_id: str
    number: str
    vehicle_number: int
    driver_id: str
    driver_name: str
    driver_phone: str | None
    driver_email: str | None
    second_driver_id: str | None = None
    second_driver_name: str | None = None
    second_driver_phone: str | None = None
    vehicle_id: str
    vehicle_name: str
    vendor_id: str | None = None
    timezone: str
    starts_at: datetime
    """The duty's start."""
    pickup_at: datetime
    pickup: str
    dropoff: str


class AssignmentOffered(Told):
    """A driver and a vehicle were given to a trip; the driver has not answered yet."""

    TYPE: ClassVar[str] = "assignment.offered"

    chosen_by: str
    """`person`, or `score` when the driver was chosen automatically."""


class AssignmentAccepted(Told):
    """The driver will drive."""

    TYPE: ClassVar[str] = "assignment.accepted"


class AssignmentDeclined(Told):
    """The driver will not drive: the trip needs another."""

    TYPE: ClassVar[str] = "assignment.declined"

    reason: str


class AssignmentReleased(Told):
    """The trip was taken off the driver and the vehicle."""

    TYPE: ClassVar[str] = "assignment.released"

    reason: str


class AssignmentsEndangered(Event):
    """Jobs that a driver or vehicle has ahead and cannot do as things stand: somebody must look at them."""

    TYPE: ClassVar[str] = "assignment.endangered"

    resource_id: str
    name: str
    reason: str
    assignment_ids: list[str] = Field(default_factory=list)
    numbers: list[str] = Field(default_factory=list)
