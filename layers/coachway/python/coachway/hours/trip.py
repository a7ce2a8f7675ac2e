"""A trip as its drivers live it: legs of driving, waits on duty, rests long enough to sleep."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Final, Self

from pydantic import Field, model_validator

from coachway.core import errors
from coachway.core.types.geo import Coordinates, miles_between
from coachway.hours.model import Frozen, Instant, Segment, Status

MILES_PER_HOUR: Final = 50.0
"""Of a coach over a whole leg, traffic and fuel included, where the trip does not say when it arrives."""

TOP_MILES_PER_HOUR: Final = 70.0
"""A timetable that needs more than this on average hides driving time."""

ROAD_FACTOR: Final = 1.3
"""Miles on the road for each mile as the crow flies."""

_MINUTE: Final = timedelta(minutes=1)


class TripStop(Frozen):
    """A place, and when the vehicle comes and goes; a time left out is reckoned from the miles."""

    arrival: Instant | None = None
    departure: Instant | None = None
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)

    @model_validator(mode="after")
    def _leaves_after_it_comes(self) -> Self:
        if self.arrival and self.departure and self.departure < self.arrival:
            raise ValueError("a stop's departure must not be before its arrival")
        return self


class Trip(Frozen):
    """`miles` with passengers from the first stop to the last; `deadhead_miles` empty, half before and half after.

    A wait of `rest_from` or longer between arriving and leaving is the drivers' rest; a shorter one is on duty.
    """

    stops: tuple[TripStop, ...] = Field(min_length=2, max_length=50)
    miles: float | None = Field(None, ge=0, le=20_000)
    deadhead_miles: float = Field(0, ge=0, le=20_000)
    drivers: int = Field(1, ge=1, le=4)
    rest_from: timedelta = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Leg:
    """Driving from one stop to the next, and the wait there. Stop -1 and the one after the last are the garage."""

    from_stop: int
    departs: datetime
    arrives: datetime
    waits_until: datetime
    rests: bool
    miles: float
    ends: tuple[Coordinates, Coordinates] | None

    @property
    def driving(self) -> timedelta:
        """Time at the wheel."""
        return self.arrives - self.departs

    @property
    def is_too_fast(self) -> bool:
        """Whether the timetable asks for more miles than can be driven in its time."""
        return self.miles > TOP_MILES_PER_HOUR * (self.driving / timedelta(hours=1)) + 1

    def segments(self) -> Iterator[Segment]:
        """The driving, then the wait."""
        if self.departs < self.arrives:
            yield Segment(start=self.departs, end=self.arrives, status=Status.DRIVING)
        if self.arrives < self.waits_until:
            yield Segment(start=self.arrives, end=self.waits_until, status=Status.OFF if self.rests else Status.ON)

    def place(self, share: float) -> tuple[float, float] | None:
        """Latitude and longitude after `share` (0 to 1) of the way, on the straight line."""
        if self.ends is None:
            return None
        (lat, lon), (to_lat, to_lon) = self.ends
        return round(lat + (to_lat - lat) * share, 4), round(lon + (to_lon - lon) * share, 4)


def road_miles(trip: Trip) -> float | None:
    """1.3 times the straight line from stop to stop; None where coordinates are missing."""
    ends = [_ends(one, two) for one, two in pairwise(trip.stops)]
    existing = [miles_between(*pair) for pair in ends if pair is not None]
    return sum(existing) * ROAD_FACTOR if len(existing) == len(ends) else None


def legs(trip: Trip) -> list[Leg] | None:
    """The trip's legs, garage to garage; None when its times cannot be told. Raises Invalid for times out of order."""
    miles = _miles(trip)
    times = _times(trip, miles)
    if times is None:
        return None
    result = []
    for index, ((_, departs), (arrives, leaves)) in enumerate(pairwise(times)):
        if arrives < departs:
            raise errors.Invalid.field(
                f"stops.{index + 1}.estimated_arrival", "must not be before the departure from the stop before it"
            )
        if leaves < arrives:
            raise errors.Invalid.field(f"stops.{index + 1}.estimated_departure", "must not be before the arrival")
        last = index == len(times) - 2
        waits_until = arrives if last else leaves
        result.append(
            Leg(
                from_stop=index,
                departs=departs,
                arrives=arrives,
                waits_until=waits_until,
                rests=waits_until - arrives >= trip.rest_from,
                miles=miles[index] if miles else 0.0,
                ends=_ends(trip.stops[index], trip.stops[index + 1]),
            )
        )
    if trip.deadhead_miles:
        result = [_empty(result[0].departs, -1, trip, before=True), *result]
        result.append(_empty(result[-1].arrives, len(trip.stops) - 1, trip, before=False))
    return result if any(leg.driving for leg in result) else None


