"""Coordinates and the distance between them."""

from math import asin, cos, radians, sin, sqrt
from typing import Annotated, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo

from coachway.core.types.stored_values import is_stored

Latitude = Annotated[float, Field(ge=-90, le=90)]
"""Degrees north of the equator."""
Longitude = Annotated[float, Field(ge=-180, le=180)]
"""Degrees east of Greenwich."""

_EARTH_MILES: Final = 3958.8
_UNKNOWN_DEGREES: Final = 0.1
METERS_PER_MILE: Final = 1609.344


class Coordinates(NamedTuple):
    """Latitude and longitude, in degrees."""

    latitude: float
    longitude: float


class RoadLeg(BaseModel):
    """The way from one stop to the next by road."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    miles: Annotated[float, Field(ge=0)]
    driving_minutes: Annotated[int, Field(ge=0)]


def require_place(model: BaseModel, latitude: str, longitude: str, info: ValidationInfo) -> None:
    """Raise ValueError unless two fields are the coordinates of a place, or both are empty."""
    north, east = getattr(model, latitude), getattr(model, longitude)
    if (north is None) != (east is None):
        raise ValueError(f"{latitude}, {longitude}: set both or neither")
    if north is not None and is_unknown(Coordinates(north, east)) and not is_stored(info, latitude, longitude):
        raise ValueError(f"{latitude}, {longitude}: must not both be about 0; omit both if the place is unknown")


def is_unknown(place: Coordinates) -> bool:
    """Whether coordinates stand for "unknown": devices and geocoders return about 0, 0, which is in the ocean."""
    return max(abs(place.latitude), abs(place.longitude)) < _UNKNOWN_DEGREES


def miles_between(one: Coordinates, other: Coordinates) -> float:
    """Return the great-circle distance in miles (haversine)."""
    phi, psi = radians(one.latitude), radians(other.latitude)
    north, east = psi - phi, radians(other.longitude - one.longitude)
    chord = sin(north / 2) ** 2 + cos(phi) * cos(psi) * sin(east / 2) ** 2
    return 2 * _EARTH_MILES * asin(min(1.0, sqrt(chord)))
