"""Request to convert a lead."""

from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from coachway.bookings.charters.booking_details import BookingDetails
from coachway.bookings.charters.trip_model import Stop, TripType
from coachway.clients.model import ClientId, ClientType
from coachway.clients.rules import PaymentTerms
from coachway.core.schemas import RequestSchema
from coachway.core.trip_vehicles import TripVehicles
from coachway.core.types.contact import Email, Phone
from coachway.core.types.personal import Personal
from coachway.core.types.text import Note, Text
from coachway.pricing.extras_model import PromoText
from coachway.pricing.quote_model import Miles
from coachway.pricing.rule_model import AmenityCode, RouteText
from coachway.sales.leads.model import LocalClock


class ConvertedClient(RequestSchema):
    """The new client. What is omitted is taken from the lead."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Wilson School", "client_type": "corporate"}]})

    name: Annotated[
        Text | None, Personal(), Field(description="Defaults to the company of the lead, else to the person's name.")
    ] = None
    client_type: Annotated[
        ClientType | None, Field(description="Defaults to `corporate` if the lead has a company, else to `personal`.")
    ] = None
    email: Annotated[Email | None, Personal()] = None
    phone: Annotated[Phone | None, Personal()] = None
    payment_terms: PaymentTerms = PaymentTerms.DUE_ON_RECEIPT


class ConvertedTrip(BookingDetails, TripVehicles):
    """The trip to quote. What is omitted is taken from the lead."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"vehicle_class": "coach", "pickup_time": "08:30"}]})

    passengers: Annotated[int | None, Field(ge=1, le=10_000)] = None
    pickup_time: Annotated[LocalClock | None, Field(description="Local time at the pickup.")] = None
    return_time: Annotated[
        LocalClock | None, Field(description="Local time at which the way back begins, on the lead's return date.")
    ] = None
    trip_type: TripType | None = None
    stops: Annotated[
        list[Stop] | None,
        Field(
            min_length=2,
            max_length=50,
            description="Defaults to the way from the lead's pickup to its dropoff, and back if it has a return date.",
        ),
    ] = None
    requires_second_driver: bool = False
    requires_coi: bool = False
    amenities: list[AmenityCode] = Field(default_factory=list, max_length=30)
    miles: Miles | None = None
    deadhead_miles: Miles = Decimal(0)
    route: RouteText | None = None
    promo_code: PromoText | None = None
    notes: Annotated[Note | None, Personal(), Field(description="Defaults to the trip details of the lead.")] = None


class ConversionInput(RequestSchema):
    """How to convert a lead: to an existing client or a new one, and with which trip.

    Without `client_id` and `client`, the client of the lead is used, or a new client is made from the lead.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "client": {"name": "Wilson School", "client_type": "corporate"},
                    "charter": {
                        "vehicle_class": "coach",
                        "passengers": 48,
                        "stops": [
                            {
                                "address": "11 Wall St, New York, NY",
                                "latitude": 40.7074,
                                "longitude": -74.0113,
                                "estimated_departure": "2027-05-14T08:30:00-04:00",
                            },
                            {
                                "address": "1 Franklin Park Rd, Boston, MA",
                                "latitude": 42.3026,
                                "longitude": -71.0865,
                            },
                        ],
                    },
                }
            ]
        }
    )

    client_id: ClientId | None = None
    client: ConvertedClient | None = None
    charter: Annotated[
        ConvertedTrip | None, Field(description="Required for a lead of kind `charter`; no other lead has one.")
    ] = None

    @model_validator(mode="after")
    def _check_client(self) -> Self:
        if self.client_id is not None and self.client is not None:
            raise ValueError("client: omit it, or omit client_id")
        return self

    def client_values(self) -> dict[str, Any]:
        """The fields of the new client that were sent."""
        return self.client.model_dump(exclude_none=True) if self.client else {}
