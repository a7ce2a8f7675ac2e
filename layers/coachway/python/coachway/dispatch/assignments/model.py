"""Records of assignments, and their access patterns."""

from collections.abc import Mapping
from datetime import UTC
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, model_validator

from coachway.bookings.charters.trip_model import StopType
from coachway.core.persistence.records import AccessPattern, Entity, Key, stored_as
from coachway.core.schemas import BaseSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import LocalTime, sortable
from coachway.core.types.geo import Coordinates
from coachway.core.types.personal import ERASED, Personal
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.hours.model import Segment

AssignmentId = Annotated[str, Field(pattern=ids.pattern("asg"))]

ASSIGNMENT = AccessPattern("an assignment", pk="ORG#{org}#ASSIGNMENT#{id}", sk="HEAD")
OF_CHARTER = AccessPattern(
    "the assignments of a charter, oldest first",
    index="gsi1",
    pk="ORG#{org}#ASSIGNMENTS_OF#{charter}",
    sk="{id}",
)
OF_DRIVER = AccessPattern(
    "the assignments of a driver, soonest first, partitioned by start month",
    index="gsi2",
    pk="ORG#{org}#ASSIGNMENTS_OF#{driver}#{month}",
    sk="{starts}#{id}",
)
BY_DAY = AccessPattern(
    "assignments by start day, soonest first, partitioned by month",
    index="gsi3",
    pk="ORG#{org}#ASSIGNMENTS#{month}",
    sk="{day}T{starts}#{id}",
)
OF_SECOND_DRIVER = AccessPattern(
    "the assignments of a second driver, soonest first, partitioned by start month",
    index="gsi4",
    pk="ORG#{org}#ASSIGNMENTS_SHARED_BY#{driver}#{month}",
    sk="{starts}#{id}",
)


class AssignmentStop(BaseSchema):
    """A stop of the trip, with planned and actual times."""

    stop_type: StopType
    address: Annotated[str, Personal(blank=ERASED)]
    latitude: Annotated[float | None, Personal()] = None
    longitude: Annotated[float | None, Personal()] = None
    timezone: str
    arrival: LocalTime | None = None
    departure: LocalTime | None = None
    arrived_at: LocalTime | None = None
    departed_at: LocalTime | None = None
    reported_arrival_at: LocalTime | None = None
    """When a person says that the vehicle arrived. `arrived_at` is earlier if positions show it."""
    reported_departure_at: LocalTime | None = None
    dwell_minutes: int | None = None
    """Minutes between arrival and departure; None until both are known."""
    billable_minutes: int | None = None
    """The minutes beyond the free wait, which are billed."""

    @model_validator(mode="before")
    @classmethod
    def _keep_times_of_older_releases(cls, data: Any) -> Any:
        """Keep a time that an older release recorded as a reported one, which positions do not remove."""
        if isinstance(data, dict) and "reported_arrival_at" not in data and "reported_departure_at" not in data:
            reported = {
                "reported_arrival_at": data.get("arrived_at"),
                "reported_departure_at": data.get("departed_at"),
            }
            return {**data, **reported}
        return data

    @property
    def place(self) -> Coordinates | None:
        """Coordinates of the stop, if known."""
        if self.latitude is None or self.longitude is None:
            return None
        return Coordinates(self.latitude, self.longitude)


