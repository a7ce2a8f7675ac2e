"""The notices about hours of service on quotes (49 CFR 395.5). Every price and check words them alike."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from coachway.hours import itinerary
from coachway.hours.model import CarrierRuleset, Legality
from coachway.hours.trip import AVERAGE_MILES_PER_HOUR, MAX_MILES_PER_HOUR, HoursStop, HoursTrip
from coachway.pricing.notice_model import Notice
from coachway.pricing.quote_model import QuoteRequest
from coachway.pricing.rule_matching import Trip

_DEFAULT_START: Final = time(9)
_MAX_MILES: Final = 10_000


def build_hours_notices(check: itinerary.ItineraryCheck) -> list[Notice]:
    """The notices about an itinerary. An itinerary that is illegal for its drivers has one that blocks its quote."""
    notices = []
    if check.verdict is Legality.BLOCK:
        notices.append(Notice(code="hours_of_service", message=check.explanation, blocking=True))
    elif check.verdict is Legality.UNKNOWN:
        notices.append(Notice(code="hours_of_service_unknown", message=check.explanation))
    elif check.relief and not check.may_ride_along:
        message = "The second driver must join on the way: riding along from the start counts as on-duty time."
        notices.append(Notice(code="relief_joins_on_the_way", message=message))
    return notices + [
        Notice(
            code="timetable_too_fast",
            message=f"Stop {stop + 1} needs more than {MAX_MILES_PER_HOUR:.0f} miles per hour on average. "
            "Check its times and miles.",
        )
        for stop in check.too_fast
    ]


def notices_from_miles(request: QuoteRequest, trip: Trip, zone: tzinfo, ruleset: CarrierRuleset) -> list[Notice]:
    """The notices of a trip without stops, assuming continuous driving of its miles.

    A trip of several days has unknown rest periods, so it has no notices.
    """
    miles = float(trip.miles)
    if len(trip.days) > 1 or trip.miles + trip.deadhead_miles > _MAX_MILES:
        return []
    start = request.departs_at or datetime.combine(trip.days[0], trip.start or _DEFAULT_START, zone)
    departure, arrival = start.astimezone(UTC), request.returns_at and request.returns_at.astimezone(UTC)
    if arrival is not None and arrival - departure >= timedelta(hours=miles / AVERAGE_MILES_PER_HOUR):
        arrival = None  # the time that the miles do not need is not driving
    hours_trip = HoursTrip(
        stops=(HoursStop(departure=departure), HoursStop(arrival=arrival)),
        miles=miles,
        deadhead_miles=float(trip.deadhead_miles),
        drivers=2 if trip.second_driver else 1,
    )
    check = itinerary.check_itinerary(hours_trip, ruleset)
    return build_hours_notices(check) if check.verdict is Legality.BLOCK or check.too_fast else []
