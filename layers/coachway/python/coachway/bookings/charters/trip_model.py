"""The trip of a charter as callers request it: its stops, passengers and vehicles."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    JsonValue,
    ModelWrapValidatorHandler,
    ValidationInfo,
    model_validator,
)

from coachway.bookings.charters.booking_details import BookingDetails
from coachway.core.schemas import RequestSchema
from coachway.core.trip_vehicles import TripVehicles
from coachway.core.types import ids
from coachway.core.types.datetimes import LocalTimeInput
from coachway.core.types.geo import Latitude, Longitude, require_place
from coachway.core.types.personal import ERASED, Personal
from coachway.core.types.text import Note, Text
from coachway.core.types.time_zones import TimeZone, with_fixed_offset
from coachway.identity.model.organization import SpotMinutes
from coachway.pricing.extras_model import PromoText
from coachway.pricing.quote_model import Miles
from coachway.pricing.rule_model import AmenityCode, RouteText

ClientId = Annotated[str, Field(pattern=ids.pattern("cli"))]


SUPPORTED_YEARS: Final = "must be between the years 2001 and 2150"


def is_supported_date(at: datetime) -> bool:
    """Whether a trip can be at this time: in the years 2001 to 2150."""
    return 2001 <= at.year <= 2150


def _require_supported_date(at: datetime) -> datetime:
    if not is_supported_date(at):
        raise ValueError(SUPPORTED_YEARS)
    return with_fixed_offset(at)


TripTime = Annotated[LocalTimeInput, AfterValidator(_require_supported_date)]
"""A time with a UTC offset, in the years 2001 to 2150."""


class TripType(StrEnum):
    """The type of a trip."""

    ONE_WAY = "one_way"
    ROUND_TRIP = "round_trip"
    MULTI_DAY = "multi_day"


class StopType(StrEnum):
    """What happens at a stop."""

    PICKUP = "pickup"
    DROPOFF = "dropoff"
    WAYPOINT = "waypoint"


class Stop(RequestSchema):
    """A place, with the times of arrival and departure. Missing times are estimated from the distance."""

    stop_type: StopType = StopType.WAYPOINT
    address: Annotated[Text, Personal(blank=ERASED)]
    latitude: Annotated[Latitude | None, Personal()] = None
    longitude: Annotated[Longitude | None, Personal()] = None
    geocoded_address: Annotated[Text | None, Personal()] = None
    estimated_arrival: TripTime | None = None
    estimated_departure: TripTime | None = None
    timezone: Annotated[
        TimeZone | None,
        Field(
            description="IANA time zone. Defaults to the first stop's; for the first stop, to the organization's.",
        ),
    ] = None

    @model_validator(mode="wrap")
    @classmethod
    def _check_consistency(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        stop = handler(value)
        if stop is value:  # the stop of a stored charter, which becomes part of another model
            return stop
        require_place(stop, "latitude", "longitude", info)
        if stop.estimated_arrival and stop.estimated_departure and stop.estimated_departure < stop.estimated_arrival:
            raise ValueError("estimated_departure: must not be before estimated_arrival")
        return stop

    @property
    def time(self) -> datetime | None:
        """The time of departure, or of arrival if there is no departure."""
        return self.estimated_departure or self.estimated_arrival


CHARTER_EXAMPLE: Final[dict[str, JsonValue]] = {
    "client_id": "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "trip_type": "one_way",
    "vehicle_class": "coach",
    "vehicle_count": 1,
    "passengers": 40,
    "requires_second_driver": False,
    "amenities": [],
    "stops": [
        {
            "stop_type": "pickup",
            "address": "11 Wall St, New York, NY",
            "latitude": 40.7074,
            "longitude": -74.0113,
            "estimated_departure": "2027-03-03T09:00:00-05:00",
        },
        {
            "stop_type": "dropoff",
            "address": "1901 Boardwalk, Atlantic City, NJ",
            "latitude": 39.3560,
            "longitude": -74.4310,
            "estimated_arrival": "2027-03-03T12:00:00-05:00",
        },
    ],
    "miles": 130,
    "notes": "",
}


class CharterInput(BookingDetails, TripVehicles):
    """The trip to quote. It departs at the `estimated_departure` of the first stop."""

    model_config = ConfigDict(json_schema_extra={"examples": [CHARTER_EXAMPLE]})

    client_id: ClientId
    trip_type: TripType
    passengers: Annotated[int, Field(ge=1, le=10_000)]
    requires_second_driver: bool = False
    requires_coi: Annotated[bool, Field(description="Whether the client needs a certificate of insurance.")] = False
    amenities: list[AmenityCode] = Field(default_factory=list, max_length=30)
    stops: Annotated[list[Stop], Field(min_length=2, max_length=50)]
    miles: Annotated[
        Miles | None,
        Field(description="Miles with passengers, per vehicle. Defaults to those of the route between the stops."),
    ] = None
    deadhead_miles: Annotated[Miles, Field(description="Empty miles from and to the garage, per vehicle.")] = Decimal(0)
    spot_minutes: Annotated[
        SpotMinutes | None,
        Field(
            description="How long before the departure the vehicles stand at the first stop. Defaults to the "
            "organization's setting. Can be changed after the booking; vehicles that are assigned keep theirs."
        ),
    ] = None
    route: Annotated[RouteText | None, Field(description="Name of a route with agreed prices.")] = None
    promo_code: PromoText | None = None
    notes: Annotated[Note, Personal()] = ""
