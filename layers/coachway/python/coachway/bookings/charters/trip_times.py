"""What follows from a trip's stops: its times, its miles, whether its drivers may drive it, what pricing is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from coachway.bookings.charters.model import (
    SUPPORTED_YEARS,
    CharterInput,
    Stop,
    StopType,
    is_supported_date,
    with_fixed_offset,
)
from coachway.core import errors
from coachway.hours import itinerary
from coachway.hours.model import Answer, Law
from coachway.hours.rulesets import USUAL
from coachway.hours.trip import Trip, TripStop, legs, road_miles
from coachway.pricing.quote_model import MAX_DAYS, Notice, QuoteRequest
from coachway.pricing.rule_matching import route_of

_MAX_DURATION: Final = timedelta(days=MAX_DAYS)
_MAX_MILES: Final = 20_000
_MAX_ROUTE_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class TripSchedule:
    """A trip thought through: `stops` with types and zones filled in, times in the first stop's `zone`."""

    stops: list[Stop]
    zone: ZoneInfo
    miles: Decimal
    miles_estimated: bool
    starts_at: datetime
    ends_at: datetime
    notices: list[Notice]


def build_trip_schedule(wanted: CharterInput, default_zone: str, law: Law = USUAL) -> TripSchedule:
    """The journey that is asked for, judged by the hours rules of who runs it.

    Raises Invalid, naming the field, for times that do not fit or unknown zones.
    """
    stops = complete_stops(wanted.stops, default_zone)
    zone = ZoneInfo(stops[0].timezone or default_zone)
    if stops[0].estimated_departure is None:
        raise errors.Invalid.field("stops.0.estimated_departure", "say when the trip leaves its first stop")
    _require_supported_times(stops)
    trip = build_hours_trip(wanted, stops)
    miles = wanted.miles
    if miles is None:
        reckoned = road_miles(trip)
        if reckoned is None:
            raise errors.Invalid.field("miles", "give the miles, or the coordinates of every stop")
        miles = Decimal(str(round(reckoned, 1)))
    if miles > _MAX_MILES:
        raise errors.Invalid.field("miles", f"a trip has at most {_MAX_MILES:,} miles; its stops are further apart")
    route = legs(trip.model_copy(update={"deadhead_miles": 0.0}))
    last = stops[-1].time
    ends_at = max(route[-1].arrives if route else stops[0].estimated_departure, last or stops[0].estimated_departure)
    if ends_at - stops[0].estimated_departure > _MAX_DURATION:
        raise errors.Invalid.field("stops", f"the last one must be reached within {MAX_DAYS} days")
    return TripSchedule(
        stops=stops,
        zone=zone,
        miles=miles,
        miles_estimated=wanted.miles is None,
        starts_at=stops[0].estimated_departure.astimezone(zone),
        ends_at=ends_at.astimezone(zone),
        notices=_hours_notices(trip, law),
    )


def complete_stops(stops: Sequence[Stop], default_zone: str) -> list[Stop]:
    """Stops with what they left out: the type by their place, the zone of the first. Raises Invalid."""
    first_zone = stops[0].timezone or default_zone
    found = []
    for index, stop in enumerate(stops):
        named = "stop_type" in stop.model_fields_set
        usual = {0: StopType.PICKUP, len(stops) - 1: StopType.DROPOFF}.get(index, StopType.WAYPOINT)
        zone = stop.timezone or first_zone
        _require_zone(zone, index)
        found.append(stop.model_copy(update={"stop_type": stop.stop_type if named else usual, "timezone": zone}))
    return found


def _require_zone(name: str, index: int) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # an unknown zone is a KeyError
        raise errors.Invalid.field(
            f"stops.{index}.timezone", "must be an IANA time zone, such as America/New_York"
        ) from None


def _require_supported_times(stops: Sequence[Stop]) -> None:
    """A trip has an end, is no longer than is priced, and lies in years that are kept, wherever it was moved to."""
    start = stops[0].time
    for index, stop in enumerate(stops):
        for name in ("estimated_arrival", "estimated_departure"):
            at = getattr(stop, name)
            if at is not None and not is_supported_date(at):
                raise errors.Invalid.field(f"stops.{index}.{name}", SUPPORTED_YEARS)
            if at is not None and start is not None and at - start > _MAX_DURATION:
                raise errors.Invalid.field(f"stops.{index}.{name}", f"must be within {MAX_DAYS} days of the departure")


