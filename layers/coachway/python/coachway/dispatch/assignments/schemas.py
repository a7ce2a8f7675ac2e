"""Requests about existing assignments."""

from datetime import date, timedelta
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, model_validator

from coachway.bookings.charters.model import CharterId
from coachway.core.schemas import PageQuery, RequestSchema
from coachway.core.types.datetimes import Day
from coachway.core.types.text import ShortNote
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.fleet.model import DriverId, VehicleId

LONGEST_RANGE: Final = timedelta(days=366)


class ReasonInput(RequestSchema):
    """The reason for a decision."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "My child is ill"}]})

    reason: ShortNote = ""


class ReleaseInput(RequestSchema):
    """Why a driver is released from a trip, for staff, and a message to the driver."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Late twice", "message_to_driver": "You are free on Friday."}]}
    )

    reason: ShortNote = ""
    message_to_driver: Annotated[
        ShortNote, Field(description="Added to the text message to the driver. The reason is internal.")
    ] = ""


class AssignmentQuery(PageQuery):
    """Filter assignments by charter, driver, vehicle, status, or the day on which the duty begins.

    Drivers and vendors see their own.
    """

    charter_id: CharterId | None = None
    driver_id: DriverId | None = None
    vehicle_id: VehicleId | None = None
    status: AssignmentStatus | None = None
    date_from: Annotated[
        Day | None,
        Field(description="First day, in the trip's time zone. Defaults to a week before `date_to`, or today."),
    ] = None
    date_to: Annotated[
        Day | None, Field(description="Last day, in the trip's time zone. Defaults to 30 days after `date_from`.")
    ] = None

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.date_from and self.date_to and not timedelta() <= self.date_to - self.date_from <= LONGEST_RANGE:
            raise ValueError("date_to: must not be before date_from, nor more than a year after it")
        return self

    def date_range(self, today: date) -> tuple[date, date]:
        """The first and the last day of the range."""
        first = self.date_from or (self.date_to - timedelta(days=7) if self.date_to else today)
        return first, self.date_to or first + timedelta(days=30)
