"""Routes of places."""

from coachway.core.caller import Caller
from coachway.core.errors import RateLimited, UpstreamUnavailable
from coachway.core.http.routing import ApiRouter
from coachway.places import service
from coachway.places.model import GeocodeInput, GeocodeResult, Route, RouteInput, SuggestInput, Suggestions

api = ApiRouter("places", "Addresses on the map: suggestions, coordinates, time zones, miles and driving times.")
app = api.app

LOOKUP_ERRORS = (RateLimited, UpstreamUnavailable)


@api.post("/places/suggest", permission="places:read", errors=LOOKUP_ERRORS)
def suggest_addresses(caller: Caller, body: SuggestInput) -> Suggestions:
    """Suggest addresses.

    Returns up to five addresses that continue what was typed.
    """
    return service.suggest_addresses(caller, body)


@api.post("/places/geocode", permission="places:read", errors=LOOKUP_ERRORS)
def geocode_address(caller: Caller, body: GeocodeInput) -> GeocodeResult:
    """Find an address.

    Returns the coordinates and the time zone of up to five places. `best` is the one that a charter would use. The
    result is kept for 90 days.
    """
    return service.geocode_address(caller, body)


@api.post("/places/route", permission="places:read", errors=LOOKUP_ERRORS)
def calculate_route(caller: Caller, body: RouteInput) -> Route:
    """Calculate a route.

    Returns the miles and the driving time of a coach through all stops, in their order. The result is kept for 90 days.
    """
    return service.calculate_route(caller, body)
