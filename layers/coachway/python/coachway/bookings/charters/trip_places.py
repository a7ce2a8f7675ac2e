"""Finds the places of a trip whose stops have only addresses, and its route if the miles are not entered.

What staff enter always wins. Without the map service, a quote goes on with warnings. These functions send requests to
the outside, so they come before the transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, TypeVar

from coachway.bookings.charters.trip_model import CharterInput, Stop
from coachway.core.caller import Caller
from coachway.core.types.geo import Coordinates, RoadLeg
from coachway.hours.trip import estimate_road_leg
from coachway.places.rules import AddressMatch, LookupProblem
from coachway.pricing.notice_model import Notice

T = TypeVar("T", bound=CharterInput)

_MESSAGES: Final[Mapping[str, str]] = {
    "places_unavailable": "The map service did not respond, so the place of {stops} is unknown. Save the charter again "
    "later, or enter the coordinates and the miles.",
    "address_not_found": "The address of {stops} was not found. Correct it, or enter the coordinates.",
    "address_ambiguous": "The address of {stops} matches several places. Add the city and the state.",
    "address_approximate": "Only the street or the city of {stops} was found, so arrivals there are not detected. Add "
    "the house number, or enter the coordinates.",
}
"""The messages about stops, by the code of their notice."""
_CODES: Final = {
    LookupProblem.UNAVAILABLE: "places_unavailable",
    LookupProblem.NOT_FOUND: "address_not_found",
    LookupProblem.AMBIGUOUS: "address_ambiguous",
}


@dataclass(frozen=True, slots=True)
class TripPlaces:
    """The way between the stops of a trip, empty if the miles were entered, and warnings about what is missing."""

    road_legs: Sequence[RoadLeg] = ()
    notices: Sequence[Notice] = field(default_factory=tuple)


def locate_trip(caller: Caller, request: T) -> tuple[T, TripPlaces]:
    """Find the coordinates and time zones of stops without coordinates, and the route if there are no miles.

    Without miles, stops with coordinates get their time zone too. Returns the request with what was found. A street or
    a city gives the miles and the time zone, but no coordinates: the vehicle could not be expected to come near them.
    """
    matches = find_addresses(caller, [stop.address for stop in request.stops if stop.latitude is None])
    stops = [_complete_stop(stop, matches.get(stop.address)) for stop in request.stops]
    notices = _build_notices(request.stops, matches)
    legs: Sequence[RoadLeg] = ()
    positions = [_find_position(stop, matches.get(stop.address)) for stop in stops]
    known = [position for position in positions if position is not None]
    if request.miles is None:
        stops = _complete_zones(caller, stops)
    if request.miles is None and len(known) == len(positions):
        legs, warnings = _find_route(caller, known)
        notices += warnings
    return request.model_copy(update={"stops": stops}), TripPlaces(legs, tuple(notices))


def carry_places(stops: Sequence[Stop], previous: Sequence[Stop], default_zone: str) -> list[Stop]:
    """The stops of an edited trip, with the places that were found for the same addresses before.

    A caller often sends a whole stop with another address. The place that was found for the previous address is then
    removed. Stops that were not found before lose the `default_zone`, so that the zone of the place can replace it.
    """
    before = {stop.address: stop for stop in previous}
    found = {stop.geocoded_address: stop for stop in previous if stop.geocoded_address is not None}
    carried = []
    for stop in stops:
        same, stale = before.get(stop.address), found.get(stop.geocoded_address or "")
        if same is not None and same.geocoded_address is not None:
            carried.append(_fill(stop, same))
        elif same is None and stale is not None:
            carried.append(_without_place_of(stop, stale))
        elif same is not None and stop.latitude is None and stop.timezone == default_zone:
            carried.append(stop.model_copy(update={"timezone": None}))
        else:
            carried.append(stop)
    return carried


def _fill(stop: Stop, known: Stop) -> Stop:
    if stop.latitude is not None and stop.latitude != known.latitude:
        return stop
    names = ("latitude", "longitude", "geocoded_address", "timezone")
    return stop.model_copy(update={name: getattr(known, name) for name in names if getattr(stop, name) is None})


def _without_place_of(stop: Stop, stale: Stop) -> Stop:
    changes: dict[str, Any] = {"geocoded_address": None}
    if (stop.latitude, stop.longitude) == (stale.latitude, stale.longitude):
        changes |= {"latitude": None, "longitude": None}
        if stop.timezone == stale.timezone:
            changes["timezone"] = None
    return stop.model_copy(update=changes)


def find_addresses(caller: Caller, addresses: Sequence[str]) -> dict[str, AddressMatch]:
    """Find the place of each address, or why there is none."""
    if not addresses:
        return {}
    from coachway.places import lookup  # imported late: most trips have coordinates

    return lookup.find_addresses(caller, addresses)


def _complete_stop(stop: Stop, match: AddressMatch | None) -> Stop:
    if stop.latitude is not None or match is None or match.place is None:
        return stop
    place = match.place
    position = {"latitude": place.latitude, "longitude": place.longitude} if place.is_exact else {}
    zone = stop.timezone or place.timezone
    return stop.model_copy(update={**position, "geocoded_address": place.label[:200], "timezone": zone})


def _complete_zones(caller: Caller, stops: Sequence[Stop]) -> list[Stop]:
    from coachway.places import lookup  # imported late: most trips have miles

    positions = [
        Coordinates(stop.latitude, stop.longitude)
        for stop in stops
        if stop.timezone is None and stop.latitude is not None and stop.longitude is not None
    ]
    zones = dict(zip(positions, lookup.find_time_zones(caller, positions), strict=True)) if positions else {}
    return [
        stop.model_copy(update={"timezone": stop.timezone or zones.get(Coordinates(stop.latitude, stop.longitude))})
        if stop.latitude is not None and stop.longitude is not None
        else stop
        for stop in stops
    ]


def _find_position(stop: Stop, match: AddressMatch | None) -> Coordinates | None:
    if stop.latitude is not None and stop.longitude is not None:
        return Coordinates(stop.latitude, stop.longitude)
    return Coordinates(match.place.latitude, match.place.longitude) if match and match.place else None


def _find_route(caller: Caller, positions: Sequence[Coordinates]) -> tuple[Sequence[RoadLeg], list[Notice]]:
    from coachway.places import lookup  # imported late: most trips have miles

    route = lookup.find_route(caller, positions)
    if route.legs is not None:
        return route.legs, []
    reason = "No road connects the stops" if route.has_no_road else "The map service did not respond"
    message = f"{reason}, so the miles are estimated as 1.3 times the straight line. Check them."
    legs = [estimate_road_leg(start, end) for start, end in pairwise(positions)]
    return legs, [Notice(code="miles_estimated", message=message)]


def _build_notices(stops: Sequence[Stop], matches: Mapping[str, AddressMatch]) -> list[Notice]:
    numbers: dict[str, list[int]] = {}
    for number, stop in enumerate(stops, 1):
        match = matches.get(stop.address) if stop.latitude is None else None
        if match is not None and match.problem is not None:
            numbers.setdefault(_CODES[match.problem], []).append(number)
        elif match is not None and match.place is not None and not match.place.is_exact:
            numbers.setdefault("address_approximate", []).append(number)
    return [
        Notice(code=code, message=message.format(stops=_name_stops(numbers[code])))
        for code, message in _MESSAGES.items()
        if code in numbers
    ]


def _name_stops(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"stop {numbers[0]}"
    return f"stops {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
