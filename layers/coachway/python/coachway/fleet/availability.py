"""When drivers work: weekly hours and exceptions."""

from datetime import time, timedelta
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.datetimes import LocalTimeInput
from coachway.core.types.personal import Personal
from coachway.core.types.text import OptionalText
from coachway.pricing.rule_model import Weekday

AVAILABILITY_EXAMPLE: Final[dict[str, JsonValue]] = {
    "weekly": [{"weekday": "monday", "start_time": "05:00", "end_time": "22:00"}],
    "exceptions": [
        {
            "starts_at": "2027-03-01T00:00:00-05:00",
            "ends_at": "2027-03-08T00:00:00-05:00",
            "available": False,
            "reason": "vacation",
        }
    ],
}


class WeeklyHours(RequestSchema):
    """The hours that a driver works on a weekday, in the driver's time zone.

    An end that is not after the start is on the next day.
    """

    model_config = ConfigDict(frozen=True)

    weekday: Weekday
    start_time: time
    end_time: time

    @model_validator(mode="after")
    def _check_local_times(self) -> Self:
        if self.start_time.tzinfo is not None or self.end_time.tzinfo is not None:
            raise ValueError("start_time, end_time: must be local times without an offset")
        return self


class AvailabilityException(RequestSchema):
    """A period in which a driver is not available, or is available in addition to the weekly hours."""

    model_config = ConfigDict(frozen=True)

    starts_at: LocalTimeInput
    ends_at: LocalTimeInput
    available: bool = False
    reason: Annotated[OptionalText, Personal("driver")] = ""

    @model_validator(mode="after")
    def _check_period(self) -> Self:
        if not 2000 <= self.starts_at.year <= 2198:
            raise ValueError("starts_at: must be between the years 2000 and 2198")
        if not timedelta() < self.ends_at - self.starts_at <= timedelta(days=730):
            raise ValueError("ends_at: must be after starts_at and at most two years later")
        return self


class Availability(BaseSchema):
    """A driver's availability: weekly hours (always available if there are none) and exceptions.

    If exceptions overlap, the driver is not available.
    """

    weekly: list[WeeklyHours] = Field(default_factory=list, max_length=50)
    exceptions: list[AvailabilityException] = Field(default_factory=list, max_length=200)


class AvailabilityInput(RequestSchema, Availability):
    """A driver's availability as entered. A list that is omitted stays unchanged."""

    model_config = ConfigDict(json_schema_extra={"examples": [AVAILABILITY_EXAMPLE]})


class DriverAvailability(Availability):
    """A driver's availability. `version` is the version of the driver."""

    driver_id: str
    timezone: str
    version: int
