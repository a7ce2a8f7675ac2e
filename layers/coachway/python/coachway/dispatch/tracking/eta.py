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
    found: list[datetime | None] = [None] * len(stops)
    leaves: datetime | None
    if progress.there:
        first, leaves = progress.stop + 1, _departure_after(stops[progress.stop], now)
    else:
        first, leaves = progress.stop, None
        if first < len(stops):
            found[first] = _estimate_next(progress, stops[first], now, miles_per_hour)
            leaves = _departure_after(stops[first], found[first])
            first += 1
    for number in range(first, len(stops)):
        takes = _leg_time(stops[number - 1], stops[number])
        found[number] = leaves + takes if leaves is not None and takes is not None else None
        leaves = _departure_after(stops[number], found[number])
    return found


def _estimate_next(progress: Progress, stop: AssignmentStop, now: datetime, miles_per_hour: float) -> datetime | None:
    if progress.place is None or stop.place is None:
        return None
    seen = min(now, progress.seen_at or now)
    return max(now, seen + _driving_time(progress.place, stop.place, miles_per_hour))


def _departure_after(stop: AssignmentStop, reached: datetime | None) -> datetime | None:
    if reached is None:
        return None
    return max(reached, stop.departure) if stop.departure is not None else reached


def _leg_time(one: AssignmentStop, other: AssignmentStop) -> timedelta | None:
    left, reached = one.departure or one.arrival, planned_time(other)
    if left is not None and reached is not None and reached > left:
        return reached - left
    if one.place is None or other.place is None:
        return None
    return _driving_time(one.place, other.place, MILES_PER_HOUR)


def _driving_time(one: Coordinates, other: Coordinates, miles_per_hour: float) -> timedelta:
    """A slow pace is believed for as long ahead as it was measured: a jam has an end."""
    miles = miles_between(one, other) * ROAD_FACTOR
    slow = miles_per_hour * (RECENT_WINDOW / timedelta(hours=1))
    if miles_per_hour >= MILES_PER_HOUR or miles <= slow:
        return timedelta(hours=miles / miles_per_hour)
    return RECENT_WINDOW + timedelta(hours=(miles - slow) / MILES_PER_HOUR)


class Lateness(NamedTuple):
    """By how many whole minutes a stop will be missed; 0 on time."""

    stop: int
    minutes: int


def find_lateness(stops: Sequence[AssignmentStop], expected: Sequence[datetime | None]) -> Lateness | None:
    """Of the next stop that has a planned time; None if nobody can tell."""
    for number, (stop, eta) in enumerate(zip(stops, expected, strict=True)):
        wanted = planned_time(stop)
        if eta is not None and wanted is not None:
            return Lateness(number, max(0, (eta - wanted) // _MINUTE))
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
    came, left = stop.arrived_at, stop.departed_at
    if came is None or left is None:
        return None
    here = [stop, *takewhile(lambda other: are_served_together(stop, other, left), stops[number + 1 :])]
    ready = max(filter(None, (came, *(at for each in here for at in (each.arrival, each.departure)))))
    billed = max(timedelta(), left - ready - free_wait)
    return (left - came) // _MINUTE, billed // _MINUTE
