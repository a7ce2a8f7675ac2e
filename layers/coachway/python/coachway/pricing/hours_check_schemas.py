"""Whether an itinerary is legal for its drivers: the question, the answer, and what a quote warns of.

The rules themselves are in `coachway.hours` (49 CFR 395.5).
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from coachway.core.schemas import BaseSchema, Note, RequestSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import Timestamp
from coachway.core.types.money import Amount
from coachway.hours import itinerary
from coachway.hours.model import Answer, Law, Rule
from coachway.hours.trip import Trip as DrivenTrip
from coachway.hours.trip import TripStop
from coachway.identity.model.field_types import TimeZone
from coachway.pricing.quote_model import Miles, Notice, QuoteRequest
from coachway.pricing.rule_matching import Trip
from coachway.pricing.rule_model import VehicleClass

_DEFAULT_START = time(9)
_MAX_MILES = 10_000


class ItineraryStop(RequestSchema):
    """A stop, in the same words as a charter's."""

    stop_type: Literal["pickup", "dropoff", "waypoint"] = "waypoint"
    address: Note = ""
    latitude: Annotated[float | None, Field(ge=-90, le=90)] = None
    longitude: Annotated[float | None, Field(ge=-180, le=180)] = None
    estimated_arrival: Timestamp | None = None
    estimated_departure: Timestamp | None = None
    timezone: TimeZone | None = None

    @model_validator(mode="after")
    def _in_time(self) -> Self:
        for name in ("estimated_arrival", "estimated_departure"):
            moment: datetime | None = getattr(self, name)
            if moment is not None and not 2000 <= moment.year <= 2199:
                raise ValueError(f"{name}: is between the years 2000 and 2199")
        if self.estimated_arrival and self.estimated_departure and self.estimated_departure < self.estimated_arrival:
            raise ValueError("estimated_departure: is not before estimated_arrival")
        return self

    def driven(self) -> TripStop:
        return TripStop(
            arrival=self.estimated_arrival,
            departure=self.estimated_departure,
            latitude=self.latitude,
            longitude=self.longitude,
        )


class ComplianceRequest(RequestSchema):
    """An itinerary, and the drivers named for it. With a class of vehicle, what more drivers cost is told too."""

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
    miles: Annotated[Miles | None, Field(le=_MAX_MILES, description="left out: by the stops' coordinates")] = None
    deadhead_miles: Annotated[Miles, Field(le=_MAX_MILES)] = Decimal(0)
    requires_second_driver: bool = False
    drivers: Annotated[int | None, Field(ge=1, le=4, description="left out: one, or two with a second driver")] = None
    ruleset: Annotated[
        Literal["us_passenger", "us_property"] | None, Field(description="left out: the organization's")
    ] = None
    vehicle_class: VehicleClass | None = None
    vehicle_count: Annotated[int, Field(ge=1, le=100)] = 1
    client_id: Annotated[str | None, Field(pattern=ids.pattern("cli"))] = None

    def driven(self) -> DrivenTrip:
        """The trip as its drivers live it."""
        return DrivenTrip(
            stops=tuple(stop.driven() for stop in self.stops),
            miles=None if self.miles is None else float(self.miles),
            deadhead_miles=float(self.deadhead_miles),
            drivers=self.drivers or (2 if self.requires_second_driver else 1),
        )


class Breach(BaseSchema):
    """What one driver alone would break."""

    model_config = ConfigDict(defer_build=True)

    rule: Rule
    at: AwareDatetime
    exceeded_hours: float
    citation: str


class ReliefPoint(BaseSchema):
    """Where another driver must take the wheel at the latest; `after_stop` counts from 0."""

    model_config = ConfigDict(defer_build=True)

    at: AwareDatetime
    driver: int
    after_stop: int
    miles_from_stop: float
    latitude: float | None
    longitude: float | None


class ComplianceReport(BaseSchema):
    """Whether the itinerary is legal with the drivers named, how many it needs, and what those add to the price."""

    model_config = ConfigDict(defer_build=True)

    verdict: Answer
    legal_for_one_driver: bool
    drivers: int
    drivers_needed: Annotated[int | None, Field(description="null: no crew of up to four makes it legal")]
    may_ride_along: bool
    driving_hours: float
    on_duty_hours: float
    explanation: str
    violations: list[Breach]
    relief: list[ReliefPoint]
    added_price: Annotated[Amount | None, Field(description="null: not asked for, or nothing can be said")]
    currency: str
    warnings: list[Notice]


def build_report(found: itinerary.Compliance, *, added_price: int | None, currency: str) -> ComplianceReport:
    """The answer to callers. `added_price` is in cents."""
    return ComplianceReport(
        verdict=found.verdict,
        legal_for_one_driver=found.legal_for_one_driver,
        drivers=found.drivers,
        drivers_needed=found.drivers_needed,
        may_ride_along=found.may_ride_along,
        driving_hours=_hours(found.driving),
        on_duty_hours=_hours(found.on_duty),
        explanation=found.explanation,
        violations=[
            Breach(rule=each.rule, at=each.at, exceeded_hours=_hours(each.exceeded), citation=each.citation)
            for each in found.violations
        ],
        relief=[ReliefPoint(**each.model_dump()) for each in found.relief],
        added_price=added_price,
        currency=currency,
        warnings=compliance_notices(found),
    )


def _hours(length: timedelta) -> float:
    return round(length / timedelta(hours=1), 4)


def compliance_notices(found: itinerary.Compliance) -> list[Notice]:
    """What a quote says of its itinerary: an illegal one cannot be booked with the drivers named."""
    made = []
    if found.verdict is Answer.BLOCK:
        made.append(Notice(code="hours_of_service", message=found.explanation, blocking=True))
    elif found.verdict is Answer.UNKNOWN:
        made.append(Notice(code="hours_of_service_unknown", message=found.explanation))
    if found.too_fast:
        stops = ", ".join(str(stop) for stop in found.too_fast)
        made.append(Notice(code="timetable_too_fast", message=f"the miles to stop {stops} need more time than planned"))
    return made


def compliance_from_miles(request: QuoteRequest, trip: Trip, zone: tzinfo, law: Law) -> list[Notice]:
    """The same for a trip of which only miles and a start are known: driven without a rest, in one go.

    A trip of several days has nights that nobody told of, so nothing is said about it.
    """
    if len(trip.days) > 1 or trip.miles + trip.deadhead_miles > _MAX_MILES:
        return []
    start = request.departs_at or datetime.combine(trip.days[0], trip.start or _DEFAULT_START, zone)
    driven = DrivenTrip(
        stops=(TripStop(departure=start.astimezone(UTC)), TripStop()),
        miles=float(trip.miles),
        deadhead_miles=float(trip.deadhead_miles),
        drivers=2 if trip.second_driver else 1,
    )
    found = itinerary.check_itinerary(driven, law)
    return compliance_notices(found) if found.verdict is Answer.BLOCK else []
