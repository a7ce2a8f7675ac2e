"""From the ground onto a sheet: Mercator's projection fitted to a few places, its graticule and its scale. Pure.

Sheets are measured in units of their own (`WIDTH` × `HEIGHT`, y downwards), the ground in degrees, distances in miles.
North is up and angles are true, so headings are, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan, cos, degrees, exp, floor, log, log10, pi, radians, tan
from typing import Final, NamedTuple

from coachway.core.types.geo import Coordinates

WIDTH: Final = 400.0
HEIGHT: Final = 320.0
MARGIN: Final = 44.0
"""Kept free round the points, for their marks and names."""

_MAX_LATITUDE: Final = 85.0
"""Degrees of latitude; Mercator's map has no poles."""
_MIN_EXTENT: Final = radians(0.01)
"""The least that a sheet shows, about half a mile: a single point has no extent."""
_MILES_PER_RADIAN: Final = 3958.8
_GRID_STEPS: Final = (90.0, 45.0, 30.0, 15.0, 10.0, 5.0, 2.0, 1.0, 30 / 60, 15 / 60, 10 / 60, 5 / 60, 2 / 60, 1 / 60)
"""Degrees between lines of the graticule; closer than a minute there is none."""
_SCALES: Final = (1, 2, 5)


class Point(NamedTuple):
    """A point on the sheet."""

    x: float
    y: float


class Line(NamedTuple):
    """A line of the graticule, with what it is called: `40°30'N`."""

    at: float
    name: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The bar that tells distances: so many units are so many miles."""

    length: float
    miles: str


@dataclass(frozen=True, slots=True)
class Projection:
    """From the ground onto the sheet, and back. `scale` is units per radian at the equator."""

    scale: float
    west: float
    """Radians of longitude at the sheet's left edge, and Mercator's y at its upper one."""
    north: float
    around: float
    """Degrees of longitude that no point is more than half a turn from: trips may cross the 180th meridian."""

    def point(self, place: Coordinates) -> Point:
        """Where a place lies on the sheet."""
        x, y = _mercator(place, self.around)
        return Point((x - self.west) * self.scale, (self.north - y) * self.scale)

    def place(self, point: Point) -> Coordinates:
        """Which place lies at a point of the sheet."""
        longitude = degrees(self.west + point.x / self.scale)
        latitude = degrees(2 * atan(exp(self.north - point.y / self.scale)) - pi / 2)
        return Coordinates(latitude, _normalize_longitude(longitude, 0.0))


def fit_projection(
    places: Sequence[Coordinates], width: float = WIDTH, height: float = HEIGHT, margin: float = MARGIN
) -> Projection:
    """The largest projection that shows every place, in the middle of the sheet. Of no place at all: the origin."""
    around = places[0].longitude if places else 0.0
    flat = [_mercator(place, around) for place in places] or [(0.0, 0.0)]
    xs, ys = [x for x, _ in flat], [y for _, y in flat]
    across, up = max(max(xs) - min(xs), _MIN_EXTENT), max(max(ys) - min(ys), _MIN_EXTENT)
    scale = min((width - 2 * margin) / across, (height - 2 * margin) / up)
    return Projection(
        scale=scale,
        west=(min(xs) + max(xs)) / 2 - width / 2 / scale,
        north=(min(ys) + max(ys)) / 2 + height / 2 / scale,
        around=around,
    )


def meridians(projection: Projection) -> list[Line]:
    """The lines of longitude that cross the sheet, and where."""
    west = degrees(projection.west)
    east = degrees(projection.west + WIDTH / projection.scale)
    return [
        Line(
            round((radians(longitude) - projection.west) * projection.scale, 1),
            _format_degrees(_normalize_longitude(longitude, 0.0), "E", "W"),
        )
        for longitude in _grid_degrees(west, east)
    ]


def parallels(projection: Projection) -> list[Line]:
    """The lines of latitude that cross the sheet, and where."""
    north, south = projection.place(Point(0, 0)).latitude, projection.place(Point(0, HEIGHT)).latitude
    return [
        Line(
            round((projection.north - _mercator(Coordinates(latitude, 0.0), 0.0)[1]) * projection.scale, 1),
            _format_degrees(latitude, "N", "S"),
        )
        for latitude in _grid_degrees(south, north)
    ]


def _grid_degrees(low: float, high: float) -> list[float]:
    """Round degrees between two: at the finest step that does not crowd the sheet, so two to five of them."""
    step = min((candidate for candidate in _GRID_STEPS if (high - low) / candidate <= 5), default=_GRID_STEPS[0])
    if (high - low) / step < 1:  # closer than a minute
        return []
    first = floor(low / step) + 1
    return [first * step + index * step for index in range(floor((high - first * step) / step) + 1)]


def _format_degrees(value: float, positive: str, negative: str) -> str:
    minutes = round(abs(value) * 60)
    side = "" if minutes == 0 else positive if value > 0 else negative
    return f"{minutes // 60}°{minutes % 60:02d}'{side}" if minutes % 60 else f"{minutes // 60}°{side}"


def build_scale(projection: Projection) -> Scale:
    """The longest round distance that takes at most a quarter of the sheet, true in its middle."""
    middle = projection.place(Point(WIDTH / 2, HEIGHT / 2)).latitude
    units_per_mile = projection.scale / (_MILES_PER_RADIAN * cos(radians(middle)))
    max_miles = WIDTH / 4 / units_per_mile
    power = 10.0 ** floor(log10(max_miles))
    miles = max(factor * power for factor in _SCALES if factor * power <= max_miles * (1 + 1e-9))
    return Scale(round(miles * units_per_mile, 1), f"{miles:,.0f} mi" if miles >= 1 else f"{miles:.1g} mi")


def simplify_line(points: Sequence[Point], tolerance: float = 0.8) -> list[Point]:
    """The same line by fewer points, nowhere further than `tolerance` units from it (Douglas and Peucker)."""
    if len(points) < 3:
        return list(points)
    indexes, open_ends = {0, len(points) - 1}, [(0, len(points) - 1)]
    while open_ends:
        first, last = open_ends.pop()
        distances = [
            (_distance_to_line(points[index], points[first], points[last]), index) for index in range(first + 1, last)
        ]
        furthest, middle = max(distances, default=(0.0, first))
        if furthest > tolerance:
            indexes.add(middle)
            open_ends += [(first, middle), (middle, last)]
    return [points[index] for index in sorted(indexes)]


def _mercator(place: Coordinates, around: float) -> tuple[float, float]:
    latitude = max(-_MAX_LATITUDE, min(_MAX_LATITUDE, place.latitude))
    return radians(_normalize_longitude(place.longitude, around)), log(tan(pi / 4 + radians(latitude) / 2))


def _normalize_longitude(longitude: float, around: float) -> float:
    """The same meridian, named by degrees within half a turn of another."""
    return (longitude - around + 180) % 360 - 180 + around


def _distance_to_line(point: Point, start: Point, end: Point) -> float:
    """How far a point lies from the line between two others."""
    across, up = end.x - start.x, end.y - start.y
    squared = across * across + up * up
    share = 0.0 if squared == 0 else ((point.x - start.x) * across + (point.y - start.y) * up) / squared
    share = max(0.0, min(1.0, share))
    off_x, off_y = point.x - start.x - share * across, point.y - start.y - share * up
    return float((off_x * off_x + off_y * off_y) ** 0.5)
