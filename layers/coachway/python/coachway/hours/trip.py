"""Legs of a planned trip: driving, waiting on duty, and rest."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Final, Self

from pydantic import Field, model_validator

from coachway.core import errors
from coachway.core.types.geo import Coordinates, RoadLeg, miles_between
from coachway.hours.model import DutyStatus, FrozenSchema, Instant, Segment

AVERAGE_MILES_PER_HOUR: Final = 50.0
"""Average speed of a coach on a leg, including traffic and fuel stops. Driving hours count at most this speed."""

MAX_MILES_PER_HOUR: Final = 70.0
"""The highest plausible average speed; a faster timetable must be wrong."""

ROAD_FACTOR: Final = 1.3
"""Road miles per mile of the straight line."""

MAX_SPOT: Final = timedelta(hours=4)
"""The longest time for which a vehicle stands at the first stop before the departure."""

MAX_INSPECTION: Final = timedelta(hours=2)
"""The longest inspection before a trip."""

_MINUTE: Final = timedelta(minutes=1)


class HoursStop(FrozenSchema):
    """A stop, with its arrival and departure. Missing times are estimated from the miles."""

    arrival: Instant | None = None
    departure: Instant | None = None
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)

    @model_validator(mode="after")
    def _check_times(self) -> Self:
        if self.arrival and self.departure and self.departure < self.arrival:
            raise ValueError("a stop's departure must not be before its arrival")
        return self


class HoursTrip(FrozenSchema):
    """A planned trip. `miles` are with passengers, `deadhead_miles` are empty: half before the trip, half after it.

    `legs` are the way from stop to stop, if a map service calculated it; otherwise the miles are divided by distance.
    A wait at a stop counts as rest from `min_rest` on; a shorter one is on duty. Before it leaves the garage,
    the vehicle is inspected for `inspection`; before the departure, it stands at the first stop for `spot`. Both are on
    duty.
    """

    stops: tuple[HoursStop, ...] = Field(min_length=2, max_length=50)
    legs: tuple[RoadLeg, ...] = ()
    miles: float | None = Field(None, ge=0, le=20_000)
    deadhead_miles: float = Field(0, ge=0, le=20_000)
    drivers: int = Field(1, ge=1, le=4)
    min_rest: timedelta = timedelta(hours=8)
    spot: timedelta = Field(timedelta(), ge=timedelta(), le=MAX_SPOT)
    inspection: timedelta = Field(timedelta(), ge=timedelta(), le=MAX_INSPECTION)

    @property
    def between_stops(self) -> Self:
        """The trip from the first to the last stop, without what comes before and after."""
        return self.model_copy(update={"deadhead_miles": 0.0, "spot": timedelta(), "inspection": timedelta()})

    @model_validator(mode="after")
    def _check_legs(self) -> Self:
        if self.legs and len(self.legs) != len(self.stops) - 1:
            raise ValueError("legs must be one fewer than the stops")
        return self


@dataclass(frozen=True, slots=True)
class Leg:
    """Driving from one stop to the next, and the wait there. A leg from stop -1 starts at the garage."""

    from_stop: int
    departs: datetime
    arrives: datetime
    waits_until: datetime
    is_rest: bool
    miles: float
    endpoints: tuple[Coordinates, Coordinates] | None
    route_time: timedelta = timedelta()
    """The driving time that a map service calculated; 0 if it is unknown."""

    @property
    def required_driving(self) -> timedelta:
        """The driving time that the leg needs: that of the miles at average speed, or of the route if it is longer."""
        return max(timedelta(hours=self.miles / AVERAGE_MILES_PER_HOUR), self.route_time)

    @property
    def driving(self) -> timedelta:
        """Driving time."""
        return self.arrives - self.departs

    @property
    def is_too_fast(self) -> bool:
        """Whether the timetable is faster than the highest plausible speed."""
        return self.miles > MAX_MILES_PER_HOUR * (self.driving / timedelta(hours=1)) + 1

    def segments(self) -> Iterator[Segment]:
        """The segments of driving and waiting."""
        if self.departs < self.arrives:
            yield Segment(start=self.departs, end=self.arrives, status=DutyStatus.DRIVING)
        if self.arrives < self.waits_until:
            yield Segment(
                start=self.arrives, end=self.waits_until, status=DutyStatus.OFF if self.is_rest else DutyStatus.ON
            )

    def position_at(self, share: float) -> tuple[float, float] | None:
        """Latitude and longitude after `share` (0 to 1) of the leg, on the straight line."""
        if self.endpoints is None:
            return None
        (lat, lon), (to_lat, to_lon) = self.endpoints
        return round(lat + (to_lat - lat) * share, 4), round(lon + (to_lon - lon) * share, 4)


def estimate_road_miles(trip: HoursTrip) -> float | None:
    """The miles of the route, else 1.3 times the straight lines between stops; None if coordinates are missing."""
    if trip.legs:
        return sum(leg.miles for leg in trip.legs)
    endpoints = [_endpoints(first, second) for first, second in pairwise(trip.stops)]
    distances = [miles_between(*pair) for pair in endpoints if pair is not None]
    return sum(distances) * ROAD_FACTOR if len(distances) == len(endpoints) else None


def estimate_road_leg(start: Coordinates, end: Coordinates) -> RoadLeg:
    """Estimate a leg as 1.3 times the straight line, at average speed."""
    miles = round(miles_between(start, end) * ROAD_FACTOR, 2)
    return RoadLeg(miles=miles, driving_minutes=_driving_time(miles) // _MINUTE)


def build_legs(trip: HoursTrip) -> list[Leg] | None:
    """Build the legs of a trip by its timetable, garage to garage; None if times are missing.

    Raises Invalid for times out of order.
    """
    miles = _leg_miles(trip)
    times = _stop_times(trip, miles)
    if times is None:
        return None
    miles = _divide_by_driving_time(trip, times) or miles
    result = []
    for index, ((_, departs), (arrives, leaves)) in enumerate(pairwise(times)):
        if arrives < departs:
            raise errors.Invalid.field(
                f"stops.{index + 1}.estimated_arrival", "must not be before the departure from the previous stop"
            )
        if leaves < arrives:
            raise errors.Invalid.field(f"stops.{index + 1}.estimated_departure", "must not be before the arrival")
        is_last = index == len(times) - 2
        waits_until = arrives if is_last else leaves
        result.append(
            Leg(
                from_stop=index,
                departs=departs,
                arrives=arrives,
                waits_until=waits_until,
                is_rest=waits_until - arrives >= trip.min_rest,
                miles=miles[index] if miles else 0.0,
                endpoints=_endpoints(trip.stops[index], trip.stops[index + 1]),
                route_time=_route_time(trip, index),
            )
        )
    result = [*_legs_before_departure(result[0].departs, trip), *result]
    if trip.deadhead_miles:
        result.append(_deadhead_leg(result[-1].arrives, len(trip.stops) - 1, trip, before=False))
    return result if any(leg.driving for leg in result) else None


def build_driven_legs(trip: HoursTrip) -> list[Leg] | None:
    """Build the legs of a trip as they will be driven; None if times are missing. Raises Invalid like `build_legs`.

    Between two rests, driving takes as long as planned, but at least as long as the miles need at average speed, and as
    the route takes. Where the timetable is too fast, the vehicle arrives later, waits less, and then also leaves later.
    """
    legs = build_legs(trip)
    if legs is None:
        return None
    driven_legs: list[Leg] = []
    for leg, missing in zip(legs, _missing_times(legs), strict=True):
        departs = max(leg.departs, driven_legs[-1].waits_until) if driven_legs else leg.departs
        arrives = departs + leg.driving + missing
        waits_until = max(leg.waits_until, arrives)
        is_rest = waits_until - arrives >= trip.min_rest
        driven_legs.append(replace(leg, departs=departs, arrives=arrives, waits_until=waits_until, is_rest=is_rest))
    return driven_legs


def _missing_times(legs: Sequence[Leg]) -> list[timedelta]:
    """The driving time that the timetable lacks on each leg."""
    missing_times: list[timedelta] = []
    group: list[Leg] = []
    for leg in legs:
        group.append(leg)
        if leg.is_rest:
            missing_times += _missing_times_without_rest(group)
            group = []
    return missing_times + _missing_times_without_rest(group)


def _missing_times_without_rest(legs: Sequence[Leg]) -> list[timedelta]:
    """The driving time that legs without a rest between them lack together, divided among those that are too fast."""
    differences = [leg.required_driving - leg.driving for leg in legs]
    total = sum(differences, timedelta())
    if total < _MINUTE:
        return [timedelta()] * len(legs)
    shortfalls = [max(difference, timedelta()) for difference in differences]
    return [total * (shortfall / sum(shortfalls, timedelta())) for shortfall in shortfalls]


def _legs_before_departure(departs: datetime, trip: HoursTrip) -> list[Leg]:
    """The inspection, the drive from the garage, and the wait at the first stop; without those that take no time."""
    legs: list[Leg] = []
    spot_at = departs - trip.spot
    if trip.deadhead_miles:
        legs = [replace(_deadhead_leg(spot_at, -1, trip, before=True), waits_until=departs)]
    elif trip.spot:
        legs = [_wait_leg(spot_at, departs)]
    if trip.inspection:
        leaves_at = legs[0].departs if legs else departs
        legs = [_wait_leg(leaves_at - trip.inspection, leaves_at), *legs]
    return legs


def _wait_leg(start: datetime, end: datetime) -> Leg:
    """A wait on duty without driving."""
    return Leg(-1, start, start, end, False, 0.0, None)


def _deadhead_leg(at: datetime, from_stop: int, trip: HoursTrip, *, before: bool) -> Leg:
    miles = trip.deadhead_miles / 2
    duration = _driving_time(miles)
    departs, arrives = (at - duration, at) if before else (at, at + duration)
    return Leg(from_stop, departs, arrives, arrives, False, miles, None)


def _driving_time(miles: float) -> timedelta:
    minutes = round(miles / AVERAGE_MILES_PER_HOUR * 60, 6)  # without the error of the division into legs
    return math.ceil(minutes) * _MINUTE


def _route_time(trip: HoursTrip, leg: int) -> timedelta:
    return timedelta(minutes=trip.legs[leg].driving_minutes) if trip.legs else timedelta()


def _stop_times(trip: HoursTrip, miles: Sequence[float] | None) -> list[tuple[datetime, datetime]] | None:
    """The arrival and departure of each stop; None if times are missing.

    Missing times between two stops with times are interpolated by miles. After the last stop with a time, they follow
    from the miles at average speed.
    """
    first = trip.stops[0].departure or trip.stops[0].arrival
    if first is None:
        return None
    times = [(first, first)]
    while len(times) < len(trip.stops):
        current = len(times) - 1
        next_timed = next((n for n in range(current + 1, len(trip.stops)) if _has_time(trip.stops[n])), None)
        arrivals = _arrival_times(trip, miles, current, next_timed, times[-1][1])
        if arrivals is None:
            return None
        times += [(at, trip.stops[current + n].departure or at) for n, at in enumerate(arrivals, 1)]
    return times


def _has_time(stop: HoursStop) -> bool:
    return stop.arrival is not None or stop.departure is not None


def _arrival_times(
    trip: HoursTrip, miles: Sequence[float] | None, current: int, next_timed: int | None, departs: datetime
) -> list[datetime] | None:
    """The arrivals at the stops after `current`, up to the next stop with a time, or else up to the last stop."""
    end = len(trip.stops) - 1 if next_timed is None else next_timed
    leg_miles = [miles[n] for n in range(current, end)] if miles else [1.0] * (end - current)
    drives = (max(_driving_time(leg), _route_time(trip, current + n)) for n, leg in enumerate(leg_miles))
    durations = list(accumulate(drives))
    if next_timed is None:
        return [departs + duration for duration in durations] if miles else None
    arrival = trip.stops[next_timed].arrival
    if arrival is None:
        # The vehicle waits at a stop that has only a departure from the time when it arrives by its miles.
        departure = trip.stops[next_timed].departure
        arrival = min(at for at in (miles and departs + durations[-1], departure) if at)
    total = sum(leg_miles)
    shares = [part / total if total else 1.0 for part in accumulate(leg_miles)]
    return [*(departs + (arrival - departs) * share for share in shares[:-1]), arrival]


def _leg_miles(trip: HoursTrip) -> list[float] | None:
    """The miles of each leg: those of the route, else the trip's miles by distance, or estimated from the distance."""
    if trip.legs:
        return [leg.miles for leg in trip.legs]
    endpoints = [_endpoints(first, second) for first, second in pairwise(trip.stops)]
    distances = [miles_between(*pair) for pair in endpoints if pair is not None]
    if len(distances) < len(endpoints):
        return [trip.miles / len(endpoints)] * len(endpoints) if trip.miles is not None else None
    total = sum(distances)
    if trip.miles is None:
        return [distance * ROAD_FACTOR for distance in distances]
    return [trip.miles * distance / total if total else trip.miles / len(endpoints) for distance in distances]


def _divide_by_driving_time(trip: HoursTrip, times: Sequence[tuple[datetime, datetime]]) -> list[float] | None:
    """The miles of each leg where the distances are unknown: the trip's miles divided by planned driving time."""
    drives = [arrives - departs for (_, departs), (arrives, _) in pairwise(times)]
    total = sum(drives, timedelta())
    if (
        trip.legs
        or trip.miles is None
        or total <= timedelta()
        or all(_endpoints(*pair) for pair in pairwise(trip.stops))
    ):
        return None
    return [trip.miles * (drive / total) for drive in drives]


def _endpoints(first: HoursStop, second: HoursStop) -> tuple[Coordinates, Coordinates] | None:
    if first.latitude is None or first.longitude is None or second.latitude is None or second.longitude is None:
        return None
    return Coordinates(first.latitude, first.longitude), Coordinates(second.latitude, second.longitude)
