"""What happens to assignments, with what a message to the driver needs."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from coachway.core.persistence.domain_events import Event


class AssignmentEvent(Event):
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


class AssignmentOffered(AssignmentEvent):
    """A driver and a vehicle were given to a trip; the driver has not answered yet."""

    TYPE: ClassVar[str] = "assignment.offered"

    chosen_by: str
    """`person`, or `score` when the driver was chosen automatically."""


class AssignmentAccepted(AssignmentEvent):
    """The driver will drive."""

    TYPE: ClassVar[str] = "assignment.accepted"


class AssignmentDeclined(AssignmentEvent):
    """The driver will not drive: the trip needs another."""

    TYPE: ClassVar[str] = "assignment.declined"

    reason: str
    declined_by: str | None = None
    """Which driver of the crew said so; none where staff said it for them."""


class AssignmentReleased(AssignmentEvent):
    """The trip was taken off the driver and the vehicle."""

    TYPE: ClassVar[str] = "assignment.released"

    reason: str


class AssignmentEndangered(AssignmentEvent):
    """Something changed after an assignment was made, and it cannot go ahead as things stand."""

    TYPE: ClassVar[str] = "assignment.endangered"

    reason: str


class AssignmentCheckedIn(AssignmentEvent):
    """The driver has reported for duty."""

    TYPE: ClassVar[str] = "assignment.checked_in"

    at: datetime


class AssignmentCheckedOut(AssignmentEvent):
    """The driver's duty is over."""

    TYPE: ClassVar[str] = "assignment.checked_out"

    at: datetime


class TripDeparted(AssignmentEvent):
    """The vehicle left a stop, counted from 0. Waiting is billed beyond what was planned and what is free."""

    TYPE: ClassVar[str] = "trip.departed"

    stop: int
    address: str
    at: datetime
    planned_at: datetime | None
    late_minutes: int | None
    dwell_minutes: int | None
    billable_minutes: int | None


class TripArrived(AssignmentEvent):
    """The vehicle came to a stop, counted from 0. At the last one the trip is over."""

    TYPE: ClassVar[str] = "trip.arrived"

    stop: int
    address: str
    at: datetime
    planned_at: datetime | None
    is_last: bool


class TripLateRisk(AssignmentEvent):
    """The vehicle is expected fifteen minutes late or more; told once for each quarter of an hour."""

    TYPE: ClassVar[str] = "trip.late_risk"

    minutes: int
    stop: int
    address: str
    planned_at: datetime
    expected_at: datetime | None
    """None where the vehicle's position is not known, and it is late already."""


class TripUnstarted(AssignmentEvent):
    """The driver should have reported for duty, and has not."""

    TYPE: ClassVar[str] = "trip.unstarted"

    minutes: int
    """Since the duty should have begun."""


class TripHoursExceeded(AssignmentEvent):
    """The driver drives on although the hours rules forbid it."""

    TYPE: ClassVar[str] = "trip.hours_exceeded"

    since: datetime
    """When driving had to end."""


class TripDocumentsMissing(AssignmentEvent):
    """The vehicle left though papers, driver or vehicle are not in order, as its position shows."""

    TYPE: ClassVar[str] = "trip.papers_lacking"

    reasons: list[str]