def build_hours_trip(wanted: CharterInput, stops: Sequence[Stop]) -> Trip:
    """A trip as the hours rules look at it."""
    return Trip(
        stops=tuple(
            TripStop(
                arrival=stop.estimated_arrival,
                departure=stop.estimated_departure,
                latitude=stop.latitude,
                longitude=stop.longitude,
            )
            for stop in stops
        ),
        miles=None if wanted.miles is None else float(wanted.miles),
        deadhead_miles=float(wanted.deadhead_miles),
        drivers=2 if wanted.requires_second_driver else 1,
    )


def _hours_notices(trip: Trip, law: Law) -> list[Notice]:
    """What the hours rules say of a trip. Blocking while it is not legal for the drivers that it names."""
    answer = itinerary.check_itinerary(trip, law)
    found = []
    if answer.verdict is Answer.BLOCK:
        found.append(Notice(code="hours_of_service", message=answer.explanation, blocking=True))
    elif answer.verdict is Answer.UNKNOWN:
        found.append(Notice(code="hours_of_service_unknown", message=answer.explanation))
    elif answer.relief and not answer.may_ride_along:
        message = "The second driver must join on the way: riding along from the start counts as time on duty."
        found.append(Notice(code="relief_joins_on_the_way", message=message))
    found += [
        Notice(
            code="timetable_too_fast",
            message=f"Stop {stop + 1} is reached at more than 70 miles an hour on average: check its times and miles.",
        )
        for stop in answer.too_fast
        if 0 <= stop < len(trip.stops)
    ]
    return found


def build_quote_request(wanted: CharterInput, journey: TripSchedule) -> QuoteRequest:
    """What pricing is asked about a charter. A route that is not named is the one between its ends."""
    between = route_of([stop.address for stop in journey.stops]) or ""
    return QuoteRequest(
        client_id=wanted.client_id,
        vehicle_class=wanted.vehicle_class,
        vehicle_count=wanted.vehicle_count,
        passengers=wanted.passengers,
        miles=journey.miles,
        deadhead_miles=wanted.deadhead_miles,
        departs_at=journey.starts_at,
        returns_at=journey.ends_at,
        timezone=journey.zone.key,
        stops=len(journey.stops),
        route=wanted.route or (between if 0 < len(between) <= _MAX_ROUTE_LENGTH else None),
        requires_second_driver=wanted.requires_second_driver,
        requires_coi=wanted.requires_coi,
        amenities=wanted.amenities,
        promo_code=wanted.promo_code,
    )


def shift_by_days(stops: Sequence[Stop], days: int, zone: ZoneInfo) -> list[Stop]:
    """The same stops `days` later on the calendar of `zone`.

    Departures keep their time of day through DST; driving takes as long as it did, so arrivals follow the departure
    before them, and a departure is put off where the vehicle has not come yet.
    """
    found: list[Stop] = []
    left: tuple[datetime, datetime] | None = None  # when the stop before is left: in the pattern, and now
    for stop in stops:
        arrival, departure = stop.estimated_arrival, stop.estimated_departure
        if arrival is not None:
            arrival = _same_local_time(arrival, days, zone) if left is None else _arrival_after(left, arrival, zone)
        if departure is not None:
            departure = _same_local_time(departure, days, zone)
            earliest = arrival or (left[1] if left else departure)
            departure = max(departure, earliest)
        found.append(stop.model_copy(update={"estimated_arrival": arrival, "estimated_departure": departure}))
        if stop.time is not None:
            left = (stop.time, departure or arrival or stop.time)
    return found


def shift_by_duration(stops: Sequence[Stop], delay: timedelta) -> list[Stop]:
    """The same stops, all later by `delay` of elapsed time (earlier when it is negative), on each one's own clock."""
    found = []
    for stop in stops:
        zone = ZoneInfo(stop.timezone) if stop.timezone else UTC
        later = {
            name: with_fixed_offset((at + delay).astimezone(zone))
            for name, at in (
                ("estimated_arrival", stop.estimated_arrival),
                ("estimated_departure", stop.estimated_departure),
            )
            if at is not None
        }
        found.append(stop.model_copy(update=later))
    return found


def _arrival_after(left: tuple[datetime, datetime], arrival: datetime, zone: ZoneInfo) -> datetime:
    """The arrival, as long after the departure as in the pattern."""
    return with_fixed_offset((left[1] + (arrival - left[0])).astimezone(zone))


def _same_local_time(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same time of day, `days` later; one that DST skips has the offset from before the change (RFC 5545)."""
    local = at.astimezone(zone)
    later = (local.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=zone, fold=0)
    return with_fixed_offset(later.astimezone(UTC).astimezone(zone))
