"""Accept positions from a driver's phone: one at a time, or a batch collected offline."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import ConfigDict, Field, JsonValue

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.errors import FieldError
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.datetimes import Timestamp
from coachway.core.types.geo import Latitude, Longitude
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment, AssignmentId
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.errors import DriverNotOnDuty
from coachway.dispatch.tracking import position_store, stop_event_service
from coachway.dispatch.tracking.geofence import apply_recorded_events
from coachway.dispatch.tracking.position_encoding import GpsPosition, merge_in_time_order, round_position
from coachway.dispatch.tracking.position_trust import UntrustedPosition

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far the clock of a phone may be ahead."""
_ACCEPTING: Final = frozenset(
    {
        AssignmentStatus.CHECKED_IN,
        AssignmentStatus.IN_PROGRESS,
        AssignmentStatus.COMPLETED,
        AssignmentStatus.RELEASED,
    }
)

POSITIONS_EXAMPLE: Final[dict[str, JsonValue]] = {
    "assignment_id": "asg_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "points": [
        {
            "latitude": 40.7074,
            "longitude": -74.0113,
            "speed_mph": 31.5,
            "heading": 214,
            "accuracy_m": 6,
            "recorded_at": "2026-03-03T09:10:20-05:00",
        }
    ],
}


class PositionReport(RequestSchema):
    """A timestamped vehicle position."""

    latitude: Latitude
    longitude: Longitude
    speed_mph: Annotated[float | None, Field(ge=0, le=300)] = None
    heading: Annotated[float | None, Field(ge=0, le=360, description="Degrees from north, clockwise.")] = None
    accuracy_m: Annotated[float | None, Field(ge=0, le=100_000, description="Radius in meters.")] = None
    recorded_at: Timestamp

    def to_position(self) -> GpsPosition:
        """Convert to a position in the stored precision."""
        return round_position(
            self.recorded_at, self.latitude, self.longitude, self.speed_mph, self.heading, self.accuracy_m
        )


class PositionBatch(RequestSchema):
    """Positions of an assignment's vehicle: 1 to 100, in any order."""

    model_config = ConfigDict(json_schema_extra={"examples": [POSITIONS_EXAMPLE]})

    assignment_id: AssignmentId
    points: Annotated[list[PositionReport], Field(min_length=1, max_length=100)]


class PositionIngestResult(BaseSchema):
    """How many positions of a batch were stored."""

    accepted: int
    duplicates: Annotated[int, Field(description="Positions whose time was already stored. They are ignored.")]
    ignored: Annotated[
        int,
        Field(description="Positions before check-in, after check-out, or beyond 1,000 in five minutes."),
    ]
    untrusted: Annotated[
        list[UntrustedPosition],
        Field(
            description="Positions that are stored, but by which nothing is decided. A later position may confirm one."
        ),
    ] = Field(default_factory=list)


def ingest_positions(caller: Caller, body: PositionBatch) -> PositionIngestResult:
    """Store positions, each moment once and in time order, and apply the stop events they show.

    Raises NotFound for another driver's assignment, Invalid for a time in the future, Conflict before check-in. Two
    reads and one write if all positions fall on the same page and show no stop event.
    """
    store.require_first_request(caller)
    latest = clock.now() + CLOCK_SKEW
    problems = [
        FieldError(f"points.{number}.recorded_at", "must not be in the future")
        for number, point in enumerate(body.points)
        if point.recorded_at > latest
    ]
    if problems:
        raise errors.Invalid(f"{problems[0].field}: {problems[0].message}", fields=problems)
    positions = [point.to_position() for point in body.points]
    written: set[datetime] = set()
    # Several writes: the last one is not a commit, so that none of them may store the response.
    caller = caller.without_idempotency()
    return _attempt_ingest(caller, body.assignment_id, positions, written)


@retry_on_conflict
def _attempt_ingest(
    caller: Caller, assignment_id: str, positions: list[GpsPosition], written: set[datetime]
) -> PositionIngestResult:
    """Try once. `written` are the moments that an earlier attempt of this request has stored."""
    assignment = repository.get_assignment(caller, assignment_id)
    if assignment.status not in _ACCEPTING or assignment.checked_in_at is None:
        raise DriverNotOnDuty(f"This assignment is {assignment.status}. Check in first.")
    on_duty = [position for position in positions if _is_on_duty(assignment, position.at)]
    new_positions = {position.at: position for position in merge_in_time_order([], on_duty)}
    ignored = len(positions) - len(on_duty)
    if not new_positions:
        return PositionIngestResult(accepted=0, duplicates=0, ignored=ignored)
    pages = position_store.load_pages_since(assignment.org_id, assignment.id, min(new_positions))
    trail = position_store.merge_positions(
        assignment.org_id, assignment.id, pages, new_positions.values(), assignment.stops
    )
    # The pages are stored first, so that a request that reads changed stop events also reads the pages that show them.
    for page in trail.changed:
        position_store.save_page(page)
        written |= {
            position.at
            for position in page.positions
            if position.at in new_positions and position.at not in trail.duplicates
        }
    after = stop_event_service.apply_detected_events(caller, assignment, trail)
    progress = apply_recorded_events(after.stops, trail.progress)
    stop_event_service.raise_alarms(caller, after, progress, trail.counted)
    accepted = len(new_positions.keys() - (trail.duplicates - written) - trail.too_many)
    ignored += sum(position.at in trail.too_many for position in positions)
    return PositionIngestResult(
        accepted=accepted,
        duplicates=len(positions) - ignored - accepted,
        ignored=ignored,
        untrusted=[position for position in trail.list_untrusted() if position.recorded_at in new_positions],
    )


def _is_on_duty(assignment: Assignment, at: datetime) -> bool:
    """Whether the driver was on duty. Positions at other times are private and not stored."""
    start = assignment.checked_in_at
    end = assignment.checked_out_at or assignment.ended_at
    return start is not None and at >= start - CLOCK_SKEW and (end is None or at <= end + CLOCK_SKEW)
