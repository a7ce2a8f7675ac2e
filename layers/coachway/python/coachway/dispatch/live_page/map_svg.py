"""A map of a trip, drawn from its own points only: the places of lines, marks and labels. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final, NamedTuple

from coachway.core.types.geo import Coordinates
from coachway.dispatch.live_page import map_projection as onto
from coachway.dispatch.live_page.map_projection import HEIGHT, WIDTH, Line, Point, Projection, Scale

_GROUP_RADIUS: Final = 15.0
"""Units within which two stops share a mark."""
_LETTER_WIDTH: Final = 7.3
_LINE_HEIGHT: Final = 16.0
"""Units that a letter is wide and a line of text high."""
_MAX_LABEL: Final = 22


class Box(NamedTuple):
    """What something covers on the sheet."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Whether the two have a part in common."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class MapStop:
    """A stop to be drawn. `number` is its place in the list of stops, from 1."""

    number: int
    name: str
    place: Coordinates
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class MapVehicle:
    """A vehicle to be drawn, where it is and where it has been. `heading` is degrees from north, clockwise."""

    name: str
    place: Coordinates | None
    heading: float | None = None
    trail: Sequence[Coordinates] = ()
    is_old: bool = False
    """The position is not fresh."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A stop, or several at one place, on the sheet. `label` is where its name stands, if there is room for it."""

    at: Point
    numbers: str
    name: str
    is_done: bool
    label: Point | None
    anchor: str = "start"
    """As SVG's `text-anchor`."""

    @property
    def half(self) -> float:
        """Half of what the mark is wide."""
        return 10.0 if len(self.numbers) == 1 else 6.0 + 4.0 * len(self.numbers)


@dataclass(frozen=True, slots=True)
class Arrow:
    """A vehicle on the sheet. `turn` is its heading, None when it stands or tells none."""

    at: Point
    name: str
    turn: int | None
    is_old: bool


@dataclass(frozen=True, slots=True)
class Map:
    """All that stands on the sheet; paths are as SVG's `points`."""

    meridians: Sequence[Line]
    parallels: Sequence[Line]
    route: str
    behind: str
    """The part of the route whose stops were come to."""
    trails: Sequence[str]
    marks: Sequence[Mark]
    arrows: Sequence[Arrow]
    scale: Scale
    width: float = WIDTH
    height: float = HEIGHT


def build_map(stops: Sequence[MapStop], movers: Sequence[MapVehicle], focus: Sequence[Coordinates] = ()) -> Map | None:
    """The map of stops and vehicles; None when no place is known. With a `focus` the sheet is only of what is there."""
    places = [stop.place for stop in stops]
    for mover in movers:
        places += [*mover.trail, *([mover.place] if mover.place else [])]
    if not places:
        return None
    projection = onto.fit_projection(focus or places)
    marks = [mark for mark in _group_marks(stops, projection) if _is_on_sheet(mark.at)]
    arrows = [_build_arrow(mover, mover.place, projection) for mover in movers if mover.place is not None]
    return Map(
        meridians=onto.meridians(projection),
        parallels=onto.parallels(projection),
        route=_path(projection.point(stop.place) for stop in stops),
        behind=_path(projection.point(stop.place) for stop in takewhile(lambda stop: stop.is_done, stops)),
        trails=[_trail_path(mover, projection) for mover in movers if mover.trail],
        marks=_place_labels(marks, [arrow.at for arrow in arrows]),
        arrows=arrows,
        scale=onto.build_scale(projection),
    )


def _trail_path(mover: MapVehicle, projection: Projection) -> str:
    places = [*mover.trail, *([mover.place] if mover.place else [])]
    return _path(onto.simplify_line([projection.point(place) for place in places]))


def _path(points: Iterable[Point]) -> str:
    return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in points)


def _build_arrow(mover: MapVehicle, place: Coordinates, projection: Projection) -> Arrow:
    turn = None if mover.heading is None else round(mover.heading) % 360
    return Arrow(_round_point(projection.point(place)), mover.name, turn, mover.is_old)


def _is_on_sheet(point: Point) -> bool:
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
    """The marks, their names where nothing else is: right, left, below or above; left out where there is no room."""
    occupied_boxes = [Box(point.x - 11, point.y - 11, point.x + 11, point.y + 11) for point in occupied]
    occupied_boxes += [
        Box(mark_.at.x - mark_.half, mark_.at.y - 11, mark_.at.x + mark_.half, mark_.at.y + 11) for mark_ in marks
    ]
    occupied_boxes.append(Box(0, HEIGHT - 30, 120, HEIGHT))  # the scale's
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
