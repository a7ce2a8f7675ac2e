"""Requests and reports of the hours-of-service check.

The rules are in `coachway.hours` (49 CFR 395.5).
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, ValidationInfo, model_validator

from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import LocalTime, LocalTimeInput
from coachway.core.types.geo import Latitude, Longitude, require_place
from coachway.core.types.money import ApiAmount
from coachway.core.types.text import Note
from coachway.core.types.time_zones import TimeZone
from coachway.core.types.vehicle_classes import VehicleClass
from coachway.hours import itinerary
from coachway.hours.model import Legality, Rule
from coachway.hours.trip import HoursStop, HoursTrip
from coachway.pricing.hours_notices import build_hours_notices
from coachway.pricing.notice_model import Notice
from coachway.pricing.quote_model import Miles

_MAX_MILES = 10_000


class ItineraryStop(RequestSchema):
    """A stop of the itinerary, with the same fields as a charter's stop."""

    stop_type: Literal["pickup", "dropoff", "waypoint"] = "waypoint"
    address: Note = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    estimated_arrival: LocalTimeInput | None = None
    estimated_departure: LocalTimeInput | None = None
    timezone: TimeZone | None = None

    @model_validator(mode="after")
    def _check_consistency(self, info: ValidationInfo) -> Self:
        require_place(self, "latitude", "longitude", info)
        for name in ("estimated_arrival", "estimated_departure"):
            time: datetime | None = getattr(self, name)
            if time is not None and not 2000 <= time.year <= 2199:
                raise ValueError(f"{name}: must be between the years 2000 and 2199")
        if self.estimated_arrival and self.estimated_departure and self.estimated_departure < self.estimated_arrival:
            raise ValueError("estimated_departure: must not be before estimated_arrival")
        return self

    def to_hours_stop(self) -> HoursStop:
        """Convert the stop for the check against the hours-of-service rules."""
        return HoursStop(
            arrival=self.estimated_arrival,
            departure=self.estimated_departure,
            latitude=self.latitude,
            longitude=self.longitude,
        )


class HoursCheckRequest(RequestSchema):
    """An itinerary and its drivers. With `vehicle_class`, the report includes the price of additional drivers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "stops": [
                        {"address": "11 Wall St, New York, NY", "estimated_departure": "2027-03-03T06:00:00-05:00"},
                        {"address": "1060 W Addison St, Chicago, IL", "estimated_arrival": "2027-03-03T20:00:00-06:00"},
                    ],
                    "miles": 790,
                    "vehicle_class": "coach",
                }
            ]
        }
    )

    stops: Annotated[list[ItineraryStop], Field(min_length=2, max_length=50)]
    miles: Annotated[
        Miles | None, Field(le=_MAX_MILES, description="Defaults to an estimate from the stops' coordinates.")
    ] = None
    deadhead_miles: Annotated[Miles, Field(le=_MAX_MILES)] = Decimal(0)
    requires_second_driver: bool = False
    drivers: Annotated[
        int | None, Field(ge=1, le=4, description="Defaults to one driver, or two if a second driver is required.")
    ] = None
    ruleset: Annotated[
        Literal["us_passenger", "us_property"] | None, Field(description="Defaults to the organization's ruleset.")
    ] = None
    vehicle_class: VehicleClass | None = None
    vehicle_count: Annotated[int, Field(ge=1, le=100)] = 1
    client_id: Annotated[str | None, Field(pattern=ids.pattern("cli"))] = None

    def to_hours_trip(self) -> HoursTrip:
        """Convert the itinerary for the check against the hours-of-service rules."""
        return HoursTrip(
            stops=tuple(stop.to_hours_stop() for stop in self.stops),
            miles=None if self.miles is None else float(self.miles),
            deadhead_miles=float(self.deadhead_miles),
            drivers=self.drivers or (2 if self.requires_second_driver else 1),
        )


class HoursViolation(BaseSchema):
    """A violation by a single driver."""

    model_config = ConfigDict(defer_build=True)

    rule: Rule
    exceeded_at: LocalTime
    exceeded_hours: float
    citation: str


class ReliefPoint(BaseSchema):
    """The latest place at which another driver must take over. `after_stop` counts from 0."""

    model_config = ConfigDict(defer_build=True)

    relief_at: LocalTime
    driver: int
    after_stop: int
    miles_from_stop: float
    latitude: float | None
    longitude: float | None


class HoursCheckReport(BaseSchema):
    """Whether an itinerary is legal with its drivers, how many it needs, and the price of additional drivers."""

    model_config = ConfigDict(defer_build=True)

    timezone: Annotated[str, Field(description="Of the first stop, or else of the organization.")]
    verdict: Legality
    legal_for_one_driver: bool
    drivers: int
    drivers_needed: Annotated[int | None, Field(description="Null if no crew of up to four drivers makes it legal.")]
    may_ride_along: bool
    driving_hours: float
    on_duty_hours: float
    explanation: str
    violations: list[HoursViolation]
    relief_points: list[ReliefPoint]
    added_price: Annotated[
        ApiAmount | None,
        Field(description="Null if the vehicle class or the times are missing, or if no crew is legal."),
    ]
    currency: str
    warnings: list[Notice]


def build_report(
    compliance: itinerary.ItineraryCheck, *, timezone: str, added_price: int | None, currency: str
) -> HoursCheckReport:
    """Build the report of a check. `added_price` is in cents."""
    return HoursCheckReport(
        timezone=timezone,
        verdict=compliance.verdict,
        legal_for_one_driver=compliance.legal_for_one_driver,
        drivers=compliance.drivers,
        drivers_needed=compliance.drivers_needed,
        may_ride_along=compliance.may_ride_along,
        driving_hours=_to_hours(compliance.driving),
        on_duty_hours=_to_hours(compliance.on_duty),
        explanation=compliance.explanation,
        violations=[
            HoursViolation(
                rule=each.rule,
                exceeded_at=each.at,
                exceeded_hours=_to_hours(each.exceeded),
                citation=each.citation,
            )
            for each in compliance.violations
        ],
        relief_points=[ReliefPoint(relief_at=each.at, **each.model_dump(exclude={"at"})) for each in compliance.relief],
        added_price=added_price,
        currency=currency,
        warnings=build_hours_notices(compliance),
    )


def _to_hours(length: timedelta) -> float:
    return round(length / timedelta(hours=1), 4)
