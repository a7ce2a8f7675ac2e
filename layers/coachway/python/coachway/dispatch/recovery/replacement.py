"""Who could take a trip over, and taking it over: the one assignment ends in the transaction that makes the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from coachway.contracts.dispatch.recovery import TripRecovered
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.core.types.geo import Coordinates
from coachway.dispatch.assignments import event_payloads as assignment_event_payloads
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import AssignmentStatus, travel_time
from coachway.dispatch.matching import assign, auto_assign
from coachway.dispatch.matching import responses as matching_responses
from coachway.dispatch.matching.auto_assign import Ranking
from coachway.dispatch.matching.context import AssignmentContext, VehicleCandidate
from coachway.dispatch.matching.schemas import AssignInput
from coachway.dispatch.recovery.event_payloads import recovery_event_fields
from coachway.dispatch.recovery.model import Recovery
from coachway.dispatch.recovery.rules import OfferStatus, RecoveryReason, RecoveryStatus, not_needed_reason

_MINUTE: Final = timedelta(minutes=1)


def rank_replacements(caller: Caller, recovery: Recovery, fallen: Assignment) -> Ranking:
    """Who could take a trip over, the best first, without those who have it and those who were asked.

    Raises Missing, Conflict when there is nothing to take over any more, or its vendor's papers are not in order.
    """
    now = clock.now()
    on = auto_assign.load_candidates(
        caller, fallen.charter_id, fallen.vehicle_number, _takeover_time(fallen, now), instead_of=fallen
    )
    assign.require_compliant_vendor(on)
    out = {*fallen.crew, *(offer.driver_id for offer in recovery.offers)}
    on = replace(on, drivers=[each for each in on.drivers if each.driver.id not in out])
    size = len(fallen.crew)
    if recovery.reason.spares_vehicle:
        same = replace(on, vehicles=[each for each in on.vehicles if each.vehicle.id == fallen.vehicle_id])
        found = auto_assign.rank_candidates(same, size, now)
        if found.vehicle is not None and len(found.crew(size)) == size:
            return found
    return auto_assign.rank_candidates(replace(on, vehicles=_other_vehicles(on, recovery, fallen, now)), size, now)


def _takeover_time(fallen: Assignment, now: datetime) -> datetime | None:
    """From when on the trip is somebody else's, if it should have begun."""
    return now if fallen.starts_at <= now else None


def _other_vehicles(
    on: AssignmentContext, recovery: Recovery, fallen: Assignment, now: datetime
) -> Sequence[VehicleCandidate]:
    left = [each for each in on.vehicles if each.vehicle.id != fallen.vehicle_id]
    if recovery.reason is not RecoveryReason.LATE_RISK:
        return left
    expected = fallen.pickup_at + (fallen.late_minutes or 0) * _MINUTE
    return [each for each in left if now + _time_to_first_stop(each, fallen) < expected]


def _time_to_first_stop(file: VehicleCandidate, fallen: Assignment) -> timedelta:
    """How long a vehicle takes from its garage to the first stop."""
    what = file.vehicle
    if what.garage_latitude is None or what.garage_longitude is None:
        return timedelta()
    return travel_time(Coordinates(what.garage_latitude, what.garage_longitude), fallen.stops[0].place)


def replace_crew(caller: Caller, before: Recovery) -> Recovery:
    """The recovery, over: whoever was asked has the trip. Raises Conflict when something came between."""
    offer, now = before.offers[-1], clock.now()
    fallen = store.get(Assignment, repository.key(caller.org_id, before.assignment_id))
    against = not_needed_reason(before.reason, fallen)
    if against:
        raise errors.Conflict(against, title="this trip needs nobody else")
    wanted = AssignInput(
        charter_id=before.charter_id,
        driver_id=offer.driver_id,
        second_driver_id=offer.second_driver_id,
        vehicle_id=offer.vehicle_id,
        vehicle_number=before.vehicle_number,
    )
    on = assign.check_crew_and_vehicle(caller, wanted, _takeover_time(fallen, now), instead_of=fallen)
    crew, vehicle = on.drivers, on.vehicles[0]
    assignment = assign.build_assignment(caller, on, crew, vehicle)
    assignment.status, assignment.answered_at = AssignmentStatus.ACCEPTED, now
    assignment.notes = "\n".join(each for each in (fallen.notes, before.notes) if each)
    for stop, passed in zip(assignment.stops, fallen.stops, strict=False):
        stop.arrived_at, stop.departed_at = passed.arrived_at, passed.departed_at
        stop.dwell_minutes, stop.billable_minutes = passed.dwell_minutes, passed.billable_minutes
    _, ending = matching_responses.end_ops(
        caller,
        fallen,
        AssignmentStatus.RELEASED,
        f"{crew[0].driver.name} took over: {before.reason.replace('_', ' ')}",
        taken_over_with=vehicle.vehicle.id,
    )
    said = offer.model_copy(update={"status": OfferStatus.ACCEPTED, "answered_at": now})
    after = before.model_copy(
        update={
            "status": RecoveryStatus.RECOVERED,
            "offers": [*before.offers[:-1], said],
            "replacement_id": assignment.id,
            "ended_at": now,
            "failure": None,
        }
    )
    told = TripRecovered(
        **recovery_event_fields(after),
        **assignment_event_payloads.trip_location_fields(assignment),
        replacement_id=assignment.id,
        replacement_driver_id=assignment.driver_id,
        replacement_driver_name=assignment.driver_name,
        replacement_vehicle_id=assignment.vehicle_id,
        replacement_vehicle_name=assignment.vehicle_name,
        client_name=on.client.name if on.client else "",
        client_email=on.client.email if on.client else "",
    )
    answer = after.model_copy(update={"version": before.version + 1})
    also = [*ending, Update(before, after, [told])]
    assign.commit_assignment(caller, on, crew, vehicle, assignment, chosen_by="recovery", answer=answer, also=also)
    return after
