"""Routes of trips that are under way: positions, duty and tracking."""

from coachway.bookings.charters.model import CharterId
from coachway.core.auth.signed_links import Token
from coachway.core.caller import Caller
from coachway.core.errors import InvalidStatusTransition, NotFound
from coachway.core.http.routing import PUBLIC, ApiRouter
from coachway.dispatch.assignments.model import Assignment, AssignmentId
from coachway.dispatch.duty import check_in_correction
from coachway.dispatch.duty import service as duty
from coachway.dispatch.duty.service import DepartInput, DutyInput
from coachway.dispatch.errors import (
    CharterNotConfirmed,
    CharterNotTrackable,
    CheckInTooEarly,
    DepartureDocumentsInvalid,
    DepartureNotReady,
    DriverNotOnDuty,
    HoursOfServiceExceeded,
    NoStopToDepart,
    StopNotReached,
    UndoTooLate,
    VehicleNotDeparted,
)
from coachway.dispatch.tracking import live_positions, position_ingest, tracking_links
from coachway.dispatch.tracking.position_ingest import PositionBatch, PositionIngestResult
from coachway.dispatch.tracking.schemas import CharterTrack, SharedTrack
from coachway.dispatch.tracking.tracking_links import TrackingLink, TrackingLinkInput
from coachway.identity.current_rights import read_current_rights

api = ApiRouter(
    "dispatch",
    "Assignments of drivers and vehicles, duty, positions, calendars and recoveries.",
    health=False,
    refresh_caller=read_current_rights,
)
app = api.app

DRIVERS = ("driver",)


@api.post(
    "/dispatch/check-ins",
    permission="dispatch:write",
    status=202,
    external_roles=DRIVERS,
    errors=(NotFound, DriverNotOnDuty),
)
def record_positions(caller: Caller, body: PositionBatch) -> PositionIngestResult:
    """Send positions of a vehicle.

    Send 1 to 100 positions of an assignment, in any order. Only one position is stored per timestamp.
    Arrivals, departures and delays are derived from the positions.
    """
    return position_ingest.ingest_positions(caller, body)


@api.post(
    "/dispatch/assignments/{assignment_id}/check-in",
    permission="dispatch:write",
    external_roles=DRIVERS,
    errors=(
        InvalidStatusTransition,
        CheckInTooEarly,
        DepartureDocumentsInvalid,
        DepartureNotReady,
        HoursOfServiceExceeded,
    ),
)
def check_in_driver(caller: Caller, assignment_id: AssignmentId, body: DutyInput) -> Assignment:
    """Check in for duty.

    The check-in is refused if compliance documents of the drivers, the vehicle or the carrier are not in order, or if
    the hours-of-service rules do not allow the trip.
    """
    return duty.check_in(caller, assignment_id, body)


@api.post(
    "/dispatch/assignments/{assignment_id}/undo-check-in",
    permission="dispatch:write",
    external_roles=DRIVERS,
    errors=(InvalidStatusTransition, DriverNotOnDuty, UndoTooLate),
)
def undo_check_in(caller: Caller, assignment_id: AssignmentId, body: DutyInput) -> Assignment:
    """Undo a check-in that was a mistake.

    The assignment is accepted again, and the positions since the check-in are deleted. Possible until the vehicle has
    left its first stop; for drivers, within 15 minutes.
    """
    return check_in_correction.undo_check_in(caller, assignment_id, body)


@api.post(
    "/dispatch/assignments/{assignment_id}/depart",
    permission="dispatch:write",
    external_roles=DRIVERS,
    errors=(
        DriverNotOnDuty,
        StopNotReached,
        NoStopToDepart,
        DepartureDocumentsInvalid,
        DepartureNotReady,
        CharterNotConfirmed,
    ),
)
def record_departure(caller: Caller, assignment_id: AssignmentId, body: DepartInput) -> Assignment:
    """Record that the vehicle left a stop.

    Use it where positions do not show the departure. The first departure starts the trip; it is refused when compliance
    documents are not in order.
    """
    return duty.depart(caller, assignment_id, body)


@api.post(
    "/dispatch/assignments/{assignment_id}/check-out",
    permission="dispatch:write",
    external_roles=DRIVERS,
    errors=(InvalidStatusTransition, VehicleNotDeparted),
)
def check_out_driver(caller: Caller, assignment_id: AssignmentId, body: DutyInput) -> Assignment:
    """Check out of duty.

    Completes the trip if no position has shown the last drop-off.
    """
    return duty.check_out(caller, assignment_id, body)


@api.get("/dispatch/charters/{charter_id}/track", permission="dispatch:read")
def get_charter_track(caller: Caller, charter_id: CharterId) -> CharterTrack:
    """Get the positions and estimated arrival times of a charter's vehicles."""
    return live_positions.get_charter_track(caller, charter_id)


@api.post(
    "/dispatch/charters/{charter_id}/track-link",
    permission="dispatch:write",
    status=201,
    errors=(CharterNotTrackable,),
    grants_rights=True,
)
def create_track_link(caller: Caller, charter_id: CharterId, body: TrackingLinkInput) -> TrackingLink:
    """Create the tracking link of a charter.

    Anyone with the link can follow the vehicles. The same link is returned each time, with the new expiry, unless
    `renew` is set.
    """
    return tracking_links.create_link(caller, charter_id, body)


@api.get("/track/{track_token}", permission=PUBLIC, errors=(NotFound,))
def get_shared_track(caller: Caller, track_token: Token) -> SharedTrack:
    """Get the positions of a charter's vehicles by a tracking link.

    Positions are shown from check-in until the last drop-off.
    """
    return live_positions.get_shared_track(track_token)
