"""Where on its way a vehicle is, from its fixes: two inside a stop's fence are an arrival, two outside a departure.

Stops are come to in their order. What is told already (by hand, or by fixes that came before) stands: a vehicle is at
least as far as that. Pure: no clock, no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from coachway.core.geo import METERS_PER_MILE, Place, miles_between
from coachway.dispatch.model import AssignmentStop
from coachway.dispatch.packing import Fix
from coachway.hours.model import Frozen, Instant

FENCE_METERS: Final = 200.0
AGREEING: Final = 2
"""How many fixes, one after the other, must say the same."""
NEAR_METERS: Final = 1000.0
"""A stop so close to the one just left is come to only after the vehicle was further away than this, or when it is due:
a fix that wavers at the fence is no return.
"""
DUE_EARLY: Final = timedelta(hours=1)
"""How long before its planned time a stop is due: others before it may then have been missed."""
FASTEST_MPH: Final = 120.0
"""A fix that only a faster vehicle could reach is an error of the receiver,"""
BELIEVED_AFTER: Final = 3
"""unless as many of them follow each other."""


class Happening(StrEnum):
    """What a vehicle does at a stop."""

    ARRIVED = "arrived"
    DEPARTED = "departed"


class Passage(NamedTuple):
    """That a vehicle came to a stop, or left it."""

    stop: int
    happening: Happening
    at: datetime


class Progress(Frozen):
    """How far a vehicle has come. It is at `stop`, counted from 0, or on the way to it; past the last one it is over.

    `run` fixes in a row, the first at `since`, say that it is at `toward` (on the way), or has left (at a stop).
    """

    stop: int = 0
    there: bool = False
    run: int = 0
    toward: int = 0
    since: Instant | None = None
    away: bool = False
    """Whether it was far from the stop that it left last."""
    latitude: float | None = None
    longitude: float | None = None
    seen_at: Instant | None = None
    """Of the last fix that counted."""
    strays: int = 0

    @property
    def place(self) -> Place | None:
        """Where it was seen last."""
        if self.latitude is None or self.longitude is None:
            return None
        return Place(self.latitude, self.longitude)


@dataclass(frozen=True, slots=True)
class Followed:
    """What fixes lead to: how far the vehicle is after them, what happened, and which of them counted."""

    progress: Progress
    passages: list[Passage]
    counted: list[Fix]


def follow(progress: Progress, fixes: Iterable[Fix], stops: Sequence[AssignmentStop]) -> Followed:
    """Go on from `progress` through `fixes`, in the order of their times."""
    way = _Way(stops, **progress.model_dump())
    for fix in fixes:
        way.see(fix)
    return Followed(way.progress, way.passages, way.counted)


def told(stops: Sequence[AssignmentStop], progress: Progress | None = None) -> Progress:
    """As far as a vehicle is known to be by now: by its fixes, which lead to `progress`, and by all that is told."""
    way = _Way(stops, **progress.model_dump()) if progress is not None else _Way(stops)
    way.catch_up(None)
    return way.progress


def meters(one: Place, other: Place) -> float:
    """Metres in a straight line."""
    return miles_between(one, other) * METERS_PER_MILE


def planned(stop: AssignmentStop) -> datetime | None:
    """When a vehicle should be there."""
    return stop.arrival or stop.departure


@dataclass(slots=True)
class _Way:
    """A progress on its way through fixes."""

    stops: Sequence[AssignmentStop]
    stop: int = 0
    there: bool = False
    run: int = 0
    toward: int = 0
    since: datetime | None = None
    away: bool = False
    latitude: float | None = None
    longitude: float | None = None
    seen_at: datetime | None = None
    strays: int = 0
    passages: list[Passage] = field(default_factory=list)
    counted: list[Fix] = field(default_factory=list)

    @property
    def progress(self) -> Progress:
        return Progress(**{name: getattr(self, name) for name in Progress.model_fields})

    def see(self, fix: Fix) -> None:
        self.catch_up(fix.at)
        if not self._counts(fix):
            return
        self.counted.append(fix)
        self.latitude, self.longitude, self.seen_at, self.strays = fix.latitude, fix.longitude, fix.at, 0
        if self.stop >= len(self.stops):
            return
        if self.there:
            self._at_stop(fix)
        else:
            self._on_the_way(fix)

    def catch_up(self, until: datetime | None) -> None:
        """Go as far as is told to have happened by then."""
        for number in range(self.stop, len(self.stops)):
            stop = self.stops[number]
            if stop.departed_at is not None and (until is None or stop.departed_at <= until):
                self._leave(number)
            elif stop.arrived_at is not None and (until is None or stop.arrived_at <= until):
                self._come_to(number)

    def _counts(self, fix: Fix) -> bool:
        if fix.accuracy_m is not None and fix.accuracy_m > FENCE_METERS:
            return False
        if self.latitude is None or self.longitude is None or self.seen_at is None:
            return True
        hours = max(1.0, (fix.at - self.seen_at).total_seconds()) / 3600
        miles = miles_between(Place(self.latitude, self.longitude), fix.place)
        if miles * METERS_PER_MILE <= FENCE_METERS or miles / hours <= FASTEST_MPH:
            return True
        self.strays += 1
        return self.strays >= BELIEVED_AFTER

    def _at_stop(self, fix: Fix) -> None:
        if self._inside(self.stop, fix):
            self._forget()
            return
        self._once_more(self.stop, fix)
        if self.run >= AGREEING and self.since is not None:
            left_at, here = self.since, self.stops[self.stop].place
            self._passed(self.stop, Happening.DEPARTED, left_at)
            self._leave(self.stop)
            self._pass_neighbours(here, left_at)

    def _pass_neighbours(self, here: Place | None, at: datetime) -> None:
        """Stops in the same fence, if they are due, were served together."""
        while self.stop < len(self.stops) and here is not None:
            following = self.stops[self.stop].place
            if following is None or meters(here, following) > FENCE_METERS or not self._is_due(self.stop, at):
                return
            self._passed(self.stop, Happening.ARRIVED, at)
            if self.stop == len(self.stops) - 1:
                self.there = True
                return
            self._passed(self.stop, Happening.DEPARTED, at)
            self._leave(self.stop)

    def _on_the_way(self, fix: Fix) -> None:
        left = self.stops[self.stop - 1].place if self.stop else None
        if left is not None and meters(left, fix.place) > NEAR_METERS:
            self.away = True
        reached = next(
            (
                number
                for number in range(self.stop, len(self.stops))
                if self._inside(number, fix) and self._may_be_reached(number, left, fix.at)
            ),
            None,
        )
        if reached is None:
            self._forget()
            return
        if reached != self.toward:
            self._forget()
        self._once_more(reached, fix)
        if self.run >= AGREEING and self.since is not None:
            self._passed(reached, Happening.ARRIVED, self.since)
            self._come_to(reached)

    def _may_be_reached(self, number: int, left: Place | None, at: datetime) -> bool:
        """The next stop always may, unless it is where the vehicle just left; a later one when it is due."""
        place = self.stops[number].place
        is_near = left is not None and place is not None and meters(left, place) <= NEAR_METERS
        if number == self.stop:
            return not is_near or self.away or self._is_due(number, at)
        return self._is_due(number, at) and (not is_near or self.away)

    def _is_due(self, number: int, at: datetime) -> bool:
        wanted = planned(self.stops[number])
        return wanted is not None and at >= wanted - DUE_EARLY

    def _inside(self, number: int, fix: Fix) -> bool:
        place = self.stops[number].place
        return place is not None and meters(place, fix.place) <= FENCE_METERS

    def _once_more(self, toward: int, fix: Fix) -> None:
        if self.run == 0:
            self.since, self.toward = fix.at, toward
        self.run += 1

    def _come_to(self, number: int) -> None:
        if (self.stop, self.there) != (number, True):
            self.stop, self.there = number, True
            self._forget()

    def _leave(self, number: int) -> None:
        self.stop, self.there, self.away = number + 1, False, False
        self._forget()

    def _forget(self) -> None:
        self.run, self.since, self.toward = 0, None, self.stop

    def _passed(self, stop: int, happening: Happening, at: datetime) -> None:
        self.passages.append(Passage(stop, happening, at))
