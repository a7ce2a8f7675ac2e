"""The dispatch board: every vehicle of every trip of a day, by status."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field

from coachway.bookings.charters.charter_summary import CharterSummary
from coachway.compliance.model import Subject
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.datetimes import Day, LocalTime
from coachway.dispatch import uncovered_trips
from coachway.dispatch.assignments.model import BY_DAY, Assignment
from coachway.dispatch.assignments.repository import batch_get_all
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.matching import carrier_documents
from coachway.dispatch.recovery.model import RECOVERY, Recovery
from coachway.dispatch.recovery.rules import RecoveryStatus
from coachway.dispatch.tracking import live_positions
from coachway.dispatch.tracking.schemas import OwnVehicleTrack, Position
from coachway.identity import organization_queries

LONGEST_TRIP: Final = timedelta(days=7)
"""How long ago a trip may have departed to be shown while it is still under way."""


class Column(StrEnum):
    """Column of the board: the status of a vehicle of a trip."""

    UNCOVERED = "uncovered"
    """The vehicle has no driver."""
    VENDOR = "vendor"
    """The vehicle was awarded to a vendor, which has not assigned a driver yet."""
    OFFERED = "offered"
    ACCEPTED = "accepted"
    CHECKED_IN = "checked_in"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


class BoardQuery(RequestSchema):
    """Choose the day of the board."""

    day: Annotated[Day | None, Field(description="In the organization's time zone. Defaults to today.")] = None


class BoardCard(BaseSchema):
    """One vehicle of one trip. `next_stop` counts from 0, `late_minutes` is the delay at that stop."""

    charter_id: str
    number: str
    vehicle_number: int
    column: Column
    timezone: str
    pickup_at: LocalTime
    dropoff_at: LocalTime
    pickup: str
    dropoff: str
    passengers: Annotated[
        int, Field(description="Passengers in this vehicle, or in the whole trip if the vehicle has no driver.")
    ]
    vendor_id: str | None = None
    vehicle_class: str | None = None
    assignment_id: str | None = None
    driver_id: str | None = None
    driver_name: str | None = None
    vehicle_id: str | None = None
    vehicle_name: str | None = None
    risk_reason: Annotated[str, Field(description="Why the assignment cannot go ahead; empty if nothing is wrong.")] = (
        ""
    )
    document_problems: Annotated[
        list[str],
        Field(description="Each document of the organization, or of the vendor, without which no driver can check in."),
    ] = Field(default_factory=list)
    recovery_id: Annotated[str | None, Field(description="The recovery that is open or was escalated.")] = None
    recovery_status: RecoveryStatus | None = None
    position: Position | None = None
    next_stop: int | None = None
    eta: LocalTime | None = None
    late_minutes: int | None = None


class Board(BaseSchema):
    """The vehicles of a day's trips by status; soonest first within a column."""

    day: date
    timezone: str
    as_of: AwareDatetime
    columns: dict[Column, list[BoardCard]]


def get_board(caller: Caller, query: BoardQuery) -> Board:
    """Get the trips that depart on a day in their own time zone, and trips still under way from the week before.

    Two queries for the day and one for each day of the week before, one read per 100 recoveries and carriers each, and
    one read per 30 positions.
    """
    now = clock.now()
    organization = organization_queries.get_organization(caller.org_id)
    timezone = organization.timezone
    day = query.day or now.astimezone(ZoneInfo(timezone)).date()
    assignments = _list_assignments(caller.org_id, day, now)
    tracks = {
        track.assignment_id: track for track in live_positions.list_vehicle_tracks(caller.org_id, assignments, now)
    }
    recoveries = _find_recoveries(caller.org_id, assignments)
    cards = [
        _assignment_card(assignment, tracks[assignment.id], recoveries.get(assignment.recovery_id or ""))
        for assignment in assignments
    ]
    cards += [card for trip in uncovered_trips.list_uncovered_trips(organization, day) for card in _trip_cards(trip)]
    _add_document_problems(caller.org_id, cards)
    cards.sort(key=lambda card: (card.pickup_at, card.number, card.vehicle_number))
    columns = {column: [card for card in cards if card.column is column] for column in Column}
    return Board(day=day, timezone=timezone, as_of=now, columns=columns)


