"""The trips of the recorded drives, as they were planned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from coachway.bookings.charters.model import StopType
from coachway.dispatch.assignments.model import AssignmentStop
from tests.tracks import generate

ZONE = "America/New_York"


def stop(place: tuple[float, float] | None, **more: Any) -> AssignmentStop:
    """A stop; `arrival` and `departure` as `2027-03-03T09:00-05:00`."""
    times = {name: datetime.fromisoformat(more.pop(name)) for name in ("arrival", "departure") if name in more}
    where = {"latitude": place[0], "longitude": place[1]} if place else {}
    return AssignmentStop(
        stop_type=more.pop("stop_type", StopType.WAYPOINT), address="somewhere", timezone=ZONE, **where, **times, **more
    )


def trip(name: str) -> list[AssignmentStop]:
    """The stops of the drive of this name."""
    return [each.model_copy() for each in TRIPS[name]]


TRIPS = {
    "to-the-shore": [
        stop(generate.WALL_STREET, stop_type=StopType.PICKUP, departure="2027-03-03T09:00-05:00"),
        stop(generate.ATLANTIC_CITY, stop_type=StopType.DROPOFF, arrival="2027-03-03T12:00-05:00"),
    ],
    "tunnel": [
        stop(generate.NEWARK, stop_type=StopType.PICKUP, departure="2027-03-04T08:15-05:00"),
        stop(generate.WALL_STREET, stop_type=StopType.DROPOFF, arrival="2027-03-04T09:00-05:00"),
    ],
    "long-stop": [
        stop(generate.NEWARK, stop_type=StopType.PICKUP, departure="2027-03-05T08:15-05:00"),
        stop(generate.PRINCETON, arrival="2027-03-05T09:15-05:00", departure="2027-03-05T11:00-05:00"),
        stop(generate.NEWARK, stop_type=StopType.DROPOFF, arrival="2027-03-05T12:30-05:00"),
    ],
    "offline": [
        stop(generate.NEWARK, stop_type=StopType.PICKUP, departure="2027-03-06T09:12-05:00"),
        stop(generate.PRINCETON, arrival="2027-03-06T10:10-05:00", departure="2027-03-06T10:20-05:00"),
        stop(generate.PHILADELPHIA, stop_type=StopType.DROPOFF, arrival="2027-03-06T11:30-05:00"),
    ],
    "round-trip": [
        stop(generate.NEWARK, stop_type=StopType.PICKUP, departure="2027-03-07T10:10-05:00"),
        stop(generate.NEWARK, stop_type=StopType.DROPOFF, arrival="2027-03-07T11:30-05:00"),
    ],
}
