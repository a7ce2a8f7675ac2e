"""Downtimes of vehicles: requests, the stored record and its access patterns."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar, Final

from pydantic import ConfigDict, Field, JsonValue

from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import PageQuery, RequestSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import Day, LocalTime
from coachway.core.types.text import OptionalText
from coachway.dispatch.diaries.model import DowntimeType

DowntimeId = Annotated[str, Field(pattern=ids.pattern("dwn"))]
CalendarDay = Annotated[Day, Field(ge=date(2000, 1, 1), le=date(2198, 12, 31))]

DOWNTIME = AccessPattern("a downtime of a vehicle", pk="ORG#{org}#DOWNTIME#{id}", sk="HEAD")
OF_VEHICLE = AccessPattern(
    "the downtimes of a vehicle, by their last day",
    index="gsi1",
    pk="ORG#{org}#DOWNTIMES_OF#{vehicle}",
    sk="{last_day}#{id}",
)

DOWNTIME_EXAMPLE: Final[dict[str, JsonValue]] = {
    "first_day": "2097-03-08",
    "last_day": "2097-03-10",
    "downtime_type": "maintenance",
    "note": "Brakes, at the dealer",
}


class DowntimeInput(RequestSchema):
    """Days on which a vehicle cannot run trips, in the organization's time zone, both included."""

    model_config = ConfigDict(json_schema_extra={"examples": [DOWNTIME_EXAMPLE]})

    first_day: CalendarDay
    last_day: Annotated[CalendarDay, Field(description="At most 180 days, and not before yesterday.")]
    downtime_type: DowntimeType = DowntimeType.MAINTENANCE
    note: OptionalText = ""


class Downtime(Entity, DowntimeInput):
    """Days on which a vehicle cannot run trips. Its diary has the same times."""

    KIND: ClassVar[str] = "vehicle_downtime"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    vehicle_id: str
    timezone: str
    """The organization's time zone when the days were set."""
    starts_at: LocalTime
    """Midnight at the start of the first day."""
    ends_at: LocalTime
    """Midnight at the end of the last day."""

    def key(self) -> Key:
        return DOWNTIME.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        return {
            "gsi1": OF_VEHICLE.key(org=self.org_id, vehicle=self.vehicle_id, last_day=self.last_day, id=self.id),
        }


class DowntimeQuery(PageQuery):
    """Choose the day from which downtimes are listed. Defaults to today."""

    date_from: CalendarDay | None = None
