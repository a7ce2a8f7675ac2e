"""Whether a vendor may bid for a trip, and everything that is in its way. Pure: no clock, no I/O.

Distances are miles in a straight line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from math import ceil
from typing import Final, NamedTuple

from coachway.bookings.charters.equipment import missing_amenities
from coachway.compliance.rules import ComplianceStatus
from coachway.core.types.geo import Coordinates, miles_between

_US: Final = "ALAKAZARCACOCTDEDCFLGAHIIDILINIAKSKYLAMEMDMAMIMNMSMOMTNENVNHNJNMNYNCNDOHOKORPARISCSDTNTXUTVTVAWAWVWIWY"
_CANADA: Final = "ABBCMBNBNLNSNTNUONPEQCSKYT"
STATES: Final = frozenset(each[at : at + 2] for each in (_US, _CANADA) for at in range(0, len(each), 2))
"""States and provinces by their two letters."""
_STATE: Final = re.compile(
    r"(?:,|\s)\s*([A-Z]{2})(?:\s+[A-Z0-9][A-Z0-9 -]{3,9})?\s*(?:,\s*(?:USA?|United States|Canada))?$"
)


class Trip(NamedTuple):
    """What a trip asks of who drives it."""

    vehicle_class: str
    vehicle_count: int
    passengers: int
    amenities: frozenset[str]
    needs_ada: bool
    state: str | None
    """Of the first pickup; None when its address does not tell."""
    pickup: Coordinates | None
    last_day: date
    revision: int
    vehicles_left: int
    """Those that nobody runs yet."""

    @property
    def seats(self) -> int:
        """Passengers in each vehicle."""
        return ceil(self.passengers / self.vehicle_count)


class Carrier(NamedTuple):
    """What is known of a vendor."""

    status: str
    standing: ComplianceStatus | None
    """Of its papers on the trip's last day; None when it never had any."""
    states: Sequence[str]
    garage: Coordinates | None
    radius_miles: float | None
    classes: Sequence[str]
    largest_vehicle: int
    """Seats; 0 when not said."""
    amenities: Sequence[str]
    is_ada_compliant: bool


class Vehicles(NamedTuple):
    """What a bid offers."""

    vehicle_class: str
    seats: int
    vehicles: int
    amenities: Sequence[str]
    is_ada_compliant: bool
    revision: int
    """Of the charter that it was made for."""


def state_of(address: str) -> str | None:
    """The two letters of a state or province at an address's end: `NY` of `11 Wall St, New York, NY 10005`."""
    result = _STATE.search(address.strip())
    return result.group(1) if result and result.group(1) in STATES else None


def reasons_against_bidding(trip: Trip, carrier: Carrier) -> list[str]:
    """Why this vendor may not bid; empty if it may."""
    result = [] if carrier.status == "active" else [f"Vendor is {carrier.status}, not active"]
    result += _papers(carrier.standing)
    result += _area(trip, carrier)
    if carrier.largest_vehicle and carrier.largest_vehicle < trip.seats:
        result.append(f"Largest vehicle seats {carrier.largest_vehicle}, the trip needs {trip.seats}")
    if carrier.classes and trip.vehicle_class not in carrier.classes:
        result.append(f"Has no vehicle of class {trip.vehicle_class}")
    return result


def against_matching(trip: Trip, carrier: Carrier) -> list[str]:
    """Why this vendor is not invited when all that match are: the same, and what its vehicles lack."""
    return reasons_against_bidding(trip, carrier) + _equipment(trip, carrier.amenities, carrier.is_ada_compliant)


def reasons_against_vehicles(trip: Trip, offer: Vehicles) -> list[str]:
    """Why these vehicles do not do; empty if they do."""
    result = []
    if offer.vehicle_class != trip.vehicle_class:
        result.append(f"Vehicle is of class {offer.vehicle_class}, the trip needs {trip.vehicle_class}")
    if offer.seats < trip.seats:
        result.append(f"Vehicle seats {offer.seats}, the trip needs {trip.seats}")
    if offer.vehicles > trip.vehicles_left:
        remaining = f"{trip.vehicles_left} of {trip.vehicle_count}"
        result.append(f"Bid is for {offer.vehicles} vehicles, the trip still needs {remaining}")
    if offer.revision != trip.revision:
        result.append(f"Bid was made for revision {offer.revision} of the trip, which is at {trip.revision} now")
    return result + _equipment(trip, offer.amenities, offer.is_ada_compliant)


def _papers(standing: ComplianceStatus | None) -> list[str]:
    return ["Vendor has no compliance documents"] if standing is None else standing.reasons()


def _area(trip: Trip, carrier: Carrier) -> list[str]:
    """What is not known of the pickup or of the vendor does not count against it."""
    result = []
    if carrier.states and trip.state is not None and trip.state not in carrier.states:
        result.append(f"Service area: serves {', '.join(carrier.states)}, the first pickup is in {trip.state}")
    if carrier.radius_miles is not None and carrier.garage is not None and trip.pickup is not None:
        miles = miles_between(carrier.garage, trip.pickup)
        if miles > carrier.radius_miles:
            limit = f"{carrier.radius_miles:g} miles from the garage"
            result.append(f"Service area: serves {limit}, the first pickup is {miles:.0f} away")
    return result


def _equipment(trip: Trip, amenities: Iterable[str], is_ada_compliant: bool) -> list[str]:
    return missing_amenities(trip.amenities, trip.needs_ada, amenities, is_ada_compliant)
