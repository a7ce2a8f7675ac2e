"""Routes of trips under way: positions, duty, where the vehicles are."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coachway.bookings.charters.model import CharterId
from coachway.core.caller import Caller
from coachway.core.http.routing import PUBLIC, ApiRouter
from coachway.dispatch.assignments.model import Assignment, AssignmentId
from coachway.dispatch.duty import service as duty
from coachway.dispatch.duty.service import DepartInput, DutyInput
from coachway.dispatch.tracking import live_positions, position_ingest, share_links
from coachway.dispatch.tracking.position_ingest import PositionBatch, PositionIngestResult
from coachway.dispatch.tracking.schemas import CharterTrack, SharedTrack
from coachway.dispatch.tracking.share_links import ShareLink, TrackLinkInput

Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$")]

api = ApiRouter("dispatch", "Who drives which trip in which vehicle, and where they are.", health=False)
app = api.app

DRIVERS = ("driver",)


@api.post("/dispatch/check-ins", permission="dispatch:write", status=202, external_roles=DRIVERS, errors=(404,))
def record_positions(caller: Caller, body: PositionBatch) -> PositionIngestResult:
    """Tell where a vehicle is.

    One position or up to a hundred, in any order, of the driver's own assignment. Each moment is taken once. Arrivals,
    departures and lateness follow from them.
    """
    return position_ingest.ingest_positions(caller, body)


@api.post("/dispatch/assignments/{assignment_id}/check-in", permission="dispatch:write", external_roles=DRIVERS)
def check_in_driver(caller: Caller, assignment_id: AssignmentId, body: DutyInput) -> Assignment:
    """Report for duty.

    Refused while papers of drivers, vehicle or carrier are not in order, or the hours of service do not allow the trip.
    """
    return duty.check_in(caller, assignment_id, body)


@api.post("/dispatch/assignments/{assignment_id}/depart", permission="dispatch:write", external_roles=DRIVERS)
def leave_stop(caller: Caller, assignment_id: AssignmentId, body: DepartInput) -> Assignment:
    """Leave a stop, where no position tells so.

    Leaving the first one begins the trip; it is refused while papers are not in order.
    """
    return duty.depart(caller, assignment_id, body)


@api.post("/dispatch/assignments/{assignment_id}/check-out", permission="dispatch:write", external_roles=DRIVERS)
def check_out_driver(caller: Caller, assignment_id: AssignmentId, body: DutyInput) -> Assignment:
    """End the duty, and the trip where its last drop-off was not seen."""
    return duty.check_out(caller, assignment_id, body)


@api.get("/dispatch/charters/{charter_id}/track", permission="dispatch:read")
def track_charter(caller: Caller, charter_id: CharterId) -> CharterTrack:
    """See where a charter's vehicles are, and when they will be at their stops."""
    return live_positions.get_charter_track(caller, charter_id)


@api.post("/dispatch/charters/{charter_id}/track-link", permission="dispatch:write", status=201, secret_response=True)
def create_track_link(caller: Caller, charter_id: CharterId, body: TrackLinkInput) -> ShareLink:
    """Get the live link to a charter's vehicles, to pass on.

    It is the same link each time, unless it is renewed; its expiry is what was asked for last.
    """
    return share_links.create_link(caller, charter_id, body)


@api.get("/track/{track_token}", permission=PUBLIC)
def get_shared_track(caller: Caller, track_token: Token) -> SharedTrack:
    """See where a charter's vehicles are, by a live link.

    There is no position before the driver checks in, and none from the last drop-off on.
    """
    return live_positions.get_shared_track(track_token)
