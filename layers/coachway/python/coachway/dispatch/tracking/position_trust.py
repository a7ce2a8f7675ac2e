"""Decide whether a GPS position can be trusted. Pure: no clock, no I/O.

Receivers without a fix report constants, old positions or wild guesses. Untrusted positions are stored, but nothing is
decided by them: no arrival, no ETA, no delay, no place on a map.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from coachway.core.schemas import BaseSchema
from coachway.core.types.geo import METERS_PER_MILE, Coordinates, is_unknown, miles_between
from coachway.dispatch.tracking.position_encoding import GpsPosition

FENCE_METERS: Final = 200.0
"""The radius of a stop. A position that is less accurate does not show whether the vehicle is there."""
FASTEST_MPH: Final = 100.0
"""No coach drives faster."""
FARTHEST_MILES: Final = 1500.0
"""How far the nearest stop of a trip can be: half of the longest leg across the continent, with a margin."""
MOVING_MPH: Final = 5
"""From this speed, a vehicle has other coordinates at its next position."""
STANDSTILL: Final = timedelta(minutes=10)
"""How long a receiver away from the stops can report the same coordinates without saying that the vehicle stands."""
_MIN_INTERVAL: Final = timedelta(seconds=5)


class UntrustedReason(StrEnum):
    """Why a position is not trusted."""

    NO_FIX = "no_fix"
    """0° north, 0° east, which receivers report that have no position."""
    INACCURATE = "inaccurate"
    """The reported accuracy is worse than the radius of a stop."""
    IMPOSSIBLE_SPEED = "impossible_speed"
    """The reported speed is higher than that of any coach."""
    TOO_FAR = "too_far"
    """The position is farther from every stop than a vehicle of the trip can be."""
    FROZEN = "frozen"
    """The receiver repeats a position although the vehicle moves."""
    UNREACHABLE = "unreachable"
    """No coach could have driven there from the last trusted position, and the next position does not confirm it."""


class UntrustedPosition(BaseSchema):
    """A stored position by which nothing is decided, and the reason."""

    recorded_at: AwareDatetime
    latitude: float
    longitude: float
    reason: Annotated[UntrustedReason, Field(description="Why the position is not trusted.")]


def untrusted_reason(
    position: GpsPosition,
    previous: GpsPosition | None,
    unchanged_since: datetime | None,
    places: Sequence[Coordinates],
) -> UntrustedReason | None:
    """Return why a position is not trusted, or None.

    `previous` is the last trusted position, whose coordinates the vehicle has had since `unchanged_since`. `places` are
    the stops of the trip.
    """
    if is_unknown(position.place):
        return UntrustedReason.NO_FIX
    if position.accuracy_m is not None and position.accuracy_m > FENCE_METERS:
        return UntrustedReason.INACCURATE
    if position.speed_mph is not None and position.speed_mph > FASTEST_MPH:
        return UntrustedReason.IMPOSSIBLE_SPEED
    if places and all(miles_between(position.place, place) > FARTHEST_MILES for place in places):
        return UntrustedReason.TOO_FAR
    if previous is None:
        return None
    if _is_frozen(position, previous, unchanged_since, places):
        return UntrustedReason.FROZEN
    return None if is_reachable(previous, position) else UntrustedReason.UNREACHABLE


def is_reachable(one: GpsPosition, other: GpsPosition) -> bool:
    """Whether a vehicle could have driven from one position to the other."""
    hours = max(1.0, (other.at - one.at).total_seconds()) / 3600
    miles = miles_between(one.place, other.place)
    return miles * METERS_PER_MILE <= FENCE_METERS or miles / hours <= FASTEST_MPH


def is_repeated(position: GpsPosition, previous: GpsPosition) -> bool:
    """Whether a position says nothing new: the same coordinates, though the vehicle is not reported to stand."""
    return position.place == previous.place and position.speed_mph != 0


def _is_frozen(
    position: GpsPosition,
    previous: GpsPosition,
    unchanged_since: datetime | None,
    places: Sequence[Coordinates],
) -> bool:
    if not is_repeated(position, previous):
        return False
    if (position.speed_mph or 0) >= MOVING_MPH and position.at - previous.at >= _MIN_INTERVAL:
        return True
    is_at_stop = any(miles_between(position.place, place) * METERS_PER_MILE <= FENCE_METERS for place in places)
    return not is_at_stop and unchanged_since is not None and position.at - unchanged_since >= STANDSTILL
