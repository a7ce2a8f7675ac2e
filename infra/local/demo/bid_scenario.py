"""Bid requests and bids of a scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class BidPlan:
    """A vendor's bid; `body` is the API's request body."""

    vendor: str
    body: dict[str, Any]


def bid(vendor: str, price: int, seats: int, notes: str, *, vehicles: int = 1, vehicle_class: str = "coach") -> BidPlan:
    """A bid of one price for all its vehicles."""
    offer = {"vehicle_type": vehicle_class, "passenger_capacity": seats, "vehicle_count": vehicles}
    return BidPlan(vendor, {**offer, "quoted_price": price, "notes": notes})


@dataclass(frozen=True)
class BidRequestPlan:
    """A bid request: closed early if it has a `close_reason`; the first bid is accepted if it has an `award_reason`."""

    message: str
    bids: tuple[BidPlan, ...] = ()
    target_price: int | None = None
    hours: int = 72
    close_reason: str = ""
    award_reason: str = ""
