"""Charters as callers ask for them: again, and in series. What makes them comes with `quoting` and `series`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from coachway.bookings.charters.model import CHARTER_EXAMPLE, CharterInput, Moment
from coachway.bookings.recurrence import dates as recurrence_dates
from coachway.bookings.recurrence import rrule
from coachway.core.schemas import RequestSchema
from coachway.core.types.datetimes import Day


class CloneInput(RequestSchema):
    """When the copy leaves; left out: when the original does."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"estimated_departure": "2027-04-07T09:00:00-04:00"}]})

    estimated_departure: Moment | None = None


class SeriesException(RequestSchema):
    """One occurrence that is left out, or leaves at another time. `date` is the day that the rule gives it."""

    date: Day
    action: Literal["skip", "move"]
    estimated_departure: Annotated[Moment | None, Field(description="of the first stop; move only")] = None

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.estimated_departure is None) == (self.action == "move"):
            raise ValueError("estimated_departure: goes with move, and only with it")
        return self


class RecurringInput(CharterInput):
    """The first charter of a series, and the occurrences that differ."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**CHARTER_EXAMPLE, "exceptions": [{"date": "2027-03-10", "action": "skip"}]}]}
    )

    exceptions: list[SeriesException] = Field(default_factory=list, max_length=52)


class RecurringQuery(RequestSchema):
    """When, and how often."""

    recurrence_rule: Annotated[
        str,
        Field(
            min_length=1,
            max_length=rrule.MAX_RULE_LENGTH,
            description="daily, weekly, biweekly, monthly, or an RFC 5545 rule of days",
            examples=["weekly"],
        ),
    ]
    instance_count: Annotated[
        int | None,
        Field(
            ge=1,
            le=recurrence_dates.MAX_OCCURRENCES,
            description="occurrences, those skipped included; may be left out when the rule has COUNT or UNTIL",
            examples=[3],
        ),
    ] = None
