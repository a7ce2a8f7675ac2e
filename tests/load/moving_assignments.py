"""Assignments that are under way, straight in the table, and drives for them: what GPS is measured on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from coachway.bookings.charters.model import StopType
from coachway.core.types import ids
from coachway.dispatch.assignments.model import Assignment, AssignmentStop
from coachway.dispatch.assignments.rules import AssignmentStatus

EVERY: Final = timedelta(seconds=10)


def under_way(org_id: str, number: int, since: timedelta = timedelta(hours=1)) -> Assignment:
    """A trip that left its first stop so long ago, and comes to its last in six hours."""
    now = datetime.now(UTC).replace(microsecond=0)
    left, comes = now - since, now + timedelta(hours=6)
    stops = [
        AssignmentStop(
            stop_type=StopType.PICKUP,
            address="11 Wall St, New York, NY",
            latitude=40.7074,
            longitude=-74.0113,
            timezone="America/New_York",
            departure=left,
            arrived_at=left - timedelta(minutes=10),
            departed_at=left,
        ),
        AssignmentStop(
            stop_type=StopType.DROPOFF,
            address="1901 Boardwalk, Atlantic City, NJ",
            latitude=39.3560,
            longitude=-74.4310,
            timezone="America/New_York",
            arrival=comes,
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
        starts_at=left,
        ends_at=comes,
        pickup_at=left,
        dropoff_at=comes,
        stops=stops,
        offered_at=left - timedelta(days=1),
        answered_at=left - timedelta(days=1),
        checked_in_at=left - timedelta(minutes=30),
        may_drive_until=comes + timedelta(hours=3),
        version=1,
    )


def fix(number: int, step: int, at: datetime) -> dict[str, Any]:
    """Where the vehicle of this number is after so many steps, as its driver's telephone sends it."""
    return {
        "latitude": round(40.60 - step * 0.0018 + (number % 7) * 0.0001, 6),
        "longitude": round(-74.25 + step * 0.0003 + number * 0.0002, 6),
        "speed_mph": 52.5,
        "heading": 190,
        "accuracy_m": 5,
        "recorded_at": at.isoformat(timespec="milliseconds"),
    }


def drive(number: int, since: datetime) -> Iterator[dict[str, Any]]:
    """Its fixes from `since` on, without end."""
    step = 0
    while True:
        yield fix(number, step, since + step * EVERY)
        step += 1
