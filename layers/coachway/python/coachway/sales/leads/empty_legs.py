"""The empty leg that a lead could use: near its pickup, at about its time."""

from collections.abc import Collection
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from coachway.bookings.charters.model import Charter
from coachway.core.caller import Caller
from coachway.core.types.geo import Coordinates
from coachway.core.types.time_zones import resolve_local_time
from coachway.places import lookup
from coachway.sales.leads.empty_leg_rules import PlannedLeg, match_empty_leg
from coachway.sales.leads.model import EmptyLeg, Lead


def find_empty_leg(caller: Caller, lead: Lead, trips: Collection[Charter]) -> EmptyLeg | None:
    """Find the empty leg that saves the most miles for a lead. `trips` are those of its date.

    Needs the date, the time and the place of the pickup. Looks the place up if it has no coordinates, but only if there
    is an empty leg on that date. If the map service does not answer, there is no match.
    """
    if lead.estimated_trip_date is None or lead.estimated_trip_time is None:
        return None
    zones = {charter.id: charter.stops[-1].timezone or charter.timezone for charter in trips}
    legs = [leg for leg in map(_planned_leg, trips) if leg is not None]
    pickup = _find_pickup(caller, lead) if legs else None
    if pickup is None:
        return None
    local = datetime.combine(lead.estimated_trip_date, time.fromisoformat(lead.estimated_trip_time))
    # The pickup is near the leg, so it has the leg's time zone.
    matches = [
        match_empty_leg(pickup, resolve_local_time(local, ZoneInfo(zones[leg.charter_id])), [leg]) for leg in legs
    ]
    best = max((match for match in matches if match is not None), key=lambda match: match.saved_miles, default=None)
    if best is None:
        return None
    return EmptyLeg(
        charter_id=best.leg.charter_id,
        charter_number=best.leg.charter_number,
        starts_at=best.leg.starts_at,
        timezone=zones[best.leg.charter_id],
        miles_to_pickup=best.miles_to_pickup,
        saved_miles=best.saved_miles,
    )


def _planned_leg(charter: Charter) -> PlannedLeg | None:
    """The way of an own vehicle from the last stop to the garage: half of the empty miles."""
    last = charter.stops[-1]
    is_by_vendors = len({vehicle.vehicle for vehicle in charter.vehicles if vehicle.vendor_id}) >= charter.vehicle_count
    if last.latitude is None or last.longitude is None or not charter.deadhead_miles or is_by_vendors:
        return None
    miles = float(charter.deadhead_miles / Decimal(2))
    return PlannedLeg(charter.id, charter.number, charter.ends_at, Coordinates(last.latitude, last.longitude), miles)


def _find_pickup(caller: Caller, lead: Lead) -> Coordinates | None:
    if lead.pickup_latitude is not None and lead.pickup_longitude is not None:
        return Coordinates(lead.pickup_latitude, lead.pickup_longitude)
    if not lead.pickup_location:
        return None
    place = lookup.find_addresses(caller, [lead.pickup_location])[lead.pickup_location].place
    return Coordinates(place.latitude, place.longitude) if place is not None else None
