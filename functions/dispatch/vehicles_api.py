"""Routes of vehicles' downtimes, and of holds of vehicles for charters."""

from coachway.bookings.charters.model import CharterId
from coachway.core.caller import Caller
from coachway.core.errors import NotFound
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page, PageQuery, PartialUpdate
from coachway.dispatch.downtimes import service as downtimes
from coachway.dispatch.downtimes.model import Downtime, DowntimeId, DowntimeInput, DowntimeQuery
from coachway.dispatch.errors import (
    CharterNotHoldable,
    HoldNotActive,
    VehicleAlreadyDown,
    VehicleHasTrips,
    VehicleNotAvailable,
)
from coachway.dispatch.holds import service as holds
from coachway.dispatch.holds.model import Hold, HoldExtension, HoldId, HoldInput
from coachway.fleet.model import VehicleId

api = ApiRouter(
    "dispatch", "Assignments of drivers and vehicles, duty, positions, calendars and recoveries.", health=False
)
app = api.app


@api.post(
    "/vehicles/{vehicle_id}/downtimes",
    permission="fleet:write",
    status=201,
    errors=(NotFound, VehicleHasTrips, VehicleAlreadyDown),
)
def add_downtime(caller: Caller, vehicle_id: VehicleId, body: DowntimeInput) -> Downtime:
    """Add a downtime to a vehicle.

    The vehicle cannot be assigned to trips on these days. Refused while the vehicle has trips on these days: `errors`
    names each one.
    """
    return downtimes.add_downtime(caller, vehicle_id, body)


@api.get("/vehicles/{vehicle_id}/downtimes", permission="fleet:read", errors=(NotFound,))
def list_downtimes(caller: Caller, vehicle_id: VehicleId, query: DowntimeQuery) -> Page[Downtime]:
    """List the downtimes of a vehicle.

    Those that end on `date_from` or later, the first to end first.
    """
    return downtimes.list_downtimes(caller, vehicle_id, query)


@api.get("/vehicles/{vehicle_id}/downtimes/{downtime_id}", permission="fleet:read")
def get_downtime(caller: Caller, vehicle_id: VehicleId, downtime_id: DowntimeId) -> Downtime:
    """Get a downtime of a vehicle."""
    return downtimes.get_downtime(caller, vehicle_id, downtime_id)


@api.put(
    "/vehicles/{vehicle_id}/downtimes/{downtime_id}",
    permission="fleet:write",
    errors=(VehicleHasTrips, VehicleAlreadyDown),
)
def update_downtime(
    caller: Caller,
    vehicle_id: VehicleId,
    downtime_id: DowntimeId,
    body: PartialUpdate[DowntimeInput],
    if_match: int | None,
) -> Downtime:
    """Update a downtime of a vehicle.

    Send only the fields that change. To bring a vehicle back early, change `last_day`.
    """
    return downtimes.update_downtime(caller, vehicle_id, downtime_id, body, if_match)


@api.delete("/vehicles/{vehicle_id}/downtimes/{downtime_id}", permission="fleet:write")
def remove_downtime(caller: Caller, vehicle_id: VehicleId, downtime_id: DowntimeId, if_match: int | None) -> None:
    """Remove a downtime from a vehicle.

    The vehicle can be assigned to trips on these days again.
    """
    downtimes.remove_downtime(caller, vehicle_id, downtime_id, if_match)


@api.post(
    "/charters/{charter_id}/holds",
    permission="charters:write",
    status=201,
    errors=(NotFound, CharterNotHoldable, VehicleNotAvailable),
)
def hold_vehicles(caller: Caller, charter_id: CharterId, body: HoldInput) -> Hold:
    """Hold vehicles for a charter.

    While its quote waits for an answer, no other charter can get these vehicles at that time. A hold ends when it
    expires, when the quote is declined or expires, when the trip is changed or cancelled, and when the charter has all
    of its vehicles. When the client books, it lasts until the departure. When a vehicle is not free, `errors` lists
    every reason.
    """
    from coachway.dispatch.holds import placement  # only needed here, slow to import

    return placement.hold_vehicles(caller, charter_id, body)


@api.get("/charters/{charter_id}/holds", permission="charters:read", errors=(NotFound,))
def list_holds(caller: Caller, charter_id: CharterId, query: PageQuery) -> Page[Hold]:
    """List the holds of a charter.

    Oldest first, with those that are over.
    """
    return holds.list_holds(caller, charter_id, query)


@api.get("/charters/{charter_id}/holds/{hold_id}", permission="charters:read")
def get_hold(caller: Caller, charter_id: CharterId, hold_id: HoldId) -> Hold:
    """Get a hold of a charter."""
    return holds.get_hold(caller, charter_id, hold_id)


@api.put("/charters/{charter_id}/holds/{hold_id}", permission="charters:write", errors=(HoldNotActive,))
def extend_hold(
    caller: Caller, charter_id: CharterId, hold_id: HoldId, body: HoldExtension, if_match: int | None
) -> Hold:
    """Change when a hold expires.

    To keep the vehicles longer, or to give them back earlier. At most until the departure.
    """
    return holds.extend_hold(caller, charter_id, hold_id, body, if_match)


@api.post("/charters/{charter_id}/holds/{hold_id}/release", permission="charters:write", errors=(HoldNotActive,))
def release_hold(caller: Caller, charter_id: CharterId, hold_id: HoldId, if_match: int | None) -> Hold:
    """Release a hold.

    Its vehicles can be held for other charters, and assigned to them.
    """
    return holds.release_hold(caller, charter_id, hold_id, if_match)
