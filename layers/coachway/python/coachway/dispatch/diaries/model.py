"""The weekly diary of a driver or vehicle: duty blocks and downtimes, which prevent double booking."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from coachway.core.persistence.records import AccessPattern, Key, Record, stored_as
from coachway.core.schemas import BaseSchema
from coachway.core.types.geo import Coordinates
from coachway.hours.model import Segment

DIARY = AccessPattern(
    "the duty blocks of a driver or vehicle in an ISO week (UTC)",
    pk="ORG#{org}#DIARY#{resource}",
    sk="{week}",
)


class DutyBlock(BaseSchema):
    """An assignment in a diary: its times, its first and last place, and for a driver, the planned duty."""

    assignment_id: str
    charter_id: str
    number: str
    starts_at: AwareDatetime
    """The start of the duty: the inspection, or leaving the garage."""
    leaves_at: AwareDatetime | None = None
    """Leaving the garage, if an inspection comes before it."""
    ends_at: AwareDatetime
    """Back at the garage."""
    pickup_at: AwareDatetime
    """When the vehicle must be at the first stop."""
    dropoff_at: AwareDatetime
    pickup_place: Annotated[Coordinates | None, stored_as("begins", "pickup_place")] = None
    """Where the first stop is."""
    dropoff_place: Annotated[Coordinates | None, stored_as("finishes", "dropoff_place")] = None
    """Where the last stop is."""
    duty: list[Segment] = Field(default_factory=list)
    """Empty for a vehicle."""


class DowntimeType(StrEnum):
    """Why a vehicle is down."""

    MAINTENANCE = "maintenance"
    REPAIR = "repair"
    INSPECTION = "inspection"
    ACCIDENT = "accident"
    OTHER = "other"


class DowntimeBlock(BaseSchema):
    """A downtime in the diary of a vehicle, which then has no trips."""

    downtime_id: str
    downtime_type: DowntimeType
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class HoldBlock(DutyBlock):
    """A hold in the diary of a vehicle. `assignment_id` is the id of the hold."""

    held_until: AwareDatetime


class DiaryPage(Record):
    """The duty blocks of one driver or vehicle that overlap one ISO week (UTC), soonest first, its downtimes and holds.

    A block that crosses the end of a week is on the pages of both weeks.
    """

    KIND: ClassVar[str] = "diary_page"

    org_id: str
    resource: str
    """The id of the driver or vehicle."""
    week: str
    """`2027-W09`."""
    blocks: Annotated[list[DutyBlock], stored_as("jobs", "blocks")] = Field(default_factory=list)
    downtimes: list[DowntimeBlock] = Field(default_factory=list)
    holds: list[HoldBlock] = Field(default_factory=list)

    def key(self) -> Key:
        return DIARY.key(org=self.org_id, resource=self.resource, week=self.week)
