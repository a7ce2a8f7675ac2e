"""How well a driver or a vehicle suits a trip, in points that add up. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from coachway.core.schemas import BaseSchema
from coachway.core.types.geo import Coordinates, miles_between
from coachway.dispatch.assignments.rules import ROAD_FACTOR
from coachway.dispatch.diaries.model import DutyBlock
from coachway.hours.model import Law, Remaining

if TYPE_CHECKING:  # what judges drivers comes with them
    from coachway.dispatch.matching.eligibility import DriverCase
    from coachway.dispatch.matching.trip_plan import TripPlan

DISTANCE: Final = 40.0
HOURS_LEFT: Final = 25.0
RATING: Final = 15.0
BALANCE: Final = 20.0
FIT: Final = 60.0
"""Of a vehicle, whose distance counts for the other 40."""
FAR_MILES: Final = 200.0
"""So far away, distance earns nothing more."""
BUSY: Final = timedelta(hours=100)
"""So much work around the trip, balance earns nothing more."""
_LOCATION_VALID: Final = timedelta(hours=12)
"""A driver comes from where their last job ended, if that is not longer ago; else from home."""
_UNKNOWN_SHARE: Final = 0.5
"""What is not known earns half."""


class Score(BaseSchema):
    """Points, out of 100 in all, and what they were given for."""

    distance: Annotated[float, Field(description="of 40: the nearer to the first pickup, the more")]
    hours_left: Annotated[float, Field(description="of 25: the more of the days' total is left after the trip")]
    rating: Annotated[float, Field(description="of 15")]
    balance: Annotated[float, Field(description="of 20: the less other work in the days around the trip, the more")]
    distance_miles: float | None = None
    cycle_hours_left: float
    work_hours_around: float

    @property
    def total(self) -> float:
        """The sum of the points."""
        return round(self.distance + self.hours_left + self.rating + self.balance, 2)


def score_driver(case: DriverCase, plan: TripPlan, remaining: Remaining, hours_rules: Law) -> Score:
    """How well a driver suits who may drive the trip; `remaining` is after it."""
    origin = last_location(case.blocks, plan.starts_at)
    if origin is None and case.driver.home_latitude is not None and case.driver.home_longitude is not None:
        origin = Coordinates(case.driver.home_latitude, case.driver.home_longitude)
    miles = road_miles(origin, plan.begins)
    rating = case.driver.rating
    working_time = sum((_working_time(job) for job in case.blocks), timedelta())
    limit = hours_rules.ruleset.cycle(hours_rules.daily_carrier).limit
    return Score(
        distance=round(DISTANCE * nearness(miles), 2),
        hours_left=round(HOURS_LEFT * (remaining.cycle / limit), 2),
        rating=round(RATING * (_UNKNOWN_SHARE if rating is None else (rating - 1) / 4), 2),
        balance=round(BALANCE * max(0.0, 1 - working_time / BUSY), 2),
        distance_miles=miles,
        cycle_hours_left=_round_hours(remaining.cycle),
        work_hours_around=_round_hours(working_time),
    )


def score_vehicle(spare_seats: int, capacity: int, miles: float | None) -> float:
    """How well a vehicle suits that does: few empty seats, and near."""
    fit = FIT * (1 - spare_seats / capacity)
    return round(fit + (100 - FIT) * nearness(miles), 2)


def last_location(blocks: Sequence[DutyBlock], starts_at: datetime) -> Coordinates | None:
    """Where the last job before a trip ended, if that is not long before."""
    earlier = [block for block in blocks if block.ends_at <= starts_at < block.ends_at + _LOCATION_VALID]
    return max(earlier, key=lambda block: block.ends_at).finishes if earlier else None


def road_miles(one: Coordinates | None, other: Coordinates | None) -> float | None:
    """Miles on the road; None where a place is not known."""
    if one is None or other is None:
        return None
    return round(miles_between(one, other) * ROAD_FACTOR, 1)


def nearness(miles: float | None) -> float:
    """1 on the spot, 0 from `FAR_MILES` on."""
    return _UNKNOWN_SHARE if miles is None else max(0.0, 1 - miles / FAR_MILES)


def _working_time(block: DutyBlock) -> timedelta:
    return sum((segment.length for segment in block.duty if not segment.status.is_rest), timedelta())


def _round_hours(length: timedelta) -> float:
    return round(length / timedelta(hours=1), 2)
