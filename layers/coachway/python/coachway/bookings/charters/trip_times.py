"""Derives a trip's schedule from its stops: times, miles, driving hours, and the request for a price."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from coachway.bookings.charters.trip_model import SUPPORTED_YEARS, CharterInput, Stop, StopType, is_supported_date
from coachway.core import errors
from coachway.core.types.geo import RoadLeg
from coachway.core.types.time_zones import shift_local_time, with_fixed_offset
from coachway.hours import itinerary
from coachway.hours.model import CarrierRuleset
from coachway.hours.rulesets import DEFAULT_RULESET
from coachway.hours.trip import HoursStop, HoursTrip, build_legs, estimate_road_miles
from coachway.identity.model.organization import ReportTimes
from coachway.pricing.hours_notices import build_hours_notices
from coachway.pricing.notice_model import Notice
from coachway.pricing.quote_model import MAX_DAYS, QuoteRequest
from coachway.pricing.rule_matching import derive_route

_MAX_DURATION: Final = timedelta(days=MAX_DAYS)
_LONGEST_DRIVE: Final = timedelta(days=1)
"""A longer time between two stops contains a night's rest."""
_MAX_MILES: Final = 20_000
_MAX_ROUTE_LENGTH: Final = 200
_MILES_UNKNOWN: Final = Notice(
    code="miles_unknown",
    message="The miles are unknown, so neither the price nor the hours of service are right. Enter the miles, or "
    "correct the addresses.",
)


@dataclass(frozen=True, slots=True)
class TripSchedule:
    """The schedule of a trip. `stops` have types and time zones; times are in `zone`, that of the first stop."""

    stops: list[Stop]
    zone: ZoneInfo
    miles: Decimal
    miles_estimated: bool
    road_legs: list[RoadLeg]
    starts_at: datetime
    ends_at: datetime
    notices: list[Notice]


def build_trip_schedule(
    request: CharterInput,
    default_zone: str,
    ruleset: CarrierRuleset = DEFAULT_RULESET,
    road_legs: Sequence[RoadLeg] = (),
    report_times: ReportTimes | None = None,
) -> TripSchedule:
    """Build the schedule of a requested trip, and check it against the hours-of-service ruleset.

    `road_legs` are the way from stop to stop, of which the miles and driving times follow. If the miles are neither
    requested nor known, they are 0, and a notice prevents sending the quote. `report_times` are the organization's.

    Raises Invalid if times are inconsistent.
    """
    stops = complete_stops(request.stops, default_zone)
    zone = ZoneInfo(stops[0].timezone or default_zone)
    if stops[0].estimated_departure is None:
        raise errors.Invalid.field("stops.0.estimated_departure", "is required for the first stop", "required")
    _require_supported_times(stops)
    trip = build_hours_trip(request, stops, road_legs, report_times)
    miles, estimate = request.miles, estimate_road_miles(trip)
    if miles is None:
        miles = Decimal(str(round(estimate or 0.0, 1)))
    if miles > _MAX_MILES:
        raise errors.Invalid.field("miles", f"must be at most {_MAX_MILES:,}; the stops are farther apart")
    route = build_legs(trip.between_stops)
    last = stops[-1].time
    ends_at = max(route[-1].arrives if route else stops[0].estimated_departure, last or stops[0].estimated_departure)
    if ends_at - stops[0].estimated_departure > _MAX_DURATION:
        raise errors.Invalid.field("stops", f"the last stop must be reached within {MAX_DAYS} days")
    is_known = request.miles is not None or estimate is not None
    hours_notices = build_hours_notices(itinerary.check_itinerary(trip, ruleset)) if is_known else [_MILES_UNKNOWN]
    return TripSchedule(
        stops=stops,
        zone=zone,
        miles=miles,
        miles_estimated=request.miles is None,
        road_legs=list(road_legs),
        starts_at=stops[0].estimated_departure.astimezone(zone),
        ends_at=ends_at.astimezone(zone),
        notices=hours_notices,
    )


def complete_stops(stops: Sequence[Stop], default_zone: str) -> list[Stop]:
    """Fill in missing stop types by position and missing time zones from the first stop."""
    first_zone = stops[0].timezone or default_zone
    completed = []
    for index, stop in enumerate(stops):
        has_type = "stop_type" in stop.model_fields_set
        default_type = {0: StopType.PICKUP, len(stops) - 1: StopType.DROPOFF}.get(index, StopType.WAYPOINT)
        zone = stop.timezone or first_zone
        completed.append(
            stop.model_copy(update={"stop_type": stop.stop_type if has_type else default_type, "timezone": zone})
        )
    return completed


