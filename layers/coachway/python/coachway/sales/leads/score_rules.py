"""The score of a lead: 0 to 100, with a reason for each part. Pure: no clock, no I/O.

The parts are the source (up to 20), the passengers (20), the time until the trip (20), what is known (15), earlier
bookings (10), and whether the fleet is free (15).
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from coachway.sales.leads.rules import LeadSource

_SOURCE_POINTS: Final[Mapping[LeadSource, int]] = {
    LeadSource.REFERRAL: 20,
    LeadSource.PARTNER: 15,
    LeadSource.PHONE: 15,
    LeadSource.WALK_IN: 15,
    LeadSource.WEB: 10,
    LeadSource.ANNUAL_REQUOTE: 10,
    LeadSource.EMAIL: 10,
}
_PASSENGER_POINTS: Final = ((40, 20), (20, 15), (10, 10), (1, 5))
"""The least number of passengers, and its points."""
_LEAD_DAYS_POINTS: Final = ((366, 5), (91, 12), (7, 20), (3, 12), (0, 5))
"""The least number of days until the trip, and its points: neither too soon nor too far away."""
_POINTS_PER_DETAIL: Final = 3


class FreeVehicle(NamedTuple):
    """A vehicle of the fleet: its class and its seats."""

    vehicle_class: str
    seats: int


@dataclass(frozen=True, slots=True)
class ScoredRequest:
    """What a score depends on. `earlier_bookings` and `free_vehicles` are None while they are not known."""

    source: LeadSource
    passengers: int | None
    trip_date: date | None
    today: date
    details: Mapping[str, bool]
    """Which details are known, by name."""
    earlier_bookings: int | None = None
    free_vehicles: Collection[FreeVehicle] | None = None


class ScorePart(NamedTuple):
    """The points of a topic, and why."""

    topic: str
    points: int
    reason: str


def score_request(request: ScoredRequest) -> list[ScorePart]:
    """Return the parts of the score. Their sum is from 0 to 100."""
    return [
        ScorePart("source", _SOURCE_POINTS[request.source], f"The source is {request.source.replace('_', ' ')}."),
        _score_passengers(request.passengers),
        _score_lead_time(request),
        _score_details(request.details),
        _score_earlier_bookings(request.earlier_bookings),
        _score_fleet(request),
    ]


def find_free_vehicles(fleet: Collection[FreeVehicle], committed: Mapping[str, int]) -> list[FreeVehicle]:
    """Return the vehicles that are left when `committed` vehicles of each class are in use: the largest of a class."""
    remaining, free = Counter(committed), list[FreeVehicle]()
    for vehicle in sorted(fleet, key=lambda each: -each.seats):
        if remaining[vehicle.vehicle_class] > 0:
            remaining[vehicle.vehicle_class] -= 1
        else:
            free.append(vehicle)
    return free


def _score_passengers(passengers: int | None) -> ScorePart:
    if passengers is None:
        return ScorePart("passengers", 0, "The number of passengers is not known.")
    points = next(points for least, points in _PASSENGER_POINTS if passengers >= least)
    return ScorePart("passengers", points, f"{passengers} passengers.")


def _score_lead_time(request: ScoredRequest) -> ScorePart:
    if request.trip_date is None:
        return ScorePart("lead_time", 0, "The date is not known.")
    days = (request.trip_date - request.today).days
    if days < 0:
        return ScorePart("lead_time", 0, "The date has passed.")
    points = next(points for least, points in _LEAD_DAYS_POINTS if days >= least)
    return ScorePart("lead_time", points, f"{days} days until the trip." if days != 1 else "1 day until the trip.")


def _score_details(details: Mapping[str, bool]) -> ScorePart:
    missing = [name for name, is_known in details.items() if not is_known]
    points = _POINTS_PER_DETAIL * (len(details) - len(missing))
    return ScorePart("completeness", points, f"Not known: {', '.join(missing)}." if missing else "All details known.")


def _score_earlier_bookings(bookings: int | None) -> ScorePart:
    if not bookings:
        return ScorePart("earlier_bookings", 0, "No earlier bookings." if bookings == 0 else "Not checked yet.")
    if bookings == 1:
        return ScorePart("earlier_bookings", 5, "1 earlier booking.")
    return ScorePart("earlier_bookings", 10, f"{bookings} earlier bookings.")


def _score_fleet(request: ScoredRequest) -> ScorePart:
    if request.trip_date is None:
        return ScorePart("fleet", 0, "Without a date, nobody knows whether the fleet is free.")
    if request.free_vehicles is None:
        return ScorePart("fleet", 0, "Not checked yet.")
    vehicles = sorted(request.free_vehicles, key=lambda each: each.seats)
    if not vehicles:
        return ScorePart("fleet", 0, "No vehicle is free on that date.")
    needed = request.passengers or 1
    single = next((vehicle for vehicle in vehicles if vehicle.seats >= needed), None)
    if single is not None:
        return ScorePart("fleet", 15, f"Free on that date: a {single.vehicle_class} with {single.seats} seats.")
    seats = sum(vehicle.seats for vehicle in vehicles)
    if seats >= needed:
        return ScorePart("fleet", 10, f"Several vehicles are free on that date, with {seats} seats together.")
    return ScorePart("fleet", 0, f"Only {seats} seats are free on that date.")
