"""Positions of a vehicle that keeps to its plan, as the driver's phone would send them. No clock and no I/O."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from infra.local.demo.scenario import Json

MAX_POSITIONS: Final = 100
"""How many positions the API accepts in one request."""
_POSITIONS_PER_DRIVE: Final = 70
_DEPARTURE_DELAY: Final = timedelta(minutes=2)
"""After the planned departure: the driver checks that everybody is on board."""
_EARLY_ARRIVAL: Final = timedelta(minutes=10)
_MINUTE: Final = timedelta(minutes=1)
_MIN_INTERVAL: Final = timedelta(seconds=20)
_METERS_PER_DEGREE: Final = 111_195.0
_METERS_PER_SECOND_PER_MPH: Final = 0.44704
_DETOUR: Final = 1.3
"""Roads are this much longer than the straight line, so a vehicle that is on time drives faster at the beginning."""

Coordinates = tuple[float, float]


class Leg(NamedTuple):
    """A drive between two stops, and how long the vehicle stays at the second."""

    start: Coordinates
    end: Coordinates
    departs: datetime
    arrives: datetime
    stays_until: datetime


def planned_positions(
    stops: Sequence[Json], since: datetime, until: datetime, *, home_by: datetime | None = None
) -> list[Json]:
    """The positions between two times, oldest first; the last one is at `until`.

    `stops` are an assignment's. `home_by`: when it reached its last stop, if that was earlier than planned.
    """
    noise = random.Random(stops[0]["address"])  # noqa: S311  # nosec B311 - reproducible, not a secret
    legs = list(_legs(stops, home_by))
    first, place = legs[0].departs, _coordinates(stops[0])
    waiting_since = max(since, min(first - _EARLY_ARRIVAL, until - 2 * _MINUTE))
    planned = [(at, place) for at in _waiting_times(waiting_since, first)]
    driving = sum((leg.arrives - leg.departs for leg in legs if leg.departs < until), timedelta())
    interval = max(_MIN_INTERVAL, driving / _POSITIONS_PER_DRIVE)
    for leg in legs:
        at = leg.departs + interval
        while at < leg.arrives:
            planned.append((at, _road_position(leg, (at - leg.departs) / (leg.arrives - leg.departs))))
            at += interval
        planned += [(at, leg.end) for at in _waiting_times(leg.arrives, leg.stays_until)]
    selected = [(at, position) for at, position in planned if since <= at < until]
    selected.append((until, _position_at(legs, place, until)))
    first_index = max(0, len(selected) - MAX_POSITIONS)
    return [_position_body(selected, index, noise) for index in range(first_index, len(selected))]


def _legs(stops: Sequence[Json], home_by: datetime | None) -> Iterator[Leg]:
    for index, (start, end) in enumerate(pairwise(stops)):
        is_last = index == len(stops) - 2
        arrives = datetime.fromisoformat(end["arrival"] or end["departure"])
        if is_last and home_by is not None:
            arrives = min(arrives, home_by)
        stays_until = arrives + 2 * _MINUTE if is_last else datetime.fromisoformat(end["departure"]) + _DEPARTURE_DELAY
        departs = min(datetime.fromisoformat(start["departure"]) + _DEPARTURE_DELAY, arrives - _MINUTE)
        yield Leg(_coordinates(start), _coordinates(end), departs, arrives, stays_until)


def _coordinates(stop: Json) -> Coordinates:
    return stop["latitude"], stop["longitude"]


def _waiting_times(start: datetime, end: datetime) -> list[datetime]:
    """A few times during a stay: enough to detect the arrival and the departure."""
    return sorted({start, *(at for at in (start + _MINUTE, end - _MINUTE, end) if start < at <= end)})


def _position_at(legs: Sequence[Leg], place: Coordinates, at: datetime) -> Coordinates:
    """Where the vehicle is at a time."""
    for leg in legs:
        if at < leg.departs:
            return place
        if at < leg.arrives:
            return _road_position(leg, (at - leg.departs) / (leg.arrives - leg.departs))
        place = leg.end
    return place


def _road_position(leg: Leg, share: float) -> Coordinates:
    """The position at this share of the driving time: beside the straight line, except at its ends."""
    progress = 1 - (1 - share) ** _DETOUR
    north, east = leg.end[0] - leg.start[0], leg.end[1] - leg.start[1]
    offset = 0.04 * math.sin(math.pi * progress) * math.sin(2.6 * math.pi * progress)
    return leg.start[0] + north * progress - east * offset, leg.start[1] + east * progress + north * offset


def _position_body(positions: Sequence[tuple[datetime, Coordinates]], index: int, noise: random.Random) -> Json:
    at, place = positions[index]
    previous_at, previous = positions[max(0, index - 1)]
    north, east = _distance_meters(previous, place)
    seconds = max(1.0, (at - previous_at).total_seconds())
    accuracy = noise.uniform(3, 9)
    error = noise.gauss(0, accuracy / 2) / _METERS_PER_DEGREE
    return {
        "latitude": round(place[0] + error, 6),
        "longitude": round(place[1] - error, 6),
        "speed_mph": round(min(70.0, math.hypot(north, east) / seconds / _METERS_PER_SECOND_PER_MPH), 1),
        "heading": round(math.degrees(math.atan2(east, north)) % 360),
        "accuracy_m": round(accuracy, 1),
        "recorded_at": at.isoformat(),
    }


def _distance_meters(start: Coordinates, end: Coordinates) -> tuple[float, float]:
    """The distance to the north and to the east."""
    meters_per_degree_east = math.cos(math.radians(start[0])) * _METERS_PER_DEGREE
    return (end[0] - start[0]) * _METERS_PER_DEGREE, (end[1] - start[1]) * meters_per_degree_east