def _require_supported_times(stops: Sequence[Stop]) -> None:
    """Check years and duration. Also needed after a series or a clone has shifted the times."""
    start = stops[0].time
    for index, stop in enumerate(stops):
        for name in ("estimated_arrival", "estimated_departure"):
            time = getattr(stop, name)
            if time is not None and not is_supported_date(time):
                raise errors.Invalid.field(f"stops.{index}.{name}", SUPPORTED_YEARS)
            if time is not None and start is not None and time - start > _MAX_DURATION:
                raise errors.Invalid.field(f"stops.{index}.{name}", f"must be within {MAX_DAYS} days of the departure")


def build_hours_trip(
    request: CharterInput,
    stops: Sequence[Stop],
    road_legs: Sequence[RoadLeg],
    report_times: ReportTimes | None = None,
) -> HoursTrip:
    """Convert a trip for the check against the hours-of-service rules.

    `report_times` are those of the organization; the trip can have its own spot time.
    """
    defaults = report_times or ReportTimes()
    spot_minutes = defaults.spot_minutes if request.spot_minutes is None else request.spot_minutes
    return HoursTrip(
        stops=tuple(
            HoursStop(
                arrival=stop.estimated_arrival,
                departure=stop.estimated_departure,
                latitude=stop.latitude,
                longitude=stop.longitude,
            )
            for stop in stops
        ),
        legs=tuple(road_legs),
        miles=None if request.miles is None else float(request.miles),
        deadhead_miles=float(request.deadhead_miles),
        drivers=2 if request.requires_second_driver else 1,
        spot=timedelta(minutes=spot_minutes),
        inspection=timedelta(minutes=defaults.inspection_minutes),
    )


def build_quote_request(request: CharterInput, schedule: TripSchedule) -> QuoteRequest:
    """The request for a price. The route defaults to the addresses of the first and the last stop."""
    default_route = derive_route([stop.address for stop in schedule.stops]) or ""
    return QuoteRequest(
        client_id=request.client_id,
        vehicle_class=request.vehicle_class,
        vehicle_count=request.vehicle_count,
        vehicle_groups=request.vehicle_groups,
        passengers=request.passengers,
        miles=schedule.miles,
        deadhead_miles=request.deadhead_miles,
        departs_at=schedule.starts_at,
        returns_at=schedule.ends_at,
        timezone=schedule.zone.key,
        stops=len(schedule.stops),
        route=request.route or (default_route if 0 < len(default_route) <= _MAX_ROUTE_LENGTH else None),
        requires_second_driver=request.requires_second_driver,
        requires_coi=request.requires_coi,
        amenities=request.amenities,
        promo_code=request.promo_code,
    )


def move_trip(stops: Sequence[Stop], departure: datetime) -> list[Stop]:
    """The same trip with another departure. Every stop needs its time zone.

    Local times change by the local difference between the departures. Only drives keep their elapsed time when DST
    begins or ends: an arrival is as long after the previous departure as before, unless that is a day or more, and a
    departure is delayed if the vehicle would arrive after it.
    """
    departure = with_fixed_offset(departure)
    original = stops[0].estimated_departure or departure
    zone = ZoneInfo(stops[0].timezone or "UTC")
    difference = departure.astimezone(zone).replace(tzinfo=None) - original.astimezone(zone).replace(tzinfo=None)
    moved_stops: list[Stop] = []
    previous: tuple[datetime, datetime] | None = None  # departure from the previous stop: original, moved
    for stop in stops:
        zone = ZoneInfo(stop.timezone or "UTC")
        arrival, stop_departure = stop.estimated_arrival, stop.estimated_departure
        if previous is None:
            stop_departure = departure
            if arrival is not None:
                arrival = min(shift_local_time(arrival, difference, zone), departure)
        else:
            if arrival is not None and arrival - previous[0] < _LONGEST_DRIVE:
                arrival = previous[1] + (arrival - previous[0])
            elif arrival is not None:
                arrival = max(shift_local_time(arrival, difference, zone), previous[1])
            if stop_departure is not None:
                stop_departure = max(shift_local_time(stop_departure, difference, zone), arrival or previous[1])
        times = {"estimated_arrival": arrival, "estimated_departure": stop_departure}
        moved_stops.append(
            stop.model_copy(update={name: at and with_fixed_offset(at.astimezone(zone)) for name, at in times.items()})
        )
        if stop.time is not None:
            previous = (stop.time, stop_departure or arrival or stop.time)
    return moved_stops
