"""Score how well a driver or a vehicle suits a trip. Pure: no clock, no I/O."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from coachway.core.persistence.records import stored_as
from coachway.core.schemas import BaseSchema
from coachway.core.types.durations import round_hours
from coachway.core.types.geo import Coordinates, miles_between
from coachway.dispatch.assignments.rules import ROAD_FACTOR
from coachway.dispatch.diaries.model import DutyBlock
from coachway.hours.model import CarrierRuleset, RemainingTime

if TYPE_CHECKING:  # importing them also imports the eligibility rules
    from coachway.dispatch.matching.eligibility import DriverFacts
    from coachway.dispatch.matching.trip_plan import TripPlan

DISTANCE_POINTS: Final = 40.0
HOURS_LEFT_POINTS: Final = 25.0
RATING_POINTS: Final = 15.0
BALANCE_POINTS: Final = 20.0
FIT_POINTS: Final = 60.0
"""For a vehicle; the other 40 points are for the distance."""
FAR_MILES: Final = 200.0
"""The distance from which a driver or vehicle gets no points for it."""
BUSY_TIME: Final = timedelta(hours=100)
"""The working time around the trip from which a driver gets no points for balance."""
_LOCATION_VALID: Final = timedelta(hours=12)
"""How long after a trip its last stop counts as the driver's location; after that, the home does."""
_UNKNOWN_SHARE: Final = 0.5
"""The share of the points for an unknown value."""


class Score(BaseSchema):
    """A driver's points out of 100, by criterion."""

    distance_points: Annotated[
        float,
        Field(description="0 to 40 points. Higher if the driver is closer to the first pickup."),
        stored_as("distance", "distance_points"),
    ]
    hours_left_points: Annotated[
        float,
        Field(description="0 to 25 points. Higher if more hours of the cycle are left after the trip."),
        stored_as("hours_left", "hours_left_points"),
    ]
    rating_points: Annotated[
        float,
        Field(description="0 to 15 points. Higher for a better average rating."),
        stored_as("rating", "rating_points"),
    ]
    balance_points: Annotated[
        float,
        Field(description="0 to 20 points. Higher if the driver has less other work around the trip."),
        stored_as("balance", "balance_points"),
    ]
    distance_miles: float | None = None
    cycle_hours_left: float
    other_work_hours: Annotated[float, stored_as("work_hours_around", "other_work_hours")]

    @property
    def total(self) -> float:
        """The sum of the points."""
        return round(self.distance_points + self.hours_left_points + self.rating_points + self.balance_points, 2)


def score_driver(
    facts: "DriverFacts", plan: "TripPlan", remaining: RemainingTime, hours_rules: CarrierRuleset
) -> Score:
    """Score an eligible driver; `remaining` are the hours left after the trip."""
    origin = find_last_location(facts.blocks, plan.starts_at)
    if origin is None and facts.driver.home_latitude is not None and facts.driver.home_longitude is not None:
        origin = Coordinates(facts.driver.home_latitude, facts.driver.home_longitude)
    miles = estimate_miles_between(origin, plan.pickup_place)
    rating = facts.driver.rating
    working_time = sum((_working_time(block) for block in facts.blocks), timedelta())
    limit = hours_rules.ruleset.cycle(hours_rules.daily_carrier).limit
    return Score(
        distance_points=round(DISTANCE_POINTS * calculate_nearness(miles), 2),
        hours_left_points=round(HOURS_LEFT_POINTS * (remaining.cycle / limit), 2),
        rating_points=round(RATING_POINTS * (_UNKNOWN_SHARE if rating is None else (rating - 1) / 4), 2),
        balance_points=round(BALANCE_POINTS * max(0.0, 1 - working_time / BUSY_TIME), 2),
        distance_miles=miles,
        cycle_hours_left=round_hours(remaining.cycle),
        other_work_hours=round_hours(working_time),
    )


def score_vehicle(spare_seats: int, capacity: int, miles: float | None) -> float:
    """Score an eligible vehicle by empty seats and distance."""
    fit = FIT_POINTS * (1 - spare_seats / capacity)
    return round(fit + (100 - FIT_POINTS) * calculate_nearness(miles), 2)


def find_last_location(blocks: Sequence[DutyBlock], starts_at: datetime) -> Coordinates | None:
    """The last stop of the previous duty block, if it ended shortly before the trip."""
    earlier = [block for block in blocks if block.ends_at <= starts_at < block.ends_at + _LOCATION_VALID]
    return max(earlier, key=lambda block: block.ends_at).dropoff_place if earlier else None


def estimate_miles_between(one: Coordinates | None, other: Coordinates | None) -> float | None:
    """Estimated road miles between two places; None if one is unknown."""
    if one is None or other is None:
        return None
    return round(miles_between(one, other) * ROAD_FACTOR, 1)


def calculate_nearness(miles: float | None) -> float:
    """1 at the pickup, 0 at `FAR_MILES` and beyond."""
    return _UNKNOWN_SHARE if miles is None else max(0.0, 1 - miles / FAR_MILES)


def _working_time(block: DutyBlock) -> timedelta:
    return sum((segment.length for segment in block.duty if not segment.status.is_rest), timedelta())
