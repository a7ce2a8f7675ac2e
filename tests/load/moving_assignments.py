"""Assignments under way and positions of their vehicles, as a driver's phone sends them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from coachway.bookings.charters.trip_model import StopType
from coachway.core.types import ids
from coachway.dispatch.assignments.model import Assignment, AssignmentStop
from coachway.dispatch.assignments.rules import AssignmentStatus

INTERVAL: Final = timedelta(seconds=10)
"""Between two positions."""


def build_assignment(org_id: str, number: int, since: timedelta = timedelta(hours=1)) -> Assignment:
    """An assignment that left its first stop `since` ago and reaches its last in six hours."""
    now = datetime.now(UTC).replace(microsecond=0)
    departure, arrival = now - since, now + timedelta(hours=6)
    stops = [
        AssignmentStop(
            stop_type=StopType.PICKUP,
            address="11 Wall St, New York, NY",
            latitude=40.7074,
            longitude=-74.0113,
            timezone="America/New_York",
            departure=departure,
            arrived_at=departure - timedelta(minutes=10),
            departed_at=departure,
        ),
        AssignmentStop(
            stop_type=StopType.DROPOFF,
            address="1901 Boardwalk, Atlantic City, NJ",
            latitude=39.3560,
            longitude=-74.4310,
            timezone="America/New_York",
            arrival=arrival,
        ),
    ]
    return Assignment(
        id=ids.new("asg"),
        org_id=org_id,
        charter_id=ids.new("chr"),
        charter_number=f"CH-2027-{number:06d}",
        vehicle_number=1,
        client_id=ids.new("cli"),
        driver_id=ids.new("drv"),
        driver_name=f"Driver {number}",
        vehicle_id=ids.new("veh"),
        vehicle_name=f"Coach {number}",
        vehicle_class="coach",
        status=AssignmentStatus.IN_PROGRESS,
        timezone="America/New_York",
        passengers=40,
        starts_at=departure,
        ends_at=arrival,
        pickup_at=departure,
        dropoff_at=arrival,
        stops=stops,
        offered_at=departure - timedelta(days=1),
        answered_at=departure - timedelta(days=1),
        checked_in_at=departure - timedelta(minutes=30),
        may_drive_until=arrival + timedelta(hours=3),
        version=1,
    )


def position_body(number: int, index: int, at: datetime) -> dict[str, Any]:
    """The position of vehicle `number` after so many intervals, as in a request body."""
    return {
        "latitude": round(40.60 - index * 0.0018 + (number % 7) * 0.0001, 6),
        "longitude": round(-74.25 + index * 0.0003 + number * 0.0002, 6),
        "speed_mph": 52.5,
        "heading": 190,
        "accuracy_m": 5,
        "recorded_at": at.isoformat(timespec="milliseconds"),
    }


def iterate_positions(number: int, since: datetime) -> Iterator[dict[str, Any]]:
    """The positions of vehicle `number` from `since` on, without end."""
    index = 0
    while True:
        yield position_body(number, index, since + index * INTERVAL)
        index += 1
