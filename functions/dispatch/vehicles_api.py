"""Routes of vehicles' downtimes."""

from coachway.core.caller import Caller
from coachway.core.errors import NotFound
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page, PartialUpdate
from coachway.dispatch.downtimes import service as downtimes
from coachway.dispatch.downtimes.model import Downtime, DowntimeId, DowntimeInput, DowntimeQuery
from coachway.dispatch.errors import VehicleAlreadyDown, VehicleHasTrips
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
