"""Places: requests, responses, and the answers that are kept."""

from typing import Annotated, ClassVar, Self

from pydantic import ConfigDict, Field, ValidationInfo, model_validator

from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.geo import Latitude, Longitude, RoadLeg, require_place
from coachway.core.types.text import Text

KEPT_ANSWERS = AccessPattern(
    "the answer of the map service to a question, by its digest; kept for 90 days",
    pk="ORG#{org}#PLACE#{digest}",
    sk="PLACE",
)


class Place(BaseSchema):
    """A place that the map service found for an address."""

    label: Annotated[str, Field(description="Address as the map service writes it.")]
    latitude: Latitude
    longitude: Longitude
    timezone: Annotated[str | None, Field(description="IANA time zone of the place, if known.")] = None
    is_exact: Annotated[
        bool, Field(description="Whether this is the address itself. False for its street, city or ZIP code.")
    ]
    score: Annotated[float, Field(ge=0, le=1, description="How well the place matches the address.")] = 1.0


class Suggestion(BaseSchema):
    """An address that continues what was typed. Places that need another request have no coordinates."""

    label: Annotated[str, Field(description="Address as the map service writes it.")]
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    timezone: Annotated[str | None, Field(description="IANA time zone of the place, if known.")] = None


class SuggestInput(RequestSchema):
    """The beginning of an address."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"query": "11 Wall St, New Y"}]})

    query: Annotated[Text, Field(min_length=2, max_length=200)]
    latitude: Annotated[
        Latitude | None,
        Field(description="Places near this position come first. Defaults to the organization's time zone."),
    ] = None
    longitude: Longitude | None = None

    @model_validator(mode="after")
    def _check_position(self, info: ValidationInfo) -> Self:
        require_place(self, "latitude", "longitude", info)
        return self


class Suggestions(BaseSchema):
    """Suggested addresses, best first."""

    items: list[Suggestion]


class GeocodeInput(RequestSchema):
    """An address."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"address": "11 Wall St, New York, NY 10005"}]})

    address: Annotated[Text, Field(max_length=200)]


class GeocodeResult(BaseSchema):
    """The places of an address, best first; none if it was not found.

    `best` is null if the address was not found, or matches several places equally well.
    """

    best: Place | None
    items: list[Place]


class RouteStop(RequestSchema):
    """A stop of a route: coordinates, or an address."""

    address: Annotated[Text | None, Field(max_length=200)] = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None

    @model_validator(mode="after")
    def _check_place(self, info: ValidationInfo) -> Self:
        require_place(self, "latitude", "longitude", info)
        if self.latitude is None and self.address is None:
            raise ValueError("address: is required without coordinates")
        return self


class RouteInput(RequestSchema):
    """The stops of a route, in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "stops": [
                        {"address": "11 Wall St, New York, NY 10005"},
                        {"latitude": 39.3560, "longitude": -74.4310},
                    ]
                }
            ]
        }
    )

    stops: Annotated[list[RouteStop], Field(min_length=2, max_length=50)]


class Route(BaseSchema):
    """The way of a coach through all stops. `places` are the stops; null for stops that were sent as coordinates."""

    miles: float
    driving_minutes: int
    legs: Annotated[list[RoadLeg], Field(description="One leg from each stop to the next.")]
    places: list[Place | None]


class KeptAnswer(Record):
    """An answer of the map service, sealed with the question, which the table does not contain."""

    KIND: ClassVar[str] = "place_answer"

    org_id: str
    digest: str
    answer: str
    expires: int

    def key(self) -> Key:
        return KEPT_ANSWERS.key(org=self.org_id, digest=self.digest)

    def expires_at(self) -> int:
        return self.expires
