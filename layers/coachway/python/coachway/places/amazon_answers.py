"""The parts of Amazon Location's answers that the product uses, with the service's own names and units.

Positions are `[longitude, latitude]`, distances meters, durations seconds. Other fields are ignored.
Source: the API reference of Amazon Location Service v2 (Geocode, Suggest, CalculateRoutes).
"""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from coachway.core.types.geo import Coordinates

_EXACT_TYPES: Final = frozenset(
    {
        "PointAddress",
        "InterpolatedAddress",
        "SecondaryAddress",
        "InferredSecondaryAddress",
        "PointOfInterest",
        "Intersection",
    }
)
_VAGUE_TYPES: Final = frozenset({"Country", "Region", "SubRegion"})
"""Types of places that are too large to be a stop."""

Position = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_pascal, extra="ignore", defer_build=True, hide_input_in_errors=True)


class _TimeZone(_Answer):
    name: str


class _MatchScores(_Answer):
    overall: Annotated[float, Field(ge=0, le=1)] = 1.0


class _Address(_Answer):
    label: str = ""


class FoundPlace(_Answer):
    """A place of `Geocode`, `ReverseGeocode` or `Suggest`."""

    place_type: str = ""
    title: str = ""
    address: _Address = _Address()
    position: Position | None = None
    time_zone: _TimeZone | None = None
    match_scores: _MatchScores = _MatchScores()

    @property
    def label(self) -> str:
        """The address, else the title."""
        return self.address.label or self.title

    @property
    def coordinates(self) -> Coordinates | None:
        """The position, if the answer has it."""
        return Coordinates(self.position[1], self.position[0]) if self.position else None

    @property
    def is_exact(self) -> bool:
        """Whether it is an address, not a street or an area."""
        return self.place_type in _EXACT_TYPES

    @property
    def is_vague(self) -> bool:
        """Whether it is a state or a country."""
        return self.place_type in _VAGUE_TYPES


class GeocodeAnswer(_Answer):
    """The answer of `Geocode` and `ReverseGeocode`.

    botocore reads a body that is not JSON as an empty answer, so the list is required.
    """

    result_items: list[FoundPlace]


class SuggestedItem(_Answer):
    """An item of `Suggest`: a place, or a query that finds places."""

    title: str
    place: FoundPlace | None = None


class SuggestAnswer(_Answer):
    """The answer of `Suggest`."""

    result_items: list[SuggestedItem]


class LegSummary(_Answer):
    """Length and duration of a leg."""

    distance: Annotated[float, Field(ge=0)]
    duration: Annotated[float, Field(ge=0)]


class _Summary(_Answer):
    overview: LegSummary | None = None


class _ArrivalPlace(_Answer):
    waypoint_index: int | None = None


class _Arrival(_Answer):
    place: _ArrivalPlace = _ArrivalPlace()


class _LegDetails(_Answer):
    summary: _Summary = _Summary()
    arrival: _Arrival = _Arrival()


class RouteLegAnswer(_Answer):
    """A leg, by road or by ferry."""

    vehicle_leg_details: _LegDetails | None = None
    ferry_leg_details: _LegDetails | None = None

    @property
    def summary(self) -> LegSummary | None:
        """The length and duration, if the answer has them."""
        return self._details.summary.overview

    @property
    def ends_at_waypoint(self) -> bool:
        """Whether it ends at a stop between the first and the last."""
        return self._details.arrival.place.waypoint_index is not None

    @property
    def _details(self) -> _LegDetails:
        return self.vehicle_leg_details or self.ferry_leg_details or _LegDetails()


class RouteAnswer(_Answer):
    """A route. It has a leg for each part by road or by ferry: several between two stops if there is a ferry."""

    legs: list[RouteLegAnswer]


class RoutesAnswer(_Answer):
    """The answer of `CalculateRoutes`. It has no routes if no road connects the stops."""

    routes: list[RouteAnswer]
