"""What a story tells of trips that vendors bid for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Offer:
    """A vendor's bid; `body` is as the API takes it."""

    vendor: str
    body: dict[str, Any]


def offer(vendor: str, price: int, seats: int, notes: str, *, vehicles: int = 1, vehicle_class: str = "coach") -> Offer:
    """So many vehicles, for that price together."""
    what = {"vehicle_type": vehicle_class, "passenger_capacity": seats, "vehicle_count": vehicles}
    return Offer(vendor, {**what, "quoted_price": price, "notes": notes})


@dataclass(frozen=True)
class Bidding:
    """Vendors are asked to run a trip. Sealed until somebody says why it is `closed`; `chosen` is why the first won."""

    message: str
    offers: tuple[Offer, ...] = ()
    target_price: int | None = None
    hours: int = 72
    closed: str = ""
    chosen: str = ""