def _empty(at: datetime, from_stop: int, trip: Trip, *, before: bool) -> Leg:
    miles = trip.deadhead_miles / 2
    takes = _driving_time(miles)
    departs, arrives = (at - takes, at) if before else (at, at + takes)
    return Leg(from_stop, departs, arrives, arrives, False, miles, None)


def _driving_time(miles: float) -> timedelta:
    return math.ceil(miles / MILES_PER_HOUR * 60) * _MINUTE


def _times(trip: Trip, miles: Sequence[float] | None) -> list[tuple[datetime, datetime]] | None:
    """(arrival, departure) of every stop. None where they cannot be told.

    Between two stops that say when, those that do not are passed at their share of the miles; after the last one that
    does, the miles take their time.
    """
    first = trip.stops[0].departure or trip.stops[0].arrival
    if first is None:
        return None
    times = [(first, first)]
    while len(times) < len(trip.stops):
        here = len(times) - 1
        there = next((n for n in range(here + 1, len(trip.stops)) if _is_timed(trip.stops[n])), None)
        reached = _reached(trip, miles, here, there, times[-1][1])
        if reached is None:
            return None
        times += [(at, trip.stops[here + n].departure or at) for n, at in enumerate(reached, 1)]
    return times


def _is_timed(stop: TripStop) -> bool:
    return stop.arrival is not None or stop.departure is not None


def _reached(
    trip: Trip, miles: Sequence[float] | None, here: int, there: int | None, leaves: datetime
) -> list[datetime] | None:
    """When the stops after `here` are reached: up to `there`, the next that says when, or the last of all."""
    end = len(trip.stops) - 1 if there is None else there
    legs_between = [miles[n] for n in range(here, end)] if miles else [1.0] * (end - here)
    takes = list(accumulate(_driving_time(leg) for leg in legs_between))
    if there is None:
        return [leaves + taken for taken in takes] if miles else None
    arrival = trip.stops[there].arrival
    if arrival is None:
        # A stop that only says when it leaves is waited at from the moment the miles bring the vehicle there.
        departure = trip.stops[there].departure
        arrival = min(moment for moment in (miles and leaves + takes[-1], departure) if moment)
    total = sum(legs_between)
    shares = [part / total if total else 1.0 for part in accumulate(legs_between)]
    return [*(leaves + (arrival - leaves) * share for share in shares[:-1]), arrival]


def _miles(trip: Trip) -> list[float] | None:
    """The miles of each leg: the trip's, shared out by distance; by distance alone where it does not say."""
    ends = [_ends(one, two) for one, two in pairwise(trip.stops)]
    straight = [miles_between(*pair) for pair in ends if pair is not None]
    if len(straight) < len(ends):
        return [trip.miles / len(ends)] * len(ends) if trip.miles is not None else None
    total = sum(straight)
    if trip.miles is None:
        return [leg * ROAD_FACTOR for leg in straight]
    return [trip.miles * leg / total if total else trip.miles / len(ends) for leg in straight]


def _ends(one: TripStop, two: TripStop) -> tuple[Coordinates, Coordinates] | None:
    if one.latitude is None or one.longitude is None or two.latitude is None or two.longitude is None:
        return None
    return Coordinates(one.latitude, one.longitude), Coordinates(two.latitude, two.longitude)
