"""Where a vehicle was that kept to its plan, as the driver's telephone would have told. Pure: no clock, no I/O."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from infra.local.demo.scenario import Json

MOST: Final = 100
"""Positions that the API takes at once."""
_ON_THE_ROAD: Final = 70
_LEAVES: Final = timedelta(minutes=2)
"""After the plan: the last one is always looked for."""
_EARLY: Final = timedelta(minutes=10)
_MINUTE: Final = timedelta(minutes=1)
_SHORTEST: Final = timedelta(seconds=20)
_METERS_A_DEGREE: Final = 111_195.0
_MPH: Final = 0.44704
_SLOWS: Final = 1.3
"""Roads are so much longer than the straight line: who is on time at every moment is quick first and slow at last."""

Spot = tuple[float, float]


class Leg(NamedTuple):
    """A drive from stop to stop, and when the vehicle leaves the second one again."""

    start: Spot
    end: Spot
    leaves: datetime
    arrives: datetime
    stays: datetime


def points(stops: Sequence[Json], since: datetime, until: datetime, *, home_by: datetime | None = None) -> list[Json]:
    """The positions between two moments, oldest first; the last one is of `until`.

    `stops` are an assignment's. `home_by`: when it came to its last stop, if that was sooner than planned.
    """
    noise = random.Random(stops[0]["address"])  # noqa: S311  # nosec B311 - the same every time, and no secret
    legs = list(_legs(stops, home_by))
    first, place = legs[0].leaves, _place(stops[0])
    told = [(at, place) for at in _standing(max(since, min(first - _EARLY, until - 2 * _MINUTE)), first)]
    driving = sum((leg.arrives - leg.leaves for leg in legs if leg.leaves < until), timedelta())
    tick = max(_SHORTEST, driving / _ON_THE_ROAD)
    for leg in legs:
        at = leg.leaves + tick
        while at < leg.arrives:
            told.append((at, _on_the_road(leg, (at - leg.leaves) / (leg.arrives - leg.leaves))))
            at += tick
        told += [(at, leg.end) for at in _standing(leg.arrives, leg.stays)]
    kept = [(at, spot) for at, spot in told if since <= at < until]
    kept.append((until, _at(legs, place, until)))
    return [_told(kept, number, noise) for number in range(max(0, len(kept) - MOST), len(kept))]


def _legs(stops: Sequence[Json], home_by: datetime | None) -> Iterator[Leg]:
    for number, (one, two) in enumerate(pairwise(stops)):
        is_last = number == len(stops) - 2
        arrives = datetime.fromisoformat(two["arrival"] or two["departure"])
        if is_last and home_by is not None:
            arrives = min(arrives, home_by)
        stays = arrives + 2 * _MINUTE if is_last else datetime.fromisoformat(two["departure"]) + _LEAVES
        leaves = min(datetime.fromisoformat(one["departure"]) + _LEAVES, arrives - _MINUTE)
        yield Leg(_place(one), _place(two), leaves, arrives, stays)


def _place(stop: Json) -> Spot:
    return stop["latitude"], stop["longitude"]


def _standing(start: datetime, end: datetime) -> list[datetime]:
    """Some moments of a stay: as many as show that it came, and that it left."""
    return sorted({start, *(at for at in (start + _MINUTE, end - _MINUTE, end) if start < at <= end)})


def _at(legs: Sequence[Leg], place: Spot, at: datetime) -> Spot:
    """Where it is at a moment."""
    for leg in legs:
        if at < leg.leaves:
            return place
        if at < leg.arrives:
            return _on_the_road(leg, (at - leg.leaves) / (leg.arrives - leg.leaves))
        place = leg.end
    return place


def _on_the_road(leg: Leg, share: float) -> Spot:
    """Beside the straight line but at its ends, at this share of the time."""
    gone = 1 - (1 - share) ** _SLOWS
    north, east = leg.end[0] - leg.start[0], leg.end[1] - leg.start[1]
    aside = 0.04 * math.sin(math.pi * gone) * math.sin(2.6 * math.pi * gone)
    return leg.start[0] + north * gone - east * aside, leg.start[1] + east * gone + north * aside


def _told(kept: Sequence[tuple[datetime, Spot]], number: int, noise: random.Random) -> Json:
    at, place = kept[number]
    before, spot = kept[max(0, number - 1)]
    north, east = _meters(spot, place)
    seconds = max(1.0, (at - before).total_seconds())
    accuracy = noise.uniform(3, 9)
    off = noise.gauss(0, accuracy / 2) / _METERS_A_DEGREE
    return {
        "latitude": round(place[0] + off, 6),
        "longitude": round(place[1] - off, 6),
        "speed_mph": round(min(70.0, math.hypot(north, east) / seconds / _MPH), 1),
        "heading": round(math.degrees(math.atan2(east, north)) % 360),
        "accuracy_m": round(accuracy, 1),
        "recorded_at": at.isoformat(),
    }


def _meters(one: Spot, other: Spot) -> tuple[float, float]:
    """Metres to the north and to the east."""
    across = math.cos(math.radians(one[0])) * _METERS_A_DEGREE
    return (other[0] - one[0]) * _METERS_A_DEGREE, (other[1] - one[1]) * across
