"""The life of a vendor, and what its figures mean. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

from coachway.core.state_machine import Transitions


class Status(StrEnum):
    """Whether a vendor may be given work."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    INACTIVE = "inactive"
    REJECTED = "rejected"
    BANNED = "banned"


class VendorType(StrEnum):
    """What kind of business a vendor is."""

    OWNER_OPERATOR = "owner_operator"
    FLEET_OPERATOR = "fleet_operator"
    BROKER = "broker"


TRANSITIONS: Final[Mapping[Status, tuple[Status, ...]]] = {
    Status.PENDING: (Status.ACTIVE, Status.REJECTED),
    Status.ACTIVE: (Status.SUSPENDED, Status.INACTIVE, Status.BANNED),
    Status.SUSPENDED: (Status.ACTIVE, Status.INACTIVE, Status.BANNED),
    Status.INACTIVE: (Status.ACTIVE, Status.BANNED),
    Status.REJECTED: (Status.PENDING,),
    Status.BANNED: (),
}
"""What may follow what. A rejected vendor may apply again; a banned one stays so."""

RATINGS_THAT_COUNT: Final = 3
"""An average of fewer ratings is shown, but nothing is decided by it."""

ON_TIME: Final = Decimal(4)
"""A trip that nobody tracked was on time when it was rated so in `on_time_performance`, or better."""

PUNCTUAL: Final = timedelta(minutes=15)
"""A vehicle that leaves its first stop, or comes to a later one, no later than so much after the plan is on time."""


VENDORS: Final = Transitions("vendor", TRANSITIONS)


def average(halves: int, count: int) -> float:
    """The mean of `count` ratings whose sum is `halves` half points, to two decimals, half up; 0 of none."""
    if not count:
        return 0.0
    return float((Decimal(halves) / 2 / count).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def share(part: int, whole: int) -> float | None:
    """`part` in per cent of `whole`, to two decimals, half up; None of nothing."""
    if not whole:
        return None
    return float((Decimal(part) * 100 / whole).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def punctuality(numbers: Mapping[str, int]) -> float | None:
    """How often a vendor was on time, in per cent; None of nothing.

    By the stops of its tracked trips; by its ratings for that only while no stop of its trips was ever seen.
    """
    if numbers.get("stops_judged", 0):
        return share(numbers.get("stops_on_time", 0), numbers["stops_judged"])
    return share(numbers.get("on_time", 0), numbers.get("judged_on_time", 0))


def counted(halves: int, count: int) -> float | None:
    """The average that decisions go by: None until there are three ratings."""
    return average(halves, count) if count >= RATINGS_THAT_COUNT else None
