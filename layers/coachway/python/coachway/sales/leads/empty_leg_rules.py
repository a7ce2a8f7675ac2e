"""Which empty leg of a booked trip a lead could use. Pure: no clock, no I/O.

After a trip the vehicles drive to the garage without passengers. A lead whose pickup is near the end of such a trip, at
about that time, uses a vehicle that is there anyway.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from coachway.core.types.geo import Coordinates, miles_between

MAX_MILES: Final = 30
MAX_WAIT: Final = timedelta(hours=4)
_ROAD_FACTOR: Final = 1.2


class PlannedLeg(NamedTuple):
    """The empty leg from the last stop of a booked trip to the garage."""

    charter_id: str
    charter_number: str
    starts_at: datetime
    place: Coordinates
    miles: float


class EmptyLegMatch(NamedTuple):
    """A leg that a lead could use: the miles from its start to the pickup, and the empty miles that are saved."""

    leg: PlannedLeg
    miles_to_pickup: float
    saved_miles: float


def match_empty_leg(pickup: Coordinates, at: datetime, legs: Iterable[PlannedLeg]) -> EmptyLegMatch | None:
    """Return the leg that saves the most miles for a pickup at a time; None if none is near and saves any."""
    matches: list[EmptyLegMatch] = []
    for leg in legs:
        distance = miles_between(leg.place, pickup)
        if distance > MAX_MILES or not timedelta() <= at - leg.starts_at <= MAX_WAIT:
            continue
        to_pickup = round(distance * _ROAD_FACTOR, 1)
        saved = round(leg.miles - to_pickup, 1)
        if saved > 0:
            matches.append(EmptyLegMatch(leg, to_pickup, saved))
    return max(matches, key=lambda match: match.saved_miles, default=None)
