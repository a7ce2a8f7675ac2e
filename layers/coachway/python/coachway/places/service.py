"""The functions that the routes of places call."""

from typing import Final

from coachway.core import errors
from coachway.core.auth import attempt_counters
from coachway.core.auth.attempt_counters import RateLimit
from coachway.core.caller import Caller
from coachway.core.types.geo import Coordinates
from coachway.identity.organization_queries import get_organization
from coachway.places import amazon_client, lookup, rules
from coachway.places.amazon_client import MapServiceUnavailable
from coachway.places.model import (
    GeocodeInput,
    GeocodeResult,
    Place,
    Route,
    RouteInput,
    SuggestInput,
    Suggestions,
)
from coachway.places.rules import LookupProblem
from coachway.places.zone_positions import find_zone_position

_LIMIT_BY_USER: Final = RateLimit(600, 5 * 60)
"""Each request costs money. Typing addresses all day takes less than two requests in a second."""


def suggest_addresses(caller: Caller, request: SuggestInput) -> Suggestions:
    """Suggest addresses, near the organization unless the request has a position.

    Answers are not kept: the terms of the service do not allow it. Raises RateLimited, or MapServiceUnavailable.
    """
    _count_request(caller)
    near = _position(request.latitude, request.longitude)
    if near is None:
        near = find_zone_position(get_organization(caller.org_id).timezone)
    return Suggestions(items=amazon_client.suggest(request.query, near))


def geocode_address(caller: Caller, request: GeocodeInput) -> GeocodeResult:
    """Find the places of an address. Raises RateLimited, or MapServiceUnavailable."""
    _count_request(caller)
    places = lookup.find_candidates(caller, [request.address])[request.address]
    if places is None:
        raise MapServiceUnavailable("The map service did not respond. Retry later.")
    return GeocodeResult(best=rules.choose_place(places).place, items=places)


def calculate_route(caller: Caller, request: RouteInput) -> Route:
    """Calculate a route. Raises Invalid for an address without a place, RateLimited, or MapServiceUnavailable."""
    _count_request(caller)
    addresses = [stop.address for stop in request.stops if stop.latitude is None and stop.address is not None]
    matches = lookup.find_addresses(caller, addresses)
    positions: list[Coordinates] = []
    places: list[Place | None] = []
    for index, stop in enumerate(request.stops):
        position, place = _position(stop.latitude, stop.longitude), None
        if position is None:
            match = matches[stop.address or ""]
            place = _require_place(index, match.place, match.problem)
            position = Coordinates(place.latitude, place.longitude)
        positions.append(position)
        places.append(place)
    route = lookup.find_route(caller, positions)
    if route.has_no_road:
        raise errors.Invalid.field("stops", "no road connects these stops", "no_road")
    if route.legs is None:
        raise MapServiceUnavailable("The map service did not respond. Retry later.")
    return Route(
        miles=round(sum(leg.miles for leg in route.legs), 2),
        driving_minutes=sum(leg.driving_minutes for leg in route.legs),
        legs=route.legs,
        places=places,
    )


def _count_request(caller: Caller) -> None:
    attempt_counters.count_attempt("places", f"{caller.org_id}:{caller.user_id}", _LIMIT_BY_USER)


def _position(latitude: float | None, longitude: float | None) -> Coordinates | None:
    return None if latitude is None or longitude is None else Coordinates(latitude, longitude)


def _require_place(index: int, place: Place | None, problem: LookupProblem | None) -> Place:
    field = f"stops.{index}.address"
    match problem:
        case LookupProblem.UNAVAILABLE:
            raise MapServiceUnavailable("The map service did not respond. Retry later.")
        case LookupProblem.AMBIGUOUS:
            raise errors.Invalid.field(field, "matches several places; add the city and the state", "address_ambiguous")
    if place is None:
        raise errors.Invalid.field(field, "was not found; check it or send coordinates", "address_not_found")
    return place
