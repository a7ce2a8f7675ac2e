"""Routes of assignments, recoveries and the dispatch board."""

from coachway.core.caller import Caller
from coachway.core.errors import InvalidStatusTransition, NotFound
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page
from coachway.dispatch import board
from coachway.dispatch.assignments import queries as assignment_queries
from coachway.dispatch.assignments.model import Assignment, AssignmentId
from coachway.dispatch.assignments.schemas import AssignmentQuery, ReasonInput, ReleaseInput
from coachway.dispatch.board import Board, BoardQuery
from coachway.dispatch.errors import (
    CharterFullyAssigned,
    CharterNotAssignable,
    CrewAndVehicleNotAvailable,
    DeclineTooLate,
    DriverNotAvailable,
    NoDriverAvailable,
    NoVehicleAvailable,
    OfferNotOpen,
    OrganizationNotCompliant,
    RecoveryAlreadyOpen,
    RecoveryNotNeeded,
    TripUnderWay,
    VehicleAlreadyAssigned,
    VehicleNotAvailable,
    VendorNotCompliant,
)
from coachway.dispatch.matching import assignment_lifecycle
from coachway.dispatch.matching.schemas import AssignInput, AutoAssignInput, AutoAssignResult
from coachway.dispatch.recovery import service as recovery
from coachway.dispatch.recovery.model import AnswerQuery, Recovery, RecoveryId, RecoveryInput, RecoveryQuery

api = ApiRouter("dispatch", "Assignments of drivers and vehicles, duty, positions, calendars and recoveries.")
app = api.app

CREW = ("driver", "vendor")


@api.post(
    "/dispatch/assignments",
    permission="dispatch:write",
    status=201,
    external_roles=("vendor",),
    errors=(
        NotFound,
        CharterNotAssignable,
        VehicleAlreadyAssigned,
        CharterFullyAssigned,
        OrganizationNotCompliant,
        VendorNotCompliant,
        DriverNotAvailable,
        VehicleNotAvailable,
        CrewAndVehicleNotAvailable,
    ),
)
def create_assignment(caller: Caller, body: AssignInput) -> Assignment:
    """Assign a driver and a vehicle to a charter.

    The driver must be available, licensed for the vehicle and compliant, must not be on another trip (travel time
    included), and must be allowed to drive the trip by the hours-of-service rules. The vehicle must have enough seats
    and be available. When the request is refused, `errors` lists every reason. The driver is notified and
    asked to accept. Vendors assign their own drivers and vehicles to the vehicles that they were awarded.
    """
    from coachway.dispatch.matching import assignment_service  # only needed here, slow to import

    return assignment_service.create_assignment(caller, body)


@api.post(
    "/dispatch/assignments/auto",
    permission="dispatch:write",
    status=201,
    external_roles=("vendor",),
    errors=(
        NotFound,
        CharterNotAssignable,
        VehicleAlreadyAssigned,
        CharterFullyAssigned,
        OrganizationNotCompliant,
        VendorNotCompliant,
        NoDriverAvailable,
        NoVehicleAvailable,
    ),
)
def auto_assign_charter(caller: Caller, body: AutoAssignInput) -> AutoAssignResult:
    """Assign the best available driver and vehicle to a charter.

    The response explains the choice. It lists every driver with a score, or with the reasons against the driver and the
    earliest time at which the driver could drive; and the same for every vehicle.
    """
    from coachway.dispatch.matching import automatic_assignment  # only needed here, slow to import

    return automatic_assignment.assign_automatically(caller, body)


@api.get("/dispatch/assignments", permission="dispatch:read", external_roles=CREW, errors=(NotFound,))
def list_assignments(caller: Caller, query: AssignmentQuery) -> Page[Assignment]:
    """List assignments, soonest first.

    Without dates, the list covers the next 30 days. Drivers and vendors see only their own.
    """
    return assignment_queries.list_assignments(caller, query)


@api.get("/dispatch/assignments/{assignment_id}", permission="dispatch:read", external_roles=CREW)
def get_assignment(caller: Caller, assignment_id: AssignmentId) -> Assignment:
    """Get an assignment.

    Drivers and vendors do not see the client's contact and the notes of an assignment that was declined or released,
    and the reason of a release.
    """
    return assignment_queries.get_assignment(caller, assignment_id)


@api.post(
    "/dispatch/assignments/{assignment_id}/accept",
    permission="dispatch:write",
    external_roles=CREW,
    errors=(InvalidStatusTransition,),
)
def accept_assignment(caller: Caller, assignment_id: AssignmentId) -> Assignment:
    """Accept an assignment.

    Drivers accept their own assignments. Staff can accept on behalf of a driver.
    """
    return assignment_lifecycle.accept_assignment(caller, assignment_id)


