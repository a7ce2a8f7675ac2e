"""Routes of assignments: who drives which trip, in which vehicle."""

from __future__ import annotations

from coachway.core.caller import Caller
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page
from coachway.dispatch import board
from coachway.dispatch.assignments import queries as assignment_queries
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment, AssignmentId
from coachway.dispatch.assignments.schemas import AssignmentQuery, ReasonInput
from coachway.dispatch.board import Board, BoardQuery
from coachway.dispatch.matching import responses as matching_responses
from coachway.dispatch.matching.schemas import AssignInput, AutoAssignInput, AutoAssignResult
from coachway.dispatch.recovery import service as recovery
from coachway.dispatch.recovery.model import AnswerQuery, Recovery, RecoveryId, RecoveryInput, RecoveryQuery

api = ApiRouter("dispatch", "Who drives which trip, in which vehicle, and where they are.")
app = api.app

CREW = ("driver", "vendor")


@api.post("/dispatch/assignments", permission="dispatch:write", status=201, external_roles=("vendor",), errors=(404,))
def create_assignment(caller: Caller, body: AssignInput) -> Assignment:
    """Give a trip to a driver and a vehicle.

    A driver must be available, licensed for the vehicle, in order with their papers, on no other job at the time,
    travel counted, and legal under the hours-of-service rules; a vehicle must have the seats and be free. A refusal
    names everything that is in the way. The driver is told, and asked. A vendor assigns its own drivers and vehicles to
    what it was awarded.
    """
    from coachway.dispatch.matching import assign as matching_assign  # the other routes do without what judges drivers

    return matching_assign.create_assignment(caller, body)


@api.post(
    "/dispatch/assignments/auto", permission="dispatch:write", status=201, external_roles=("vendor",), errors=(404,)
)
def auto_assign_charter(caller: Caller, body: AutoAssignInput) -> AutoAssignResult:
    """Give a trip to the best driver and the best vehicle.

    The answer explains itself: every driver with the parts of their score, or with what is in the way and when they
    could drive at the earliest; every vehicle likewise.
    """
    from coachway.dispatch.matching import auto_assign  # the other routes do without what judges drivers

    return auto_assign.create_assignment(caller, body)


@api.get("/dispatch/assignments", permission="dispatch:read", external_roles=CREW, errors=(404,))
def list_assignments(caller: Caller, query: AssignmentQuery) -> Page[Assignment]:
    """List assignments, soonest first.

    Without dates those of the next 30 days. Drivers and vendors see their own.
    """
    return assignment_queries.list_assignments(caller, query)


@api.get("/dispatch/assignments/{assignment_id}", permission="dispatch:read", external_roles=CREW)
def get_assignment(caller: Caller, assignment_id: AssignmentId) -> Assignment:
    """Get an assignment."""
    return repository.get(caller, assignment_id)


@api.post("/dispatch/assignments/{assignment_id}/accept", permission="dispatch:write", external_roles=CREW)
def accept_assignment(caller: Caller, assignment_id: AssignmentId) -> Assignment:
    """Accept an assignment, as its driver.

    Staff may answer for a driver who called.
    """
    return matching_responses.accept_assignment(caller, assignment_id)


@api.post("/dispatch/assignments/{assignment_id}/decline", permission="dispatch:write", external_roles=CREW)
def decline_assignment(caller: Caller, assignment_id: AssignmentId, body: ReasonInput) -> Assignment:
    """Decline an assignment, as its driver, before its duty begins.

    Driver and vehicle are free again, and the charter needs others.
    """
    return matching_responses.decline_assignment(caller, assignment_id, body.reason)


@api.post("/dispatch/assignments/{assignment_id}/release", permission="dispatch:write", external_roles=("vendor",))
def release_assignment(caller: Caller, assignment_id: AssignmentId, body: ReasonInput) -> Assignment:
    """Take a trip off its driver and its vehicle.

    The driver is told. A trip that has left is taken over by a recovery instead.
    """
    return matching_responses.release_assignment(caller, assignment_id, body.reason)


@api.post("/dispatch/recoveries", permission="dispatch:write", status=202, external_roles=("vendor",), errors=(404,))
def open_recovery(caller: Caller, body: RecoveryInput) -> Recovery:
    """Look for somebody who takes a trip over.

    After a breakdown, when a driver does not come, or when they would be late at the first stop. Drivers are asked one
    after the other, the best first, each for ten minutes; whoever accepts has the trip at once, and everybody is told.
    When nobody is left, it is up to the dispatcher. Drivers who do not report for duty in time, and vehicles that will
    be late at the first stop, open one by themselves.
    """
    return recovery.open_recovery(caller, body)


@api.get("/dispatch/recoveries", permission="dispatch:read", external_roles=CREW)
def list_recoveries(caller: Caller, query: RecoveryQuery) -> Page[Recovery]:
    """List recoveries, newest first.

    A driver sees those that wait for their answer.
    """
    return recovery.list_recoveries(caller, query)


@api.get("/dispatch/recoveries/{recovery_id}", permission="dispatch:read", external_roles=CREW)
def get_recovery(caller: Caller, recovery_id: RecoveryId) -> Recovery:
    """Get a recovery, with everybody who was considered and what they said."""
    return recovery.get_recovery(caller, recovery_id)


@api.post("/dispatch/recoveries/{recovery_id}/accept", permission="dispatch:write", external_roles=("driver",))
def accept_recovery(caller: Caller, recovery_id: RecoveryId, query: AnswerQuery) -> Recovery:
    """Take a trip over, as the driver who is asked.

    Staff may answer for a driver who called, and name the offer, as meanwhile another driver may be asked. When
    something came between, the next driver is asked.
    """
    return recovery.accept_offer(caller, recovery_id, query.offer_id)


@api.post("/dispatch/recoveries/{recovery_id}/decline", permission="dispatch:write", external_roles=("driver",))
def decline_recovery(caller: Caller, recovery_id: RecoveryId, body: ReasonInput, query: AnswerQuery) -> Recovery:
    """Do not take a trip over, as the driver who is asked; the next one is."""
    return recovery.decline_offer(caller, recovery_id, body.reason, query.offer_id)


@api.post("/dispatch/recoveries/{recovery_id}/cancel", permission="dispatch:write", external_roles=())
def cancel_recovery(caller: Caller, recovery_id: RecoveryId, body: ReasonInput) -> Recovery:
    """Nobody else is needed any more: whoever has the trip keeps it."""
    return recovery.cancel_recovery(caller, recovery_id, body.reason)


@api.get("/dispatch/board", permission="dispatch:read")
def get_board(caller: Caller, query: BoardQuery) -> Board:
    """See a day at a glance: every vehicle of every trip, by how it stands.

    Today, unless a day is named. Trips without a driver come first; who is under way has a position, the next stop and
    when they will be there.
    """
    return board.get_board(caller, query)
