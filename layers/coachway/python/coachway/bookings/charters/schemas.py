"""Requests for clones and recurring series of charters."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from coachway.bookings.charters.trip_model import CHARTER_EXAMPLE, CharterInput, TripTime
from coachway.bookings.recurrence import dates as recurrence_dates
from coachway.bookings.recurrence import rrule
from coachway.core.schemas import RequestSchema
from coachway.core.types.datetimes import Day


class CloneInput(RequestSchema):
    """The departure of the copy. Omit it to keep the times of the original."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"estimated_departure": "2027-04-07T09:00:00-04:00"}]})

    estimated_departure: TripTime | None = None


class SeriesException(RequestSchema):
    """An occurrence to skip or to move. `date` is its date by the rule."""

    date: Day
    action: Literal["skip", "move"]
    estimated_departure: Annotated[
        TripTime | None, Field(description="Departure from the first stop; required for `move`.")
    ] = None

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if (self.estimated_departure is None) == (self.action == "move"):
            raise ValueError("estimated_departure: is required for move, and not allowed for skip")
        return self


class RecurringInput(CharterInput):
    """The first charter of a series, and the exceptions."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**CHARTER_EXAMPLE, "exceptions": [{"date": "2027-03-10", "action": "skip"}]}]}
    )

    exceptions: list[SeriesException] = Field(default_factory=list, max_length=52)


class RecurringQuery(RequestSchema):
    """The recurrence rule of a series, and the number of its charters."""

    recurrence_rule: Annotated[
        str,
        Field(
            min_length=1,
            max_length=rrule.MAX_RULE_LENGTH,
            description="`daily`, `weekly`, `biweekly`, `monthly`, or an RFC 5545 RRULE with FREQ=DAILY or longer.",
            examples=["weekly"],
        ),
    ]
    instance_count: Annotated[
        int | None,
        Field(
            ge=1,
            le=recurrence_dates.MAX_OCCURRENCES,
            description="Number of occurrences, including skipped ones. Optional if the rule has COUNT or UNTIL.",
            examples=[3],
        ),
    ] = None
