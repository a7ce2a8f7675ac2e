"""Fields of assignment events."""

from typing import Any

from coachway.dispatch.assignments.model import Assignment
from coachway.fleet.model import Driver


def assignment_event_fields(
    assignment: Assignment, driver: Driver | None = None, second: Driver | None = None
) -> dict[str, Any]:
    """Return the fields of every assignment event. Pass the drivers when the event notifies them."""
    return {
        "assignment_id": assignment.id,
        "charter_id": assignment.charter_id,
        "number": assignment.charter_number,
        "vehicle_number": assignment.vehicle_number,
        "driver_id": assignment.driver_id,
        "driver_name": assignment.driver_name,
        "driver_phone": driver.phone if driver else None,
        "driver_email": driver.email if driver else None,
        "second_driver_id": assignment.second_driver_id,
        "second_driver_name": assignment.second_driver_name,
        "second_driver_phone": second.phone if second else None,
        "vehicle_id": assignment.vehicle_id,
        "vehicle_name": assignment.vehicle_name,
        "vendor_id": assignment.vendor_id,
        "timezone": assignment.timezone,
        "starts_at": assignment.starts_at,
        "spot_at": assignment.spot_at,
        "pickup_at": assignment.pickup_at,
        "pickup": assignment.stops[0].address,
        "dropoff": assignment.stops[-1].address,
    }


def trip_location_fields(assignment: Assignment) -> dict[str, Any]:
    """Return when and where a trip goes, for drivers who are asked to take it over."""
    return {
        "timezone": assignment.timezone,
        "pickup_at": assignment.pickup_at,
        "pickup": assignment.stops[0].address,
        "dropoff": assignment.stops[-1].address,
    }
