"""Routes of drivers and vehicles."""

from coachway.core.caller import Caller
from coachway.core.errors import NotFound
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page, PartialUpdate
from coachway.fleet import drivers, vehicles
from coachway.fleet.assignment_counter import HasUpcomingTrips
from coachway.fleet.availability import AvailabilityInput, DriverAvailability
from coachway.fleet.model import (
    Driver,
    DriverId,
    DriverInput,
    DriverProfile,
    DriverQuery,
    NewDriver,
    Vehicle,
    VehicleId,
    VehicleInput,
    VehicleProfile,
    VehicleQuery,
)
from coachway.identity.current_rights import read_current_rights

api = ApiRouter(
    "fleet",
    "Drivers and vehicles that trips are assigned to, and the availability of drivers.",
    refresh_caller=read_current_rights,
)
app = api.app


@api.post("/drivers", permission="fleet:write", status=201, errors=(NotFound,), grants_rights=True)
def create_driver(caller: Caller, body: NewDriver) -> Driver:
    """Create a driver.

    The driver can log in with one-time codes that are sent to the phone. Trips can be assigned once the required
    documents are approved: drivers_license, medical_certificate, background_check.
    """
    return drivers.create_driver(caller, body)


@api.get("/drivers", permission="fleet:read", external_roles=("driver",))
def list_drivers(caller: Caller, query: DriverQuery) -> Page[Driver]:
    """List drivers, newest first.

    `q` finds words of the name, the phone number and the email address.
    """
    return drivers.list_drivers(caller, query)


@api.get("/drivers/{driver_id}", permission="fleet:read", external_roles=("driver",))
def get_driver(caller: Caller, driver_id: DriverId) -> DriverProfile:
    """Get a driver.

    Includes the required documents that are missing today.
    """
    return drivers.get_profile(caller, driver_id)


@api.put("/drivers/{driver_id}", permission="fleet:write", errors=(HasUpcomingTrips,), grants_rights=True)
def update_driver(
    caller: Caller, driver_id: DriverId, body: PartialUpdate[DriverInput], if_match: int | None
) -> Driver:
    """Update a driver.

    Omitted fields keep their values. Changing the phone number changes the driver's login and ends their sessions.
    An inactive driver cannot log in.
    """
    return drivers.update_driver(caller, driver_id, body, if_match)


@api.delete("/drivers/{driver_id}", permission="fleet:write", errors=(HasUpcomingTrips,), grants_rights=True)
def delete_driver(caller: Caller, driver_id: DriverId, if_match: int | None) -> None:
    """Delete a driver.

    The driver can no longer log in. A driver with upcoming trips cannot be deleted: assign the trips to another driver
    first.
    """
    drivers.delete_driver(caller, driver_id, if_match)


@api.get("/drivers/{driver_id}/availability", permission="fleet:read", external_roles=("driver",))
def get_driver_availability(caller: Caller, driver_id: DriverId) -> DriverAvailability:
    """Get a driver's availability."""
    return drivers.get_availability(caller, driver_id)


@api.put("/drivers/{driver_id}/availability", permission="fleet:write", external_roles=("driver",))
def set_driver_availability(
    caller: Caller, driver_id: DriverId, body: PartialUpdate[AvailabilityInput], if_match: int | None
) -> DriverAvailability:
    """Set a driver's availability.

    Availability consists of weekly hours (always available if there are none) and exceptions. Trips that are already
    assigned stay assigned.
    """
    return drivers.set_availability(caller, driver_id, body, if_match)


@api.post("/vehicles", permission="fleet:write", status=201, errors=(NotFound,))
def create_vehicle(caller: Caller, body: VehicleInput) -> Vehicle:
    """Create a vehicle.

    Trips can be assigned once the required documents are approved: vehicle_registration, insurance_certificate,
    safety_inspection.
    """
    return vehicles.create_vehicle(caller, body)


@api.get("/vehicles", permission="fleet:read")
def list_vehicles(caller: Caller, query: VehicleQuery) -> Page[Vehicle]:
    """List vehicles, newest first.

    `q` finds words of the name and the license plate.
    """
    return vehicles.list_vehicles(caller, query)


@api.get("/vehicles/{vehicle_id}", permission="fleet:read")
def get_vehicle(caller: Caller, vehicle_id: VehicleId) -> VehicleProfile:
    """Get a vehicle.

    Includes the required documents that are missing today.
    """
    return vehicles.get_profile(caller, vehicle_id)


@api.put("/vehicles/{vehicle_id}", permission="fleet:write", errors=(HasUpcomingTrips,))
def update_vehicle(
    caller: Caller, vehicle_id: VehicleId, body: PartialUpdate[VehicleInput], if_match: int | None
) -> Vehicle:
    """Update a vehicle.

    Omitted fields keep their values. A vehicle with upcoming trips cannot be retired.
    """
    return vehicles.update_vehicle(caller, vehicle_id, body, if_match)


@api.delete("/vehicles/{vehicle_id}", permission="fleet:write", errors=(HasUpcomingTrips,))
def delete_vehicle(caller: Caller, vehicle_id: VehicleId, if_match: int | None) -> None:
    """Delete a vehicle.

    A vehicle with upcoming trips cannot be deleted: assign the trips to another vehicle first.
    """
    vehicles.delete_vehicle(caller, vehicle_id, if_match)
