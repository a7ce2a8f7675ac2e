"""Coordinates and the distance between them."""

from math import asin, cos, radians, sin, sqrt
from typing import Final, NamedTuple

_EARTH_MILES: Final = 3958.8
METERS_PER_MILE: Final = 1609.344


class Coordinates(NamedTuple):
    """Latitude and longitude, in degrees."""

    latitude: float
    longitude: float


def miles_between(one: Coordinates, other: Coordinates) -> float:
    """Return the great-circle distance in miles (haversine)."""
    phi, psi = radians(one.latitude), radians(other.latitude)
    north, east = psi - phi, radians(other.longitude - one.longitude)
    chord = sin(north / 2) ** 2 + cos(phi) * cos(psi) * sin(east / 2) ** 2
    return 2 * _EARTH_MILES * asin(min(1.0, sqrt(chord)))
