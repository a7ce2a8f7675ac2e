"""Stops and assignments, and the planned stops of the recorded tracks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from coachway.bookings.charters.trip_model import StopType
from coachway.dispatch.assignments.model import Assignment, AssignmentStop
from coachway.dispatch.assignments.rules import AssignmentStatus
from tests.tracks import generate

PICKUP_AT = datetime(2027, 3, 3, 14, tzinfo=UTC)
TIMEZONE = "America/New_York"


def create_stop(place: tuple[float, float] | None, **fields: Any) -> AssignmentStop:
    """Create a stop; times are strings such as `2027-03-03T09:00-05:00`."""
    times = {name: datetime.fromisoformat(fields.pop(name)) for name in ("arrival", "departure") if name in fields}
    coordinates = {"latitude": place[0], "longitude": place[1]} if place else {}
    return AssignmentStop(
        stop_type=fields.pop("stop_type", StopType.WAYPOINT),
        address="11 Wall St, New York, NY",
        timezone=TIMEZONE,
        **coordinates,
        **times,
        **fields,
    )


def planned_stops(track: str) -> list[AssignmentStop]:
    """The planned stops of the recorded track with this name."""
    return [stop.model_copy() for stop in PLANNED_STOPS[track]]


PLANNED_STOPS = {
    "to-the-shore": [
        create_stop(generate.WALL_STREET, stop_type=StopType.PICKUP, departure="2027-03-03T09:00-05:00"),
        create_stop(generate.ATLANTIC_CITY, stop_type=StopType.DROPOFF, arrival="2027-03-03T12:00-05:00"),
    ],
    "tunnel": [
        create_stop(generate.NEWARK, stop_type=StopType.PICKUP, departure="2027-03-04T08:15-05:00"),
        create_stop(generate.WALL_STREET, stop_type=StopType.DROPOFF, arrival="2027-03-04T09:00-05:00"),
    ],
    "long-stop": [
        create_stop(generate.NEWARK, stop_type=StopType.PICKUP, departure="2027-03-05T08:15-05:00"),
        create_stop(generate.PRINCETON, arrival="2027-03-05T09:15-05:00", departure="2027-03-05T11:00-05:00"),
        create_stop(generate.NEWARK, stop_type=StopType.DROPOFF, arrival="2027-03-05T12:30-05:00"),
    ],
    "offline": [
        create_stop(generate.NEWARK, stop_type=StopType.PICKUP, departure="2027-03-06T09:12-05:00"),
        create_stop(generate.PRINCETON, arrival="2027-03-06T10:10-05:00", departure="2027-03-06T10:20-05:00"),
        create_stop(generate.PHILADELPHIA, stop_type=StopType.DROPOFF, arrival="2027-03-06T11:30-05:00"),
    ],
    "round-trip": [
        create_stop(generate.NEWARK, stop_type=StopType.PICKUP, departure="2027-03-07T10:10-05:00"),
        create_stop(generate.NEWARK, stop_type=StopType.DROPOFF, arrival="2027-03-07T11:30-05:00"),
    ],
}


def create_assignment(status: str = "accepted", **fields: Any) -> Assignment:
    defaults: dict[str, Any] = {
        "id": "asg_01JQZZZZZZZZZZZZZZZZZZZZZZ",
        "org_id": "org_01JQZZZZZZZZZZZZZZZZZZZZZZ",
        "charter_id": "chr_1",
        "charter_number": "CH-2027-000001",
        "vehicle_number": 1,
        "client_id": "cli_1",
        "driver_id": "drv_1",
        "driver_name": "Rosa Delgado",
        "vehicle_id": "veh_1",
        "vehicle_name": "Coach 12",
        "vehicle_class": "coach",
        "timezone": "America/New_York",
        "passengers": 40,
        "starts_at": PICKUP_AT - timedelta(minutes=40),
        "ends_at": PICKUP_AT + timedelta(hours=4),
        "pickup_at": PICKUP_AT,
        "dropoff_at": PICKUP_AT + timedelta(hours=3),
        "stops": planned_stops("to-the-shore"),
        "offered_at": PICKUP_AT - timedelta(days=2),
    }
    return Assignment(**{**defaults, "status": AssignmentStatus(status), **fields})


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
