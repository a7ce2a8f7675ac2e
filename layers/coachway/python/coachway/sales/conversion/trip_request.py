"""The request for a charter, from what the caller sends and what the lead knows. Pure: no clock, no I/O."""

from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from coachway.bookings.charters.trip_model import CharterInput, Stop, TripType, is_supported_date
from coachway.core import errors
from coachway.core.types.time_zones import with_fixed_offset
from coachway.sales.conversion.schemas import ConvertedTrip
from coachway.sales.leads.model import Lead


def build_trip_request(lead: Lead, trip: ConvertedTrip, client_id: str, default_zone: str) -> CharterInput:
    """Build the request for the lead's charter. Raises Invalid with the fields that neither has."""
    stops = trip.stops or _build_stops(lead, trip, default_zone)
    passengers = trip.passengers or lead.estimated_passengers
    if passengers is None:
        raise errors.Invalid.field("charter.passengers", "is required: the lead has no number", "required")
    own = {"pickup_time", "return_time", "stops", "passengers", "trip_type", "notes"}
    sent = trip.model_dump(exclude=own, exclude_unset=True)
    return CharterInput(
        **sent,
        client_id=client_id,
        stops=stops,
        passengers=passengers,
        trip_type=trip.trip_type or _find_trip_type(lead, trip),
        notes=lead.trip_details if trip.notes is None else trip.notes,
    )


def set_local_times(stops: Sequence[Stop], default_zone: str) -> list[Stop]:
    """Return the stops with their departures at the same local times in the zones of their places.

    The zones are known only when the places were found; `default_zone` was assumed until then.
    """
    first_zone = stops[0].timezone or default_zone
    return [
        each.model_copy(
            update={"estimated_departure": _at_local_time(each.estimated_departure, each.timezone or first_zone)}
        )
        if each.estimated_departure is not None
        else each
        for each in stops
    ]


def _at_local_time(departure: datetime, zone: str) -> datetime:
    return with_fixed_offset(departure.replace(tzinfo=ZoneInfo(zone)))


def _find_trip_type(lead: Lead, trip: ConvertedTrip) -> TripType:
    if trip.stops is not None or lead.estimated_return_date is None:
        return TripType.ONE_WAY
    return TripType.ROUND_TRIP if lead.estimated_return_date == lead.estimated_trip_date else TripType.MULTI_DAY


def _build_stops(lead: Lead, trip: ConvertedTrip, zone: str) -> list[Stop]:
    pickup_time = trip.pickup_time or lead.estimated_trip_time
    needed = {
        "pickup_location": lead.pickup_location,
        "dropoff_location": lead.dropoff_location,
        "estimated_trip_date": lead.estimated_trip_date,
        "pickup_time": pickup_time,
        "return_time": trip.return_time or lead.estimated_return_date is None,
    }
    missing = [name for name, value in needed.items() if not value]
    if lead.estimated_trip_date is None or pickup_time is None or missing:
        detail = f"send the stops, or complete the lead: it has no {', '.join(missing)}"
        raise errors.Invalid.field("charter.stops", detail, "required")
    pickup = {
        "address": lead.pickup_location,
        "latitude": lead.pickup_latitude,
        "longitude": lead.pickup_longitude,
    }
    departure = _find_departure(lead.estimated_trip_date, pickup_time, zone)
    there = Stop(**pickup, estimated_departure=departure)
    if lead.estimated_return_date is None or trip.return_time is None:
        return [there, Stop(address=lead.dropoff_location)]
    return_departure = _find_departure(lead.estimated_return_date, trip.return_time, zone)
    if return_departure <= departure:
        raise errors.Invalid.field("charter.return_time", "must be after the pickup")
    return [there, Stop(address=lead.dropoff_location, estimated_departure=return_departure), Stop(**pickup)]


def _find_departure(day: date, local_time: str, zone: str) -> datetime:
    departure = datetime.combine(day, time.fromisoformat(local_time), tzinfo=ZoneInfo(zone))
    if not is_supported_date(departure):
        raise errors.Invalid.field("charter.stops", "the trip date of the lead must be between the years 2001 and 2150")
    return with_fixed_offset(departure)
