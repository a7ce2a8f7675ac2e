"""Whether a vendor can bid for a trip, with every reason why not. Pure: no clock, no I/O.

Distances are miles in a straight line.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple

from coachway.bookings.amenity_matching import missing_amenities
from coachway.compliance.rules import DocumentCompliance
from coachway.core.types.geo import Coordinates, miles_between

_US: Final = "ALAKAZARCACOCTDEDCFLGAHIIDILINIAKSKYLAMEMDMAMIMNMSMOMTNENVNHNJNMNYNCNDOHOKORPARISCSDTNTXUTVTVAWAWVWIWY"
_CANADA: Final = "ABBCMBNBNLNSNTNUONPEQCSKYT"
STATES: Final = frozenset(codes[at : at + 2] for codes in (_US, _CANADA) for at in range(0, len(codes), 2))
"""Two-letter codes of states and provinces."""
_STATE: Final = re.compile(
    r"(?:,|\s)\s*([A-Z]{2})(?:\s+[A-Z0-9][A-Z0-9 -]{3,9})?\s*(?:,\s*(?:USA?|United States|Canada))?$"
)


class ClassRequirements(NamedTuple):
    """The vehicles of one class that a trip requires."""

    vehicle_class: str
    vehicle_count: int
    seats: int
    """Seats that each vehicle needs."""
    vehicles_left: int
    """Number of vehicles without a vendor or driver."""


class TripRequirements(NamedTuple):
    """What a trip requires of the vendor and its vehicles."""

    classes: Sequence[ClassRequirements]
    """One for each vehicle class of the trip."""
    amenities: frozenset[str]
    needs_ada: bool
    state: str | None
    """The state of the first pickup; None if its address does not contain one."""
    pickup: Coordinates | None
    last_day: date
    revision: int

    @property
    def class_names(self) -> str:
        """The vehicle classes in words: `coach or minibus`."""
        return " or ".join(each.vehicle_class for each in self.classes)


class VendorCapabilities(NamedTuple):
    """The capabilities of a vendor, with its status and documents."""

    status: str
    compliance: DocumentCompliance | None
    """On the last day of the trip; None if the vendor never submitted a document."""
    states: Sequence[str]
    garage: Coordinates | None
    radius_miles: float | None
    vehicle_classes: Sequence[str]
    largest_vehicle: int
    """Seats; 0 if unknown."""
    amenities: Sequence[str]
    is_ada_compliant: bool


class VehicleOffer(NamedTuple):
    """The vehicles that a bid offers."""

    vehicle_class: str
    seats: int
    vehicles: int
    amenities: Sequence[str]
    is_ada_compliant: bool
    revision: int
    """The revision of the charter that the bid was made for."""


def parse_state(address: str) -> str | None:
    """The state or province at the end of an address: `NY` in `11 Wall St, New York, NY 10005`."""
    match = _STATE.search(address.strip())
    return match.group(1) if match and match.group(1) in STATES else None


def vendor_ineligibility_reasons(trip: TripRequirements, vendor: VendorCapabilities) -> list[str]:
    """Why a vendor cannot bid for a trip; empty if it can."""
    reasons = [] if vendor.status == "active" else [f"Vendor is {vendor.status}, not active"]
    reasons += _compliance_reasons(vendor.compliance)
    reasons += _service_area_reasons(trip, vendor)
    needed = [each for each in trip.classes if each.vehicles_left] or trip.classes
    offered = [each for each in needed if not vendor.vehicle_classes or each.vehicle_class in vendor.vehicle_classes]
    seats = min(each.seats for each in offered or needed)
    if vendor.largest_vehicle and vendor.largest_vehicle < seats:
        reasons.append(f"Largest vehicle seats {vendor.largest_vehicle}, the trip needs {seats}")
    if not offered:
        reasons.append(f"Has no vehicle of class {' or '.join(each.vehicle_class for each in needed)}")
    return reasons


def matching_ineligibility_reasons(trip: TripRequirements, vendor: VendorCapabilities) -> list[str]:
    """Why a vendor does not match a trip: also if its vehicles lack equipment. Empty if it matches."""
    reasons = vendor_ineligibility_reasons(trip, vendor)
    return reasons + _equipment_reasons(trip, vendor.amenities, vendor.is_ada_compliant)


def vehicle_ineligibility_reasons(trip: TripRequirements, offer: VehicleOffer) -> list[str]:
    """Why the offered vehicles do not meet the requirements of a trip; empty if they do."""
    reasons = []
    needed = next((each for each in trip.classes if each.vehicle_class == offer.vehicle_class), None)
    if needed is None:
        reasons.append(f"Vehicle is of class {offer.vehicle_class}, the trip needs {trip.class_names}")
        needed = trip.classes[0]
    if offer.seats < needed.seats:
        reasons.append(f"Vehicle seats {offer.seats}, the trip needs {needed.seats}")
    if offer.vehicles > needed.vehicles_left:
        remaining = f"{needed.vehicles_left} of {needed.vehicle_count}"
        reasons.append(f"Bid is for {offer.vehicles} vehicles, the trip still needs {remaining}")
    if offer.revision != trip.revision:
        reasons.append(f"Bid is for revision {offer.revision} of the trip, the current revision is {trip.revision}")
    return reasons + _equipment_reasons(trip, offer.amenities, offer.is_ada_compliant)


def _compliance_reasons(compliance: DocumentCompliance | None) -> list[str]:
    return ["Vendor has no compliance documents"] if compliance is None else compliance.reasons()


def _service_area_reasons(trip: TripRequirements, vendor: VendorCapabilities) -> list[str]:
    """Why the first pickup is outside the service area. Unknown data is not a reason."""
    reasons = []
    if vendor.states and trip.state is not None and trip.state not in vendor.states:
        reasons.append(f"Service area: serves {', '.join(vendor.states)}, the first pickup is in {trip.state}")
    if vendor.radius_miles is not None and vendor.garage is not None and trip.pickup is not None:
        miles = miles_between(vendor.garage, trip.pickup)
        if miles > vendor.radius_miles:
            limit = f"{vendor.radius_miles:g} miles from the garage"
            reasons.append(f"Service area: serves {limit}, the first pickup is {miles:.0f} away")
    return reasons


def _equipment_reasons(trip: TripRequirements, amenities: Iterable[str], is_ada_compliant: bool) -> list[str]:
    return missing_amenities(trip.amenities, trip.needs_ada, amenities, is_ada_compliant)