def _list_assignments(org_id: str, day: date, now: datetime) -> list[Assignment]:
    """List the assignments of a day; for today, also the earlier ones that are still under way."""
    starting = [assignment for assignment in _list_assignments_of_day(org_id, day) if assignment.status not in _ENDED]
    midnight = datetime.combine(day, time(), now.tzinfo)
    if not midnight - timedelta(days=1) <= now <= midnight + timedelta(days=2):
        return starting
    before = (
        assignment
        for days_ago in range(1, LONGEST_TRIP.days + 1)
        for assignment in _list_assignments_of_day(org_id, day - timedelta(days=days_ago))
    )
    return [assignment for assignment in before if assignment.status.is_under_way] + starting


_ENDED: Final = frozenset({AssignmentStatus.DECLINED, AssignmentStatus.RELEASED})


def _list_assignments_of_day(org_id: str, day: date) -> Iterable[Assignment]:
    partition = BY_DAY.partition(org=org_id, month=f"{day:%Y-%m}")
    return query_all(Assignment, partition, prefix=f"{day}T", index=BY_DAY.index)


def _find_recoveries(org_id: str, assignments: Sequence[Assignment]) -> dict[str, Recovery]:
    keys = [RECOVERY.key(org=org_id, id=assignment.recovery_id) for assignment in assignments if assignment.recovery_id]
    return {recovery.id: recovery for recovery in store.find_many(Recovery, keys).values()}


def _assignment_card(assignment: Assignment, track: OwnVehicleTrack, recovery: Recovery | None) -> BoardCard:
    open_recovery = recovery if recovery is not None and recovery.status is not RecoveryStatus.CANCELLED else None
    return BoardCard(
        charter_id=assignment.charter_id,
        number=assignment.charter_number,
        vehicle_number=assignment.vehicle_number,
        column=Column(assignment.status.value),
        timezone=assignment.timezone,
        pickup_at=assignment.pickup_at,
        dropoff_at=assignment.dropoff_at,
        pickup=assignment.stops[0].address,
        dropoff=assignment.stops[-1].address,
        passengers=assignment.passengers,
        vendor_id=assignment.vendor_id,
        vehicle_class=assignment.vehicle_class,
        assignment_id=assignment.id,
        driver_id=assignment.driver_id,
        driver_name=assignment.driver_name,
        vehicle_id=assignment.vehicle_id,
        vehicle_name=assignment.vehicle_name,
        risk_reason=assignment.risk_reason,
        recovery_id=open_recovery.id if open_recovery else None,
        recovery_status=open_recovery.status if open_recovery else None,
        position=track.position,
        next_stop=track.next_stop,
        eta=track.eta,
        late_minutes=track.late_minutes,
    )


def _add_document_problems(org_id: str, cards: Sequence[BoardCard]) -> None:
    """Add the carrier's documents that are not in order to the cards of vehicles that have not departed."""
    waiting_cards = [card for card in cards if card.column not in {Column.IN_PROGRESS, Column.COMPLETED}]
    keys = {card.vendor_id: carrier_documents.carrier_key(org_id, card.vendor_id) for card in waiting_cards}
    batch = batch_get_all(keys.values())
    for card in waiting_cards:
        last_day = card.dropoff_at.astimezone(ZoneInfo(card.timezone)).date()
        carrier = batch.find(Subject, keys[card.vendor_id])
        card.document_problems = carrier_documents.list_document_problems(carrier, card.vendor_id, last_day)


def _trip_cards(trip: CharterSummary) -> Iterable[BoardCard]:
    for vehicle in trip.vehicles:
        yield BoardCard(
            charter_id=trip.charter_id,
            number=trip.number,
            vehicle_number=vehicle.number,
            column=Column.VENDOR if vehicle.vendor_id is not None else Column.UNCOVERED,
            timezone=trip.timezone,
            pickup_at=trip.starts_at,
            dropoff_at=trip.ends_at,
            pickup=trip.pickup,
            dropoff=trip.dropoff,
            passengers=trip.passengers,
            vendor_id=vehicle.vendor_id,
            vehicle_class=vehicle.vehicle_class,
        )
