"""Views of a driver's hours of service."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from coachway.core.schemas import BaseSchema
from coachway.core.types.datetimes import LocalTime
from coachway.hours.model import DutyStatus, Segment

Hours = Annotated[float | None, Field(description="Hours; null when not known.")]


class UnknownPeriod(BaseSchema):
    """A gap in the driver's log, and its reason."""

    starts_at: LocalTime
    ends_at: LocalTime
    reason: str
    assignment_id: str | None = None


class WorkedDay(BaseSchema):
    """A driver's hours on one day, in the driver's time zone."""

    day: date
    driving_hours: float
    on_duty_hours: Annotated[float, Field(description="Includes driving.")]


class RegainedHours(BaseSchema):
    """Hours of the cycle that become available when an earlier day drops out of it."""

    available_at: LocalTime
    hours: float


class DriverHours(BaseSchema):
    """A driver's remaining hours. When the log has gaps, they are null and `unknown_periods` explains the gaps."""

    driver_id: str
    driver_name: str
    timezone: str
    as_of: AwareDatetime
    ruleset: str
    hours_status: Literal["known", "unknown"]
    unknown_periods: list[UnknownPeriod]
    status: Annotated[DutyStatus | None, Field(description="Current duty status, actual or planned.")]
    drive_hours_left: Hours
    duty_hours_left: Hours
    cycle_hours_left: Hours
    cycle_days: int
    cycle_hours: float
    may_drive_from: Annotated[
        LocalTime | None,
        Field(description="The earliest time at which the driver may drive, if they rest until then."),
    ]
    full_rest_ends_at: Annotated[
        LocalTime | None,
        Field(description="When a full rest would end if it began now; null when the driver is rested."),
    ]
    regained_hours: Annotated[
        list[RegainedHours], Field(description="Hours of the cycle that become available at the coming midnights.")
    ]
    days: list[WorkedDay]
    log: list[Segment]
    citations: list[str]
