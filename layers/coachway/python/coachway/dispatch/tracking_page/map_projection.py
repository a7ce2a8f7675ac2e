"""Mercator projection of places onto a map, with its grid lines and scale bar. Pure: no clock, no I/O.

Points on the map have units of their own (`WIDTH` × `HEIGHT`, y points down); places are in degrees, distances in
miles. North is up. The projection preserves angles, so headings are drawn unchanged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan, cos, degrees, exp, floor, log, log10, pi, radians, tan
from typing import Final, NamedTuple

from coachway.core.types.geo import Coordinates

WIDTH: Final = 400.0
HEIGHT: Final = 320.0
MARGIN: Final = 44.0
"""Free space around the points, for marks and labels."""

_MAX_LATITUDE: Final = 85.0
"""Degrees of latitude; the Mercator projection excludes the poles."""
_MIN_EXTENT: Final = radians(0.01)
"""The smallest extent of a map, about half a mile: a single point has no extent."""
_MILES_PER_RADIAN: Final = 3958.8
_GRID_STEPS: Final = (90.0, 45.0, 30.0, 15.0, 10.0, 5.0, 2.0, 1.0, 30 / 60, 15 / 60, 10 / 60, 5 / 60, 2 / 60, 1 / 60)
"""Possible degrees between grid lines, at least one minute."""
_SCALES: Final = (1, 2, 5)


class Point(NamedTuple):
    """A point on the map."""

    x: float
    y: float


class Line(NamedTuple):
    """A grid line and its label: `40°30'N`."""

    at: float
    name: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale bar: its length in map units, and the miles that it represents."""

    length: float
    miles: str


@dataclass(frozen=True, slots=True)
class Projection:
    """Converts places to points on the map, and back. `scale` is units per radian at the equator."""

    scale: float
    west: float
    """Radians of longitude at the left edge."""
    north: float
    """Mercator y at the upper edge."""
    around: float
    """A reference longitude in degrees: points are drawn within 180° of it, as trips may cross the antimeridian."""

    def point(self, place: Coordinates) -> Point:
        """Convert a place to a point on the map."""
        x, y = _mercator(place, self.around)
        return Point((x - self.west) * self.scale, (self.north - y) * self.scale)

    def place(self, point: Point) -> Coordinates:
        """Convert a point on the map to a place."""
        longitude = degrees(self.west + point.x / self.scale)
        latitude = degrees(2 * atan(exp(self.north - point.y / self.scale)) - pi / 2)
        return Coordinates(latitude, _normalize_longitude(longitude, 0.0))


def fit_projection(
    places: Sequence[Coordinates], width: float = WIDTH, height: float = HEIGHT, margin: float = MARGIN
) -> Projection:
    """Return the largest projection that shows every place, centered. Without places, it shows the origin."""
    around = places[0].longitude if places else 0.0
    projected = [_mercator(place, around) for place in places] or [(0.0, 0.0)]
    xs, ys = [x for x, _ in projected], [y for _, y in projected]
    x_extent, y_extent = max(max(xs) - min(xs), _MIN_EXTENT), max(max(ys) - min(ys), _MIN_EXTENT)
    scale = min((width - 2 * margin) / x_extent, (height - 2 * margin) / y_extent)
    return Projection(
        scale=scale,
        west=(min(xs) + max(xs)) / 2 - width / 2 / scale,
        north=(min(ys) + max(ys)) / 2 + height / 2 / scale,
        around=around,
    )


def meridians(projection: Projection) -> list[Line]:
    """The grid lines of longitude."""
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
    """The grid lines of latitude."""
    north, south = projection.place(Point(0, 0)).latitude, projection.place(Point(0, HEIGHT)).latitude
    return [
        Line(
            round((projection.north - _mercator(Coordinates(latitude, 0.0), 0.0)[1]) * projection.scale, 1),
            _format_degrees(latitude, "N", "S"),
        )
        for latitude in _grid_degrees(south, north)
    ]


def _grid_degrees(low: float, high: float) -> list[float]:
    """Round degrees between `low` and `high`, at the finest step that yields at most five lines."""
    step = min((candidate for candidate in _GRID_STEPS if (high - low) / candidate <= 5), default=_GRID_STEPS[0])
    if (high - low) / step < 1:  # the map is smaller than the finest step
        return []
    first = floor(low / step) + 1
    return [first * step + index * step for index in range(floor((high - first * step) / step) + 1)]


def _format_degrees(value: float, positive: str, negative: str) -> str:
    minutes = round(abs(value) * 60)
    side = "" if minutes == 0 else positive if value > 0 else negative
    return f"{minutes // 60}°{minutes % 60:02d}'{side}" if minutes % 60 else f"{minutes // 60}°{side}"


def build_scale(projection: Projection) -> Scale:
    """The longest round distance that takes at most a quarter of the width, measured at the center of the map."""
    middle = projection.place(Point(WIDTH / 2, HEIGHT / 2)).latitude
    units_per_mile = projection.scale / (_MILES_PER_RADIAN * cos(radians(middle)))
    max_miles = WIDTH / 4 / units_per_mile
    power = 10.0 ** floor(log10(max_miles))
    miles = max(factor * power for factor in _SCALES if factor * power <= max_miles * (1 + 1e-9))
    return Scale(round(miles * units_per_mile, 1), f"{miles:,.0f} mi" if miles >= 1 else f"{miles:.1g} mi")


def simplify_line(points: Sequence[Point], tolerance: float = 0.8) -> list[Point]:
    """Simplify a line to fewer points, at most `tolerance` units away from it (Ramer–Douglas–Peucker)."""
    if len(points) < 3:
        return list(points)
    indexes, remaining = {0, len(points) - 1}, [(0, len(points) - 1)]
    while remaining:
        first, last = remaining.pop()
        distances = [
            (_distance_to_line(points[index], points[first], points[last]), index) for index in range(first + 1, last)
        ]
        furthest, middle = max(distances, default=(0.0, first))
        if furthest > tolerance:
            indexes.add(middle)
            remaining += [(first, middle), (middle, last)]
    return [points[index] for index in sorted(indexes)]


def _mercator(place: Coordinates, around: float) -> tuple[float, float]:
    latitude = max(-_MAX_LATITUDE, min(_MAX_LATITUDE, place.latitude))
    return radians(_normalize_longitude(place.longitude, around)), log(tan(pi / 4 + radians(latitude) / 2))


def _normalize_longitude(longitude: float, around: float) -> float:
    """Express a longitude in degrees within 180° of another one."""
    return (longitude - around + 180) % 360 - 180 + around


def _distance_to_line(point: Point, start: Point, end: Point) -> float:
    """The distance of a point from the line segment between two others."""
    dx, dy = end.x - start.x, end.y - start.y
    squared_length = dx * dx + dy * dy
    share = 0.0 if squared_length == 0 else ((point.x - start.x) * dx + (point.y - start.y) * dy) / squared_length
    share = max(0.0, min(1.0, share))
    offset_x, offset_y = point.x - start.x - share * dx, point.y - start.y - share * dy
    return float((offset_x * offset_x + offset_y * offset_y) ** 0.5)
