"""Routes of assignments: who drives which trip, in which vehicle."""

from __future__ import annotations

from coachway.core.caller import Caller
from coachway.core.http import Api
from coachway.core.model import Page
from coachway.dispatch import answering, assigning, assignments, automatic, listing
from coachway.dispatch.model import Assignment, AssignmentId
from coachway.dispatch.requests import AssignInput, AssignmentQuery, AutoAssigned, AutoInput, ReasonInput

api = Api("dispatch", "Who drives which trip, in which vehicle, and where they are.")
app = api.app

CREW = ("driver", "vendor")


@api.post("/dispatch/assignments", needs="dispatch:write", status=201, outside=("vendor",), errors=(404,))
def assign(caller: Caller, body: AssignInput) -> Assignment:
    """Give a trip to a driver and a vehicle.

    A driver must be available, licensed for the vehicle, in order with their papers, on no other job at the time,
    travel counted, and legal under the hours-of-service rules; a vehicle must have the seats and be free. A refusal
    names everything that is in the way. The driver is told, and asked. A vendor assigns its own drivers and vehicles to
    what it was awarded.
    """
    return assigning.assign(caller, body)


@api.post("/dispatch/assignments/auto", needs="dispatch:write", status=201, outside=("vendor",), errors=(404,))
def assign_automatically(caller: Caller, body: AutoInput) -> AutoAssigned:
    """Give a trip to the best driver and the best vehicle.

    The answer explains itself: every driver with the parts of their score, or with what is in the way and when they
    could drive at the earliest; every vehicle likewise.
    """
    return automatic.assign(caller, body)


@api.get("/dispatch/assignments", needs="dispatch:read", outside=CREW, errors=(404,))
def list_assignments(caller: Caller, query: AssignmentQuery) -> Page[Assignment]:
    """List assignments, soonest first.

    Without dates those of the next 30 days. Drivers and vendors see their own.
    """
    return listing.listed(caller, query)


@api.get("/dispatch/assignments/{assignment_id}", needs="dispatch:read", outside=CREW)
def get_assignment(caller: Caller, assignment_id: AssignmentId) -> Assignment:
    """Get an assignment."""
    return assignments.get(caller, assignment_id)


@api.post("/dispatch/assignments/{assignment_id}/accept", needs="dispatch:write", outside=CREW)
def accept_assignment(caller: Caller, assignment_id: AssignmentId) -> Assignment:
    """Accept an assignment, as its driver.

    Staff may answer for a driver who called.
    """
    return answering.accept(caller, assignment_id)


@api.post("/dispatch/assignments/{assignment_id}/decline", needs="dispatch:write", outside=CREW)
def decline_assignment(caller: Caller, assignment_id: AssignmentId, body: ReasonInput) -> Assignment:
    """Decline an assignment, as its driver, before its duty begins.

    Driver and vehicle are free again, and the charter needs others.
    """
    return answering.decline(caller, assignment_id, body.reason)


@api.post("/dispatch/assignments/{assignment_id}/release", needs="dispatch:write", outside=("vendor",))
def release_assignment(caller: Caller, assignment_id: AssignmentId, body: ReasonInput) -> Assignment:
    """Take a trip off its driver and its vehicle.

    The driver is told. A trip that has left is taken over by a recovery instead.
    """
    return answering.release(caller, assignment_id, body.reason)