@api.post(
    "/dispatch/assignments/{assignment_id}/decline",
    permission="dispatch:write",
    external_roles=CREW,
    errors=(InvalidStatusTransition, DeclineTooLate),
)
def decline_assignment(caller: Caller, assignment_id: AssignmentId, body: ReasonInput) -> Assignment:
    """Decline an assignment.

    Drivers decline their own assignments before the duty begins. The driver and the vehicle are released, and the
    charter needs others.
    """
    return assignment_lifecycle.decline_assignment(caller, assignment_id, body.reason)


@api.post(
    "/dispatch/assignments/{assignment_id}/release",
    permission="dispatch:write",
    external_roles=("vendor",),
    errors=(InvalidStatusTransition, TripUnderWay),
)
def release_assignment(caller: Caller, assignment_id: AssignmentId, body: ReleaseInput) -> Assignment:
    """Release an assignment.

    The driver and the vehicle are released, and the driver is notified. For a trip that has left its first stop, open a
    recovery instead.
    """
    return assignment_lifecycle.release_assignment(caller, assignment_id, body)


@api.post(
    "/dispatch/recoveries",
    permission="dispatch:write",
    status=202,
    external_roles=("vendor",),
    errors=(NotFound, RecoveryNotNeeded, RecoveryAlreadyOpen),
)
def open_recovery(caller: Caller, body: RecoveryInput) -> Recovery:
    """Open a recovery.

    A recovery finds a replacement crew for a trip. Open one after a breakdown, when a driver does not show up, or when
    the vehicle would be late at the first stop. Drivers are asked one after the other, the best first; each has ten
    minutes to answer unless the organization configured another time. The first to accept immediately takes over the
    trip, and everybody involved is notified. When no driver is left, the recovery is escalated to the dispatcher. A
    recovery opens automatically when a driver does not check in on time, and when a vehicle is going to be late at the
    first stop.
    """
    return recovery.open_recovery(caller, body)


@api.get("/dispatch/recoveries", permission="dispatch:read", external_roles=CREW)
def list_recoveries(caller: Caller, query: RecoveryQuery) -> Page[Recovery]:
    """List recoveries, newest first.

    Drivers see the recoveries that wait for their answer.
    """
    return recovery.list_recoveries(caller, query)


@api.get("/dispatch/recoveries/{recovery_id}", permission="dispatch:read", external_roles=CREW)
def get_recovery(caller: Caller, recovery_id: RecoveryId) -> Recovery:
    """Get a recovery.

    Includes the evaluated drivers and vehicles, and the offers. Drivers see only their own offers, and no notes.
    """
    return recovery.get_recovery(caller, recovery_id)


@api.post(
    "/dispatch/recoveries/{recovery_id}/accept",
    permission="dispatch:write",
    external_roles=("driver",),
    errors=(
        InvalidStatusTransition,
        OfferNotOpen,
        RecoveryNotNeeded,
        CharterNotAssignable,
        DriverNotAvailable,
        VehicleNotAvailable,
        CrewAndVehicleNotAvailable,
        OrganizationNotCompliant,
        VendorNotCompliant,
    ),
)
def accept_recovery(caller: Caller, recovery_id: RecoveryId, query: AnswerQuery) -> Recovery:
    """Accept a recovery offer.

    The driver takes over the trip. Drivers accept the offers made to them. Staff can accept on behalf of a driver and
    should send `offer_id`, because another driver may have been asked meanwhile. If the driver or the vehicle is no
    longer available, the request is refused and the next driver is asked.
    """
    return recovery.accept_offer(caller, recovery_id, query.offer_id)


@api.post(
    "/dispatch/recoveries/{recovery_id}/decline",
    permission="dispatch:write",
    external_roles=("driver",),
    errors=(InvalidStatusTransition, OfferNotOpen),
)
def decline_recovery(caller: Caller, recovery_id: RecoveryId, body: ReasonInput, query: AnswerQuery) -> Recovery:
    """Decline a recovery offer.

    The next driver is asked.
    """
    return recovery.decline_offer(caller, recovery_id, body.reason, query.offer_id)


@api.post(
    "/dispatch/recoveries/{recovery_id}/cancel",
    permission="dispatch:write",
    external_roles=(),
    errors=(InvalidStatusTransition,),
)
def cancel_recovery(caller: Caller, recovery_id: RecoveryId, body: ReasonInput) -> Recovery:
    """Cancel a recovery.

    The current driver and vehicle keep the trip.
    """
    return recovery.cancel_recovery(caller, recovery_id, body.reason)


@api.get("/dispatch/board", permission="dispatch:read")
def get_board(caller: Caller, query: BoardQuery) -> Board:
    """Get the dispatch board of a day.

    The board has a card for every vehicle of every trip, in a column for its status. It shows today unless `day` is
    given. Cards of trips that are under way have a position, the next stop and its estimated arrival time.
    """
    return board.get_board(caller, query)
