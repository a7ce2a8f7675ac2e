"""Events of assignments and of trips that are under way."""

from datetime import datetime
from typing import Annotated, ClassVar

from coachway.core.persistence.domain_events import Event
from coachway.core.types.personal import ERASED, Personal


class AssignmentEvent(Event):
    """Base of the events of an assignment: which assignment, its crew, vehicle and times."""

    assignment_id: str
    charter_id: str
    number: str
    vehicle_number: int
    driver_id: str
    driver_name: Annotated[str, Personal("driver")]
    driver_phone: Annotated[str | None, Personal("driver")]
    driver_email: Annotated[str | None, Personal("driver")]
    second_driver_id: str | None = None
    second_driver_name: Annotated[str | None, Personal("driver")] = None
    second_driver_phone: Annotated[str | None, Personal("driver")] = None
    vehicle_id: str
    vehicle_name: str
    vendor_id: str | None = None
    timezone: str
    starts_at: datetime
    """The start of the duty."""
    spot_at: datetime | None = None
    """When the vehicle must stand at the first stop, if that is before the departure."""
    pickup_at: datetime
    pickup: Annotated[str, Personal(blank=ERASED)]
    dropoff: Annotated[str, Personal(blank=ERASED)]


class AssignmentOffered(AssignmentEvent):
    """A driver and a vehicle were assigned to a trip; the driver has not answered yet."""

    TYPE: ClassVar[str] = "assignment.offered"

    chosen_by: str
    """`person`, or `score` when the driver was chosen automatically."""


class AssignmentAccepted(AssignmentEvent):
    """The driver accepted."""

    TYPE: ClassVar[str] = "assignment.accepted"


class AssignmentReminderSent(AssignmentEvent):
    """The drivers are reminded of a trip in the evening before it. `is_accepted` is false if they have not answered."""

    TYPE: ClassVar[str] = "assignment.reminder_sent"

    is_accepted: bool
    contact_name: Annotated[str, Personal()] = ""
    contact_phone: Annotated[str | None, Personal()] = None


class AssignmentDeclined(AssignmentEvent):
    """The driver declined: the trip needs another driver."""

    TYPE: ClassVar[str] = "assignment.declined"

    reason: Annotated[str, Personal()]
    declined_by: str | None = None
    """The driver who declined; None when staff did so on their behalf."""


class AssignmentReleased(AssignmentEvent):
    """The driver and the vehicle were released from the trip."""

    TYPE: ClassVar[str] = "assignment.released"

    reason: Annotated[str, Personal()]
    message_to_driver: Annotated[str, Personal()] = ""


class AssignmentAtRisk(AssignmentEvent):
    """A change after the assignment was created prevents it, such as a driver's absence."""

    TYPE: ClassVar[str] = "assignment.endangered"

    reason: Annotated[str, Personal()]


class AssignmentCheckedIn(AssignmentEvent):
    """The driver checked in."""

    TYPE: ClassVar[str] = "assignment.checked_in"

    at: datetime


class AssignmentCheckInUndone(AssignmentEvent):
    """The driver checked in by mistake; they are not on duty."""

    TYPE: ClassVar[str] = "assignment.check_in_undone"

    checked_in_at: datetime


class AssignmentCheckedOut(AssignmentEvent):
    """The driver checked out."""

    TYPE: ClassVar[str] = "assignment.checked_out"

    at: datetime


class TripDeparted(AssignmentEvent):
    """The vehicle left a stop. Waiting time beyond the plan and the free wait is billable."""

    TYPE: ClassVar[str] = "trip.departed"

    stop: int
    """The number of the stop, counted from 0."""
    address: Annotated[str, Personal(blank=ERASED)]
    at: datetime
    planned_at: datetime | None
    late_minutes: int | None
    dwell_minutes: int | None
    billable_minutes: int | None


class TripArrived(AssignmentEvent):
    """The vehicle arrived at a stop. Arriving at the last stop ends the trip."""

    TYPE: ClassVar[str] = "trip.arrived"

    stop: int
    """The number of the stop, counted from 0."""
    address: Annotated[str, Personal(blank=ERASED)]
    at: datetime
    planned_at: datetime | None
    is_last: bool


class TripLateRisk(AssignmentEvent):
    """The vehicle is expected at least 15 minutes late; sent once for every 15 minutes of delay."""

    TYPE: ClassVar[str] = "trip.late_risk"

    minutes: int
    stop: int
    address: Annotated[str, Personal(blank=ERASED)]
    planned_at: datetime
    expected_at: datetime | None
    """None when the vehicle is late already and its position is unknown."""


class TripNotStarted(AssignmentEvent):
    """The driver has not checked in on time."""

    TYPE: ClassVar[str] = "trip.unstarted"

    minutes: int
    """Minutes since the planned start of the duty."""


class TripHoursExceeded(AssignmentEvent):
    """The driver is driving beyond a limit of the hours-of-service rules."""

    TYPE: ClassVar[str] = "trip.hours_exceeded"

    since: datetime
    """The time at which the driver should have stopped driving."""


class TripDocumentsMissing(AssignmentEvent):
    """The vehicle departed although a driver, the vehicle or compliance documents are not in order."""

    TYPE: ClassVar[str] = "trip.papers_lacking"

    reasons: list[str]
