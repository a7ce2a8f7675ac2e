"""Queries and responses of calendars."""

from datetime import date, timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.datetimes import Day, LocalTime
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.calendars.utilization import Utilization
from coachway.dispatch.diaries.model import DowntimeType
from coachway.fleet.model import VendorId

_DEFAULT_LENGTH: Final = timedelta(days=29)
_MAX_DAYS: Final = timedelta(days=92)
MAX_FLEET_DAYS: Final = timedelta(days=31)

CalendarKind = Literal["driver", "vehicle"]
_CalendarDay = Annotated[Day, Field(ge=date(2000, 1, 1), le=date(2198, 12, 31))]


class CalendarQuery(RequestSchema):
    """Choose the days, both included, in the calendar's time zone. Defaults to 30 days from today."""

    date_from: _CalendarDay | None = None
    date_to: _CalendarDay | None = None

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.date_from and self.date_to and not timedelta() <= self.date_to - self.date_from < _MAX_DAYS:
            raise ValueError(f"date_to: must not be before date_from, and the range is at most {_MAX_DAYS.days} days")
        return self

    def date_range(self, today: date) -> tuple[date, date]:
        """The first and the last day."""
        if self.date_from is None and self.date_to is not None:
            return self.date_to - _DEFAULT_LENGTH, self.date_to
        first = self.date_from or today
        return first, self.date_to or first + _DEFAULT_LENGTH


class ShortCalendarQuery(CalendarQuery):
    """Choose the days (at most 31), both included."""

    @model_validator(mode="after")
    def _check_length(self) -> Self:
        if self.date_from and self.date_to and self.date_to - self.date_from >= MAX_FLEET_DAYS:
            raise ValueError(f"date_to: the range is at most {MAX_FLEET_DAYS.days} days")
        return self


class FleetQuery(ShortCalendarQuery):
    """Choose the days (at most 31), and filter by drivers or vehicles, or by vendor."""

    kind: CalendarKind | None = None
    vendor_id: VendorId | None = None


class CalendarEntry(BaseSchema):
    """A trip in a calendar."""

    assignment_id: str
    charter_id: str
    number: str
    status: AssignmentStatus | None
    starts_at: LocalTime
    ends_at: LocalTime
    spot_at: LocalTime | None
    pickup_at: LocalTime | None
    dropoff_at: LocalTime | None
    pickup: str
    dropoff: str
    driver_id: str | None
    driver_name: str
    second_driver_id: str | None
    second_driver_name: str | None
    vehicle_id: str | None
    vehicle_name: str
    passengers: int | None


class UnavailablePeriod(BaseSchema):
    """A period in which a driver is unavailable."""

    starts_at: LocalTime
    ends_at: LocalTime


class CalendarDowntime(BaseSchema):
    """A downtime of a vehicle."""

    downtime_id: str
    downtime_type: DowntimeType
    starts_at: LocalTime
    ends_at: LocalTime


class CalendarHold(BaseSchema):
    """A tentative trip: the vehicle is held for a charter. It lasts from garage to garage."""

    hold_id: str
    charter_id: str
    number: str
    starts_at: LocalTime
    ends_at: LocalTime
    held_until: AwareDatetime


class Calendar(BaseSchema):
    """The calendar of a driver or vehicle. Entries last from leaving the garage until the return to it."""

    kind: CalendarKind
    id: str
    name: str
    status: str
    timezone: str
    date_from: date
    date_to: date
    entries: list[CalendarEntry]
    unavailable_periods: Annotated[
        list[UnavailablePeriod], Field(description="When the driver is unavailable; empty for a vehicle.")
    ]
    downtimes: Annotated[
        list[CalendarDowntime], Field(description="When the vehicle is down, soonest first; empty for a driver.")
    ]
    holds: Annotated[
        list[CalendarHold],
        Field(description="Charters that the vehicle is held for and not assigned to, soonest first."),
    ]
    utilization: Utilization


class CalendarAssignment(BaseSchema):
    """A trip in the calendar of the fleet."""

    assignment_id: str
    charter_id: str
    number: str
    starts_at: LocalTime
    ends_at: LocalTime


class FleetRow(BaseSchema):
    """A driver or vehicle in the fleet's calendar."""

    kind: CalendarKind
    id: str
    name: str
    status: str
    vendor_id: str | None
    jobs: list[CalendarAssignment]
    downtimes: list[CalendarDowntime]
    holds: list[CalendarHold]
    utilization: Utilization


class FleetCalendar(BaseSchema):
    """The calendars of the fleet: drivers first, then vehicles, by name."""

    timezone: str
    date_from: date
    date_to: date
    rows: list[FleetRow]
    drivers: Utilization
    vehicles: Utilization