class Assignment(Entity):
    """A driver and a vehicle that run one of a charter's vehicles. Duty times are from garage to garage."""

    KIND: ClassVar[str] = "assignment"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"own_notes"})

    charter_id: str
    charter_number: str
    charter_revision: int = 1
    """The revision of the charter that was assigned; a later revision must be assigned again."""
    vehicle_number: Annotated[int, Field(description="Which of the charter's vehicles, counted from 1.")]
    client_id: str
    driver_id: str
    driver_name: Annotated[str, Personal("driver")]
    second_driver_id: str | None = None
    second_driver_name: Annotated[str | None, Personal("driver")] = None
    vehicle_id: str
    vehicle_name: str
    vehicle_class: str
    vendor_id: str | None = None
    status: AssignmentStatus = AssignmentStatus.OFFERED
    reason: Annotated[
        str, Field(description="Why it was declined or released. Only staff see the reason of a release."), Personal()
    ] = ""
    message_to_driver: Annotated[str, Field(description="What a released driver was told."), Personal()] = ""
    timezone: str
    passengers: Annotated[int, Field(description="Passengers in this vehicle.")]
    starts_at: LocalTime
    """When the crew reports for duty: for the inspection, or to leave the garage."""
    leaves_at: LocalTime | None = None
    """Leaving the garage, if an inspection comes before it."""
    spot_at: LocalTime | None = None
    """When the vehicle must stand at the first stop, if that is before the departure."""
    ends_at: LocalTime
    """The duty's end: back at the garage."""
    pickup_at: LocalTime
    dropoff_at: LocalTime
    stops: list[AssignmentStop]
    duty: list[Segment] = Field(default_factory=list)
    """The driver's planned duty from `starts_at` to `ends_at`, without gaps."""
    second_duty: list[Segment] = Field(default_factory=list)
    contact_name: Annotated[str, Personal()] = ""
    contact_phone: Annotated[str | None, Personal()] = None
    notes: Annotated[str, Personal()] = ""
    """The notes of the charter, and those of the assignment."""
    own_notes: Annotated[str | None, Personal()] = None
    """The part of `notes` that is not the charter's. None in assignments of an earlier release."""
    offered_at: AwareDatetime
    answered_at: AwareDatetime | None = None
    reminded_at: AwareDatetime | None = None
    """When its drivers were reminded of it."""
    checked_in_at: LocalTime | None = None
    checked_out_at: LocalTime | None = None
    ended_at: AwareDatetime | None = None
    """When the assignment was declined or released."""
    late_minutes: int | None = None
    risk_reason: Annotated[str, stored_as("concern", "risk_reason"), Personal()] = ""
    """Why the assignment cannot go ahead after a later change; empty if nothing is wrong."""
    document_problems: list[str] = Field(default_factory=list)
    """Documents of the organization that were not in order when the trip was assigned, each with the reason."""
    may_drive_until: LocalTime | None = None
    """The last moment at which the hours-of-service rules let a driver of the crew drive; None at a stop."""
    hours_exceeded_at: AwareDatetime | None = None
    recovery_id: str | None = None
    """The latest recovery of this assignment."""
    check_in_alarm_at: Annotated[AwareDatetime | None, stored_as("unstarted_at", "check_in_alarm_at")] = None
    """When the alarm was sent that the driver has not checked in."""

    def key(self) -> Key:
        return ASSIGNMENT.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        starts = sortable(self.starts_at)
        local_day = self.starts_at.astimezone(ZoneInfo(self.timezone)).date()
        when = {"month": f"{self.starts_at.astimezone(UTC):%Y-%m}", "starts": starts, "id": self.id}
        keys = {
            "gsi1": OF_CHARTER.key(org=self.org_id, charter=self.charter_id, id=self.id),
            "gsi2": OF_DRIVER.key(org=self.org_id, driver=self.driver_id, **when),
            "gsi3": BY_DAY.key(org=self.org_id, month=f"{local_day:%Y-%m}", day=local_day, starts=starts, id=self.id),
        }
        if self.second_driver_id is not None:
            keys["gsi4"] = OF_SECOND_DRIVER.key(org=self.org_id, driver=self.second_driver_id, **when)
        return keys

    def attributes(self) -> Mapping[str, str | int | bool]:
        named = {"status": self.status.value, "charter_id": self.charter_id, "driver_id": self.driver_id}
        vendor = {"vendor_id": self.vendor_id} if self.vendor_id is not None else {}
        return {**named, "vehicle_id": self.vehicle_id, **vendor}

    @property
    def crew(self) -> list[str]:
        """The ids of the drivers."""
        return [self.driver_id, *([self.second_driver_id] if self.second_driver_id else [])]

    @property
    def resources(self) -> list[str]:
        """The ids of the drivers and the vehicle; each has the assignment in its diary."""
        return [*self.crew, self.vehicle_id]
