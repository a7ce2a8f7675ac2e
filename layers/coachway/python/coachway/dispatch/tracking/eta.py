"""Estimate arrival times, delays and billable waiting times. Pure: no clock, no I/O."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from typing import Final, NamedTuple

from coachway.core.types.geo import Coordinates, miles_between
from coachway.dispatch.assignments.model import AssignmentStop
from coachway.dispatch.assignments.rules import MILES_PER_HOUR, ROAD_FACTOR
from coachway.dispatch.tracking.geofence import Progress, are_served_together, get_planned_time
from coachway.dispatch.tracking.position_encoding import GpsPosition

RECENT_WINDOW: Final = timedelta(minutes=10)
"""The time over which a vehicle's speed is averaged."""
_MIN_WINDOW: Final = timedelta(minutes=1)
SLOWEST_MPH: Final = 15.0
FASTEST_MPH: Final = 65.0
"""The average speed is limited to this range, so that a short stop does not distort the estimate."""
LATE_STEP_MINUTES: Final = 15
"""A delay alarm is sent once for each step of this length."""
MAX_LATE_STEPS: Final = 8
"""No more alarms are sent after two hours."""
_MINUTE: Final = timedelta(minutes=1)


def calculate_average_speed(positions: Sequence[GpsPosition]) -> float:
    """Average miles per hour along the recent positions; `MILES_PER_HOUR` if there are too few."""
    recent = (
        [position for position in positions if position.at >= positions[-1].at - RECENT_WINDOW] if positions else []
    )
    if len(recent) < 2 or recent[-1].at - recent[0].at < _MIN_WINDOW:
        return MILES_PER_HOUR
    miles = sum(miles_between(one.place, other.place) for one, other in pairwise(recent))
    hours = (recent[-1].at - recent[0].at) / timedelta(hours=1)
    return min(FASTEST_MPH, max(SLOWEST_MPH, miles / hours))


def estimate_arrivals(
    progress: Progress, stops: Sequence[AssignmentStop], now: datetime, miles_per_hour: float
) -> list[datetime | None]:
    """Estimate the arrival at each remaining stop; None for stops reached, and where no estimate is possible.

    For the next stop: 1.3 times the straight distance, at the vehicle's average speed. For later stops: the vehicle
    leaves each stop no sooner than planned, and drives for the planned time, or at 50 miles per hour.
    """
    result: list[datetime | None] = [None] * len(stops)
    departure: datetime | None
    if progress.is_at_stop:
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
    departure, arrival = stop.departure or stop.arrival, get_planned_time(next_stop)
    if departure is not None and arrival is not None and arrival > departure:
        return arrival - departure
    if stop.place is None or next_stop.place is None:
        return None
    return _driving_time(stop.place, next_stop.place, MILES_PER_HOUR)


def _driving_time(start: Coordinates, end: Coordinates, miles_per_hour: float) -> timedelta:
    """The driving time at a speed. A slow speed is assumed to last for `RECENT_WINDOW`; after that, the usual speed."""
    miles = miles_between(start, end) * ROAD_FACTOR
    slow_miles = miles_per_hour * (RECENT_WINDOW / timedelta(hours=1))
    if miles_per_hour >= MILES_PER_HOUR or miles <= slow_miles:
        return timedelta(hours=miles / miles_per_hour)
    return RECENT_WINDOW + timedelta(hours=(miles - slow_miles) / MILES_PER_HOUR)


class Lateness(NamedTuple):
    """The delay at a stop in whole minutes; 0 if on time."""

    stop: int
    minutes: int


def find_lateness(stops: Sequence[AssignmentStop], expected: Sequence[datetime | None]) -> Lateness | None:
    """Find the delay at the next stop that has a planned and an estimated time."""
    for number, (stop, eta) in enumerate(zip(stops, expected, strict=True)):
        planned_at = get_planned_time(stop)
        if eta is not None and planned_at is not None:
            return Lateness(number, max(0, (eta - planned_at) // _MINUTE))
    return None


def count_late_steps(minutes: int | None) -> int:
    """The number of alarm steps that a delay has reached: 0 below 15 minutes."""
    return min(MAX_LATE_STEPS, (minutes or 0) // LATE_STEP_MINUTES)


def calculate_dwell_minutes(
    stops: Sequence[AssignmentStop], number: int, free_wait: timedelta
) -> tuple[int, int] | None:
    """Return the whole minutes between arrival and departure, and the billable ones; None until both are known.

    The price includes the planned wait, and an early arrival is not billed. Billable time starts at the planned
    departure (or arrival), or at the actual arrival if that is later, and after the free wait. A vehicle that stays at
    the same place for a later stop, for example overnight, waits as planned until that stop.
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
