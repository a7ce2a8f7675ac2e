"""Statuses of vendors and the calculation of their performance figures. Pure: no clock, no I/O."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

from coachway.core.state_machine import Transitions


class VendorStatus(StrEnum):
    """The status of a vendor. Only active vendors get work."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    INACTIVE = "inactive"
    REJECTED = "rejected"
    BANNED = "banned"


class VendorType(StrEnum):
    """The type of a vendor."""

    OWNER_OPERATOR = "owner_operator"
    FLEET_OPERATOR = "fleet_operator"
    BROKER = "broker"


TRANSITIONS: Final = Transitions(
    "vendor",
    {
        VendorStatus.PENDING: (VendorStatus.ACTIVE, VendorStatus.REJECTED),
        VendorStatus.ACTIVE: (VendorStatus.SUSPENDED, VendorStatus.INACTIVE, VendorStatus.BANNED),
        VendorStatus.SUSPENDED: (VendorStatus.ACTIVE, VendorStatus.INACTIVE, VendorStatus.BANNED),
        VendorStatus.INACTIVE: (VendorStatus.ACTIVE, VendorStatus.BANNED),
        VendorStatus.REJECTED: (VendorStatus.PENDING,),
        VendorStatus.BANNED: (),
    },
)

RATING_CATEGORIES: Final = (
    "overall",
    "vehicle_condition",
    "driver_professionalism",
    "on_time_performance",
    "communication",
    "value_for_money",
)
"""The categories of a rating. In each, a rating is from 1 to 5 in steps of a half."""

MIN_RATINGS: Final = 3
"""With fewer ratings, an average is shown but not used for decisions."""

ON_TIME_RATING: Final = Decimal(4)
"""A trip without tracking was on time if its `on_time_performance_rating` is at least this."""

ON_TIME_TOLERANCE: Final = timedelta(minutes=15)
"""How late a vehicle may leave its first stop, or arrive at a later one, and still be on time."""


def calculate_average_rating(half_points: int, count: int) -> float:
    """The average of `count` ratings with a sum of `half_points`, rounded to two decimals; 0 if there are none."""
    if not count:
        return 0.0
    return float((Decimal(half_points) / 2 / count).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def calculate_usable_rating(half_points: int, count: int) -> float | None:
    """The average that decisions use: None until there are `MIN_RATINGS` ratings."""
    return calculate_average_rating(half_points, count) if count >= MIN_RATINGS else None


def calculate_percentage(part: int, whole: int) -> float | None:
    """`part` as a percentage of `whole`, rounded to two decimals; None if `whole` is 0."""
    if not whole:
        return None
    return float((Decimal(part) * 100 / whole).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def calculate_on_time_percentage(counters: Mapping[str, int]) -> float | None:
    """How often a vendor was on time, as a percentage; None if there is no data.

    Uses the stops of tracked trips. If there are none, uses the ratings for on-time performance.
    """
    if counters.get("stops_judged", 0):
        return calculate_percentage(counters.get("stops_on_time", 0), counters["stops_judged"])
    return calculate_percentage(counters.get("on_time", 0), counters.get("judged_on_time", 0))
