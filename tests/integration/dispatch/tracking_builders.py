"""Trips under way, on the table in memory: drivers who check in and send positions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from coachway.compliance.rules import SubjectType
from coachway.core import store
from coachway.core.persistence.operations import Create
from coachway.core.runtime import clock
from coachway.dispatch.assignments.model import ASSIGNMENT
from coachway.dispatch.tracking import position_store
from coachway.dispatch.tracking.position_encoding import GpsPosition, round_position
from tests.integration.bookings.builders import ORG
from tests.integration.client import Reply, call, token_for
from tests.integration.dispatch import builders
from tests.tracks import read_track
from tools.function_modules import load

api = load("dispatch", "tracking_api").api
STAFF: Final = "dispatch:read dispatch:write"


def create_organization(*, documents_expire: date = date(2029, 1, 1)) -> None:
    """Create the organization with approved documents."""
    builders.create_organization()
    subject = builders.create_subject(SubjectType.ORGANIZATION, ORG, documents_expire)
    store.commit(builders.SYSTEM, Create(subject))


def local_time(clock_time: str, day: str = "2027-03-03") -> datetime:
    """Convert a time in New York in winter, such as `09:00`, to UTC."""
    return datetime.fromisoformat(f"{day}T{clock_time}-05:00").astimezone(UTC)


@contextmanager
def freeze_time(moment: str | datetime, day: str = "2027-03-03") -> Iterator[None]:
    """Freeze the clock at a moment, or at a time in New York."""
    with clock.frozen(local_time(moment, day) if isinstance(moment, str) else moment):
        yield


def send_request(
    method: str, path: str, body: Any = None, *, driver_id: str = "", rights: str = STAFF, **options: Any
) -> Reply:
    """Send a request to the tracking API as staff, or as the driver with this id."""
    real_time = datetime.now(UTC)
    times: dict[str, Any] = {"iat": real_time, "exp": real_time + timedelta(minutes=5)}
    token = token_for(rights, role="staff", **times)
    if driver_id:
        token = token_for(rights, role="driver", party_id=driver_id, user_id=f"usr_{driver_id[4:]}", **times)
    return call(api, method, f"/api/v1{path}", body, token=token, **options)


def send_ok(method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
    """Send a request that must succeed."""
    reply = send_request(method, path, body, **options)
    assert reply.status < 300, f"{method} {path}: {reply.status} {reply.text}"
    return dict(reply.json())


def position_report(position: GpsPosition) -> dict[str, Any]:
    """A position in the format of the API."""
    return {
        "latitude": position.latitude,
        "longitude": position.longitude,
        "speed_mph": position.speed_mph,
        "heading": position.heading,
        "accuracy_m": position.accuracy_m,
        "recorded_at": position.at.isoformat(),
    }


def send_positions(
    assignment_id: str, positions: Iterable[GpsPosition], *, driver_id: str = "", **options: Any
) -> dict[str, Any]:
    """Send positions, at the time of the last one unless the clock is frozen."""
    batch = list(positions)
    body = {"assignment_id": assignment_id, "points": [position_report(position) for position in batch]}
    with clock.frozen(clock.now() if clock._frozen else max(position.at for position in batch)):
        return send_ok("POST", "/dispatch/check-ins", body, driver_id=driver_id, **options)


def send_track(assignment_id: str, positions: list[GpsPosition], *, driver_id: str = "", batch_size: int = 6) -> None:
    """Send a whole track in batches, by default of one minute."""
    for first in range(0, len(positions), batch_size):
        send_positions(assignment_id, positions[first : first + batch_size], driver_id=driver_id)


def send_track_until(assignment_id: str, driver_id: str, clock_time: str) -> None:
    """Send the recorded track `to-the-shore` up to a time in New York."""
    positions = [position for position in read_track("to-the-shore") if position.at <= local_time(clock_time)]
    send_track(assignment_id, positions, driver_id=driver_id, batch_size=60)


def send_departure_positions(assignment_id: str, driver_id: str, clock_time: str = "09:00") -> None:
    """Send positions at the first stop, then away from it."""
    latitude, longitude = builders.NYC
    positions = [
        round_position(
            local_time(clock_time) + timedelta(seconds=10 * index),
            latitude + (index - 2 if index > 2 else 0) / 300,
            longitude,
        )
        for index in range(6)
    ]
    send_positions(assignment_id, positions, driver_id=driver_id)


def list_stored_positions(assignment_id: str) -> list[GpsPosition]:
    """The stored positions of an assignment, oldest first."""
    return [position for page in position_store.list_pages(ORG, assignment_id) for position in page.positions]


def event_types(assignment_id: str) -> list[str]:
    """The types of an assignment's events, oldest first."""
    return [event.type for event in store.list_history(ASSIGNMENT.key(org=ORG, id=assignment_id))]


def action_path(assignment_id: str, action: str) -> str:
    return f"/dispatch/assignments/{assignment_id}/{action}"


def create_offered_trip() -> tuple[str, str, str]:
    """Create a trip with an offered assignment; returns the ids of charter, assignment and driver."""
    charter_id, driver_id = builders.create_trip(), builders.create_driver()
    assignment = builders.create_assignment(charter_id, driver_id, builders.create_vehicle())
    return charter_id, str(assignment["id"]), driver_id


def create_trip_on_duty(
    charter_id: str = "", *, driver_name: str = "Rosa Delgado", vehicle_name: str = "Coach 12", **trip: Any
) -> tuple[str, str, str]:
    """Create a trip whose driver has checked in at 08:00; returns the ids of charter, assignment and driver."""
    charter_id = charter_id or builders.create_trip(**trip)
    driver_id = builders.create_driver(driver_name)
    assignment = builders.create_assignment(charter_id, driver_id, builders.create_vehicle(vehicle_name))
    with freeze_time("08:00", trip.get("day", "2027-03-03")):
        send_ok("POST", action_path(assignment["id"], "check-in"), {}, driver_id=driver_id)
    return charter_id, str(assignment["id"]), driver_id
