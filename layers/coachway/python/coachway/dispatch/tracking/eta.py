"""When a vehicle will be at its stops, how late that is, and what waiting costs. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from typing import Final, NamedTuple

from coachway.core.types.geo import Coordinates, miles_between
from coachway.dispatch.assignments.model import AssignmentStop
from coachway.dispatch.assignments.rules import MILES_PER_HOUR, ROAD_FACTOR
from coachway.dispatch.tracking.geofence import Progress, are_served_together, planned_time
from coachway.dispatch.tracking.position_encoding import Fix

RECENT_WINDOW: Final = timedelta(minutes=10)
"""The stretch that a vehicle's pace is taken from."""
_MIN_WINDOW: Final = timedelta(minutes=1)
SLOWEST_MPH: Final = 15.0
FASTEST_MPH: Final = 65.0
"""A pace is taken to be between these: a red light does not make it never, nor a downhill soon."""
LATE_STEP_MINUTES: Final = 15
"""Each further quarter of an hour is told once,"""
MAX_LATE_STEPS: Final = 8
"""up to two hours: by then everybody knows."""
_MINUTE: Final = timedelta(minutes=1)


def average_speed(fixes: Sequence[Fix]) -> float:
    """Miles an hour along the recent fixes; that of a whole leg where they tell too little."""
    recent = [fix for fix in fixes if fix.at >= fixes[-1].at - RECENT_WINDOW] if fixes else []
    if len(recent) < 2 or recent[-1].at - recent[0].at < _MIN_WINDOW:
        return MILES_PER_HOUR
    miles = sum(miles_between(one.place, other.place) for one, other in pairwise(recent))
    hours = (recent[-1].at - recent[0].at) / timedelta(hours=1)
    return min(FASTEST_MPH, max(SLOWEST_MPH, miles / hours))


def estimate_arrivals(
    progress: Progress, stops: Sequence[AssignmentStop], now: datetime, miles_per_hour: float
) -> list[datetime | None]:
    """When the vehicle will be at each stop that it has not reached: none for the others, nor where nobody can tell.

    To the next stop: 1.3 times the straight line, at its pace. From there on as planned: it leaves no sooner than the
    plan says, and takes as long as planned, or 50 miles an hour.
    """
    result: list[datetime | None] = [None] * len(stops)
    departure: datetime | None
    if progress.there:
        next_number, departure = progress.stop + 1, _departure_after(stops[progress.stop], now)
    else:
        next_number, departure = progress.stop, None
        if next_number < len(stops):
            result[next_number] = _estimate_next(progress, stops[next_number], now, miles_per_hour)
            departure = _departure_after(stops[next_number], result[next_number])
            next_number += 1
    for number in range(next_number, len(stops)):
        leg_time = _leg_time(stops[number - 1], stops[number])
        result[number] = departure + leg_time if departure is not None and leg_time is not None else None
        departure = _departure_after(stops[number], result[number])
    return result


def _estimate_next(progress: Progress, stop: AssignmentStop, now: datetime, miles_per_hour: float) -> datetime | None:
    if progress.place is None or stop.place is None:
        return None
    seen_at = min(now, progress.seen_at or now)
    return max(now, seen_at + _driving_time(progress.place, stop.place, miles_per_hour))


def _departure_after(stop: AssignmentStop, arrived_at: datetime | None) -> datetime | None:
    if arrived_at is None:
        return None
    return max(arrived_at, stop.departure) if stop.departure is not None else arrived_at


def _leg_time(stop: AssignmentStop, next_stop: AssignmentStop) -> timedelta | None:
    departure, arrival = stop.departure or stop.arrival, planned_time(next_stop)
    if departure is not None and arrival is not None and arrival > departure:
        return arrival - departure
    if stop.place is None or next_stop.place is None:
        return None
    return _driving_time(stop.place, next_stop.place, MILES_PER_HOUR)


def _driving_time(start: Coordinates, end: Coordinates, miles_per_hour: float) -> timedelta:
    """A slow pace is believed for as long ahead as it was measured: a jam has an end."""
    miles = miles_between(start, end) * ROAD_FACTOR
    slow_miles = miles_per_hour * (RECENT_WINDOW / timedelta(hours=1))
    if miles_per_hour >= MILES_PER_HOUR or miles <= slow_miles:
        return timedelta(hours=miles / miles_per_hour)
    return RECENT_WINDOW + timedelta(hours=(miles - slow_miles) / MILES_PER_HOUR)


class Lateness(NamedTuple):
    """By how many whole minutes a stop will be missed; 0 on time."""

    stop: int
    minutes: int


def find_lateness(stops: Sequence[AssignmentStop], expected: Sequence[datetime | None]) -> Lateness | None:
    """Of the next stop that has a planned time; None if nobody can tell."""
    for number, (stop, eta) in enumerate(zip(stops, expected, strict=True)):
        planned_at = planned_time(stop)
        if eta is not None and planned_at is not None:
            return Lateness(number, max(0, (eta - planned_at) // _MINUTE))
    return None


def late_step(minutes: int | None) -> int:
    """Which quarter of an hour a lateness has reached: 0 below fifteen minutes."""
    return min(MAX_LATE_STEPS, (minutes or 0) // LATE_STEP_MINUTES)


def dwell_minutes(stops: Sequence[AssignmentStop], number: int, free_wait: timedelta) -> tuple[int, int] | None:
    """Whole minutes between arriving and leaving, and how many of them are billed; None until both are known.

    What was planned is in the price, and a vehicle that comes early waits on its own account: billed is what goes
    beyond the planned departure (or arrival), or the true arrival if that is later, and beyond the free wait. Who
    stays at a place for a later stop, overnight say, waits as planned until that one.
    """
    stop = stops[number]
    arrived_at, departed_at = stop.arrived_at, stop.departed_at
    if arrived_at is None or departed_at is None:
        return None
    stops_here = [stop, *takewhile(lambda other: are_served_together(stop, other, departed_at), stops[number + 1 :])]
    billable_from = max(
        filter(
            None,
            (arrived_at, *(moment for stop_here in stops_here for moment in (stop_here.arrival, stop_here.departure))),
        )
    )
    billable = max(timedelta(), departed_at - billable_from - free_wait)
    return (departed_at - arrived_at) // _MINUTE, billable // _MINUTE
