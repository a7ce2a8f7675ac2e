"""Lay out the map of a trip: its lines, marks and labels. Pure: no clock, no I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final, NamedTuple

from coachway.core.types.geo import Coordinates
from coachway.dispatch.tracking_page import map_projection
from coachway.dispatch.tracking_page.map_projection import HEIGHT, WIDTH, Line, Point, Projection, Scale

_GROUP_RADIUS: Final = 15.0
"""Stops closer than this, in map units, share a mark."""
_LETTER_WIDTH: Final = 7.3
_LINE_HEIGHT: Final = 16.0
"""Size of label text in map units."""
_MAX_LABEL: Final = 22
"""Letters of the longest label."""


class Box(NamedTuple):
    """An area of the map."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        """Whether the two areas overlap."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class MapStop:
    """A stop to draw. `number` is its position in the list of stops, counted from 1."""

    number: int
    name: str
    place: Coordinates
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class MapVehicle:
    """A vehicle to draw, with its position and recent trail. `heading` is in degrees from north, clockwise."""

    name: str
    place: Coordinates | None
    heading: float | None = None
    trail: Sequence[Coordinates] = ()
    is_old: bool = False
    """Whether the position is old."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One stop, or several close to each other, on the map. `label` is the position of the name, if there is space."""

    at: Point
    numbers: str
    name: str
    is_done: bool
    label: Point | None
    anchor: str = "start"
    """The value of `text-anchor` in SVG."""

    @property
    def half(self) -> float:
        """Half the width of the mark."""
        return 10.0 if len(self.numbers) == 1 else 6.0 + 4.0 * len(self.numbers)


@dataclass(frozen=True, slots=True)
class Arrow:
    """A vehicle on the map. `turn` is its heading in degrees, None if unknown."""

    at: Point
    name: str
    turn: int | None
    is_old: bool


@dataclass(frozen=True, slots=True)
class Map:
    """The content of the map. Paths have the format of `points` in SVG."""

    meridians: Sequence[Line]
    parallels: Sequence[Line]
    route: str
    completed_route: str
    """The part of the route up to the last stop that was reached."""
    trails: Sequence[str]
    marks: Sequence[Mark]
    arrows: Sequence[Arrow]
    scale: Scale
    width: float = WIDTH
    height: float = HEIGHT


def build_map(
    stops: Sequence[MapStop], vehicles: Sequence[MapVehicle], focus: Sequence[Coordinates] = ()
) -> Map | None:
    """Build the map of stops and vehicles; None when no place is known. With a `focus`, it shows only that area."""
    places = [stop.place for stop in stops]
    for vehicle in vehicles:
        places += [*vehicle.trail, *([vehicle.place] if vehicle.place else [])]
    if not places:
        return None
    projection = map_projection.fit_projection(focus or places)
    marks = [mark for mark in _group_marks(stops, projection) if _is_on_map(mark.at)]
    arrows = [_build_arrow(vehicle, vehicle.place, projection) for vehicle in vehicles if vehicle.place is not None]
    return Map(
        meridians=map_projection.meridians(projection),
        parallels=map_projection.parallels(projection),
        route=_path(projection.point(stop.place) for stop in stops),
        completed_route=_path(projection.point(stop.place) for stop in takewhile(lambda stop: stop.is_done, stops)),
        trails=[_trail_path(vehicle, projection) for vehicle in vehicles if vehicle.trail],
        marks=_place_labels(marks, [arrow.at for arrow in arrows]),
        arrows=arrows,
        scale=map_projection.build_scale(projection),
    )


def _trail_path(vehicle: MapVehicle, projection: Projection) -> str:
    places = [*vehicle.trail, *([vehicle.place] if vehicle.place else [])]
    return _path(map_projection.simplify_line([projection.point(place) for place in places]))


def _path(points: Iterable[Point]) -> str:
    return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in points)


def _build_arrow(vehicle: MapVehicle, place: Coordinates, projection: Projection) -> Arrow:
    turn = None if vehicle.heading is None else round(vehicle.heading) % 360
    return Arrow(_round_point(projection.point(place)), vehicle.name, turn, vehicle.is_old)


def _is_on_map(point: Point) -> bool:
    return 0 <= point.x <= WIDTH and 0 <= point.y <= HEIGHT


def _round_point(point: Point) -> Point:
    return Point(round(point.x, 1), round(point.y, 1))


@dataclass(slots=True)
class _Group:
    """Stops that share a mark."""

    at: Point
    stops: list[MapStop] = field(default_factory=list)


def _group_marks(stops: Sequence[MapStop], projection: Projection) -> list[Mark]:
    groups: list[_Group] = []
    for stop in stops:
        point = projection.point(stop.place)
        nearby = next((group for group in groups if _distance(group.at, point) < _GROUP_RADIUS), None)
        if nearby is None:
            groups.append(nearby := _Group(point))
        nearby.stops.append(stop)
    return [
        Mark(
            at=_round_point(group.at),
            numbers="·".join(str(stop.number) for stop in group.stops[:3]) + ("…" if len(group.stops) > 3 else ""),
            name=_shorten(group.stops[0].name),
            is_done=all(stop.is_done for stop in group.stops),
            label=None,
        )
        for group in groups
    ]


def _distance(one: Point, other: Point) -> float:
    return float(((one.x - other.x) ** 2 + (one.y - other.y) ** 2) ** 0.5)


def _shorten(name: str) -> str:
    return name if len(name) <= _MAX_LABEL else f"{name[: _MAX_LABEL - 1].rstrip()}…"


def _place_labels(marks: Sequence[Mark], occupied: Sequence[Point]) -> list[Mark]:
    """Place the label of each mark right, left, below or above it; leave it out where there is no space."""
    occupied_boxes = [Box(point.x - 11, point.y - 11, point.x + 11, point.y + 11) for point in occupied]
    occupied_boxes += [
        Box(mark.at.x - mark.half, mark.at.y - 11, mark.at.x + mark.half, mark.at.y + 11) for mark in marks
    ]
    occupied_boxes.append(Box(0, HEIGHT - 30, 120, HEIGHT))  # the scale bar
    labelled = []
    for mark in marks:
        position = next(
            (position for position in _label_positions(mark) if _is_free(position[2], occupied_boxes)), None
        )
        if position is None:
            labelled.append(mark)
            continue
        label, anchor, box = position
        occupied_boxes.append(box)
        labelled.append(Mark(mark.at, mark.numbers, mark.name, mark.is_done, label, anchor))
    return labelled


def _label_positions(mark: Mark) -> list[tuple[Point, str, Box]]:
    width, offset = len(mark.name) * _LETTER_WIDTH, mark.half + 4
    x, y = mark.at
    candidates = [
        (Point(x + offset, y + 4), "start", x + offset),
        (Point(x - offset, y + 4), "end", x - offset - width),
        (Point(x, y + 25), "middle", x - width / 2),
        (Point(x, y - 16), "middle", x - width / 2),
    ]
    return [(at, anchor, Box(left, at.y - _LINE_HEIGHT + 3, left + width, at.y + 3)) for at, anchor, left in candidates]


def _is_free(box: Box, occupied: Sequence[Box]) -> bool:
    inside = box.left >= 3 and box.right <= WIDTH - 3 and box.top >= 3 and box.bottom <= HEIGHT - 3
    return inside and not any(box.overlaps(other) for other in occupied)
