"""Positions and arrival times of a charter's vehicles: for staff, and by tracking link."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from coachway.bookings.charters.model import CHARTER, Charter
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.runtime import clock
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.tracking import eta, position_store, tracking_links
from coachway.dispatch.tracking.geofence import apply_recorded_events
from coachway.dispatch.tracking.position_encoding import GpsPosition
from coachway.dispatch.tracking.position_store import MergedTrail
from coachway.dispatch.tracking.schemas import (
    CharterTrack,
    OwnVehicleTrack,
    Position,
    SharedTrack,
    StopTrack,
    VehicleTrack,
)
from coachway.dispatch.tracking.tracking_links import OpenedTrackingLink


def get_charter_track(caller: Caller, charter_id: str) -> CharterTrack:
    """Get the positions of a charter's vehicles, from check-in to check-out. Raises NotFound.

    Three reads for up to 30 vehicles that send positions.
    """
    charter = store.get(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    now = clock.now()
    vehicles = list_vehicle_tracks(charter.org_id, _list_assignments(charter), now)
    return CharterTrack(charter_id=charter.id, vehicles=vehicles, **_track_fields(charter, vehicles, now))


def list_vehicle_tracks(org_id: str, assignments: Sequence[Assignment], now: datetime) -> list[OwnVehicleTrack]:
    """List the positions of some assignments' vehicles, in the same order. One read per 30 that send positions."""
    tracks = []
    for assignment, trail in _load_trails(org_id, assignments, now, is_visible=_is_on_duty):
        identity = {
            "assignment_id": assignment.id,
            "driver_id": assignment.driver_id,
            "driver_name": assignment.driver_name,
            "untrusted_positions": [
                position for position in trail.list_untrusted() if position.recorded_at >= now - eta.RECENT_WINDOW
            ],
        }
        tracks.append(OwnVehicleTrack(**_vehicle_fields(assignment, trail, now), **identity))
    return tracks


def get_shared_track(token: str) -> SharedTrack:
    """Get the positions of a charter's vehicles by a tracking link.

    Positions are shown from check-in until the last drop-off, and not for a charter that is completed or cancelled.
    """
    return build_shared_track(tracking_links.open_link(token))


def build_shared_track(link: OpenedTrackingLink) -> SharedTrack:
    """Build the shared view of a link's charter."""
    now = clock.now()
    is_visible = _is_never_visible if link.charter.status.is_terminal else _is_under_way
    trails = _load_trails(link.charter.org_id, _list_assignments(link.charter), now, is_visible)
    vehicles = [VehicleTrack(**_vehicle_fields(*item, now)) for item in trails]
    return SharedTrack(
        carrier=link.organization.display_name,
        vehicles=vehicles,
        expires_at=link.link.until,
        **_track_fields(link.charter, vehicles, now),
    )


def _list_assignments(charter: Charter) -> list[Assignment]:
    """List the current assignments of a charter, by vehicle number."""
    ids = [vehicle.assignment_id for vehicle in charter.vehicles if vehicle.assignment_id]
    assignments = (
        store.find_many(
            Assignment, [repository.assignment_key(charter.org_id, assignment_id) for assignment_id in ids[:100]]
        )
        if ids
        else {}
    )
    return sorted(assignments.values(), key=lambda assignment: assignment.vehicle_number)


def _load_trails(
    org_id: str, assignments: Sequence[Assignment], now: datetime, is_visible: Callable[[Assignment], bool]
) -> list[tuple[Assignment, MergedTrail]]:
    """Load the recent trail of each assignment; the trail is empty where positions are not visible."""
    visible_ids = [assignment.id for assignment in assignments if is_visible(assignment)]
    pages = position_store.load_newest_pages_by_assignment(org_id, visible_ids, now) if visible_ids else {}
    return [
        (
            assignment,
            position_store.merge_positions(
                assignment.org_id, assignment.id, pages.get(assignment.id, []), [], assignment.stops
            ),
        )
        for assignment in assignments
    ]


def _is_on_duty(assignment: Assignment) -> bool:
    is_returning = assignment.status is AssignmentStatus.COMPLETED and assignment.checked_out_at is None
    return assignment.status.is_under_way or is_returning


def _is_under_way(assignment: Assignment) -> bool:
    return assignment.status.is_under_way


def _is_never_visible(_: Assignment) -> bool:
    return False


def _vehicle_fields(assignment: Assignment, trail: MergedTrail, now: datetime) -> dict[str, Any]:
    progress, counted = apply_recorded_events(assignment.stops, trail.progress), trail.counted
    is_ahead = assignment.status.is_live and progress.stop < len(assignment.stops)
    expected: list[datetime | None] = [None] * len(assignment.stops)
    if assignment.status.is_under_way:
        expected = eta.estimate_arrivals(progress, assignment.stops, now, eta.calculate_average_speed(counted))
    upcoming = progress.stop + 1 if progress.is_at_stop else progress.stop
    next_stop = upcoming if is_ahead and upcoming < len(assignment.stops) else None
    lateness = eta.find_lateness(assignment.stops, expected)
    path = [_build_position(position) for position in counted if position.at >= now - eta.RECENT_WINDOW]
    return {
        "vehicle_number": assignment.vehicle_number,
        "vehicle_name": assignment.vehicle_name,
        "status": assignment.status,
        "position": _build_position(trail.newest) if trail.newest else None,
        "has_moved": progress.has_moved or progress.stop > 0 or progress.is_at_stop,
        "path": path,
        "next_stop": next_stop,
        "eta": expected[next_stop] if next_stop is not None else None,
        "late_minutes": lateness.minutes if lateness else None,
        "stops": [
            StopTrack(**stop.model_dump(include=set(StopTrack.model_fields) - {"eta"}), eta=arrival)
            for stop, arrival in zip(assignment.stops, expected, strict=True)
        ],
    }


def _build_position(position: GpsPosition) -> Position:
    return Position(
        latitude=position.latitude,
        longitude=position.longitude,
        speed_mph=position.speed_mph,
        heading=position.heading,
        accuracy_m=position.accuracy_m,
        recorded_at=position.at,
    )


def _track_fields(charter: Charter, vehicles: Sequence[VehicleTrack], now: datetime) -> dict[str, Any]:
    under_way = (vehicle for vehicle in vehicles if vehicle.status.is_under_way)
    first = next(under_way, vehicles[0] if vehicles else None)
    return {
        "number": charter.number,
        "status": charter.status,
        "timezone": charter.timezone,
        "position": first.position if first else None,
        "next_stop": first.next_stop if first else None,
        "eta": first.eta if first else None,
        "stops": first.stops if first else [],
        "as_of": now,
    }
