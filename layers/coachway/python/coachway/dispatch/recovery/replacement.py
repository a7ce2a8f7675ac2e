"""Rank replacements, and replace a crew in one transaction that ends the old assignment and creates the new one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from coachway.bookings.charters import booking_contact
from coachway.contracts.dispatch.recovery import TripRecovered
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.core.types.geo import Coordinates
from coachway.dispatch.assignments import event_payloads as assignment_event_payloads
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import AssignmentStatus, estimate_travel_time
from coachway.dispatch.errors import RecoveryNotNeeded
from coachway.dispatch.matching import assignment_lifecycle, assignment_service, automatic_assignment, trip_details
from coachway.dispatch.matching.assignment_context import AssignmentContext, VehicleCandidate
from coachway.dispatch.matching.automatic_assignment import Ranking
from coachway.dispatch.matching.schemas import AssignInput
from coachway.dispatch.recovery import visibility
from coachway.dispatch.recovery.event_payloads import recovery_event_fields
from coachway.dispatch.recovery.model import Recovery
from coachway.dispatch.recovery.rules import OfferStatus, RecoveryReason, RecoveryStatus, not_needed_reason

_MINUTE: Final = timedelta(minutes=1)


def rank_replacements(caller: Caller, recovery: Recovery, assignment: Assignment) -> Ranking:
    """Rank the replacements for a trip, without its current crew and the drivers who were asked already.

    Raises NotFound, and Conflict when the trip is over or the carrier's documents are not in order.
    """
    now = clock.now()
    context = automatic_assignment.load_candidates(
        caller,
        assignment.charter_id,
        assignment.vehicle_number,
        _takeover_time(assignment, now),
        replaced_assignment=assignment,
    )
    assignment_service.require_compliant_carrier(context)
    excluded = {*assignment.crew, *(offer.driver_id for offer in recovery.offers)}
    context = replace(
        context, drivers=[candidate for candidate in context.drivers if candidate.driver.id not in excluded]
    )
    crew_size = len(assignment.crew)
    if recovery.reason.vehicle_is_usable:
        same_vehicle = replace(
            context,
            vehicles=[candidate for candidate in context.vehicles if candidate.vehicle.id == assignment.vehicle_id],
        )
        ranking = automatic_assignment.rank_candidates(same_vehicle, crew_size, now)
        if ranking.vehicle is not None and len(ranking.choose_crew(crew_size)) == crew_size:
            return ranking
    return automatic_assignment.rank_candidates(
        replace(context, vehicles=_other_vehicles(context, recovery, assignment, now)), crew_size, now
    )


def _takeover_time(assignment: Assignment, now: datetime) -> datetime | None:
    """The time of the takeover if the duty should have begun; None if the whole trip is taken over."""
    return now if assignment.starts_at <= now else None


def _other_vehicles(
    context: AssignmentContext, recovery: Recovery, assignment: Assignment, now: datetime
) -> Sequence[VehicleCandidate]:
    vehicles = [candidate for candidate in context.vehicles if candidate.vehicle.id != assignment.vehicle_id]
    if recovery.reason is not RecoveryReason.LATE_RISK:
        return vehicles
    expected_pickup = assignment.pickup_at + (assignment.late_minutes or 0) * _MINUTE
    return [candidate for candidate in vehicles if now + _time_to_first_stop(candidate, assignment) < expected_pickup]


def _time_to_first_stop(candidate: VehicleCandidate, assignment: Assignment) -> timedelta:
    """The travel time of a vehicle from its garage to the first stop."""
    vehicle = candidate.vehicle
    if vehicle.garage_latitude is None or vehicle.garage_longitude is None:
        return timedelta()
    return estimate_travel_time(
        Coordinates(vehicle.garage_latitude, vehicle.garage_longitude), assignment.stops[0].place
    )


def replace_crew(caller: Caller, before: Recovery) -> Recovery:
    """Assign the trip to the driver who was asked, and complete the recovery. Returns it as the caller can see it.

    Raises Conflict when the driver, the vehicle or the trip is no longer available.
    """
    offer, now = before.offers[-1], clock.now()
    replaced = store.get(Assignment, repository.assignment_key(caller.org_id, before.assignment_id))
    not_needed = not_needed_reason(before.reason, replaced)
    if not_needed:
        raise RecoveryNotNeeded(not_needed)
    request = AssignInput(
        charter_id=before.charter_id,
        driver_id=offer.driver_id,
        second_driver_id=offer.second_driver_id,
        vehicle_id=offer.vehicle_id,
        vehicle_number=before.vehicle_number,
    )
    context = assignment_service.check_crew_and_vehicle(
        caller, request, _takeover_time(replaced, now), replaced_assignment=replaced
    )
    crew, vehicle = context.drivers, context.vehicles[0]
    assignment = assignment_service.build_assignment(caller, context, crew, vehicle)
    assignment.status, assignment.answered_at = AssignmentStatus.ACCEPTED, now
    assignment.notes = trip_details.join_notes(replaced.notes, before.message_to_driver)
    assignment.own_notes = (
        None if replaced.own_notes is None else trip_details.join_notes(replaced.own_notes, before.message_to_driver)
    )
    for stop, replaced_stop in zip(assignment.stops, replaced.stops, strict=False):
        stop.arrived_at, stop.departed_at = replaced_stop.arrived_at, replaced_stop.departed_at
        # The positions that showed these times are in the trail of the replaced assignment.
        stop.reported_arrival_at, stop.reported_departure_at = stop.arrived_at, stop.departed_at
        stop.dwell_minutes, stop.billable_minutes = replaced_stop.dwell_minutes, replaced_stop.billable_minutes
    _, end_ops = assignment_lifecycle.end_ops(
        caller,
        replaced,
        AssignmentStatus.RELEASED,
        f"{crew[0].driver.name} took over: {before.reason.replace('_', ' ')}",
        message="Another driver takes over.",
        takeover_vehicle_id=vehicle.vehicle.id,
    )
    accepted_offer = offer.model_copy(update={"status": OfferStatus.ACCEPTED, "answered_at": now})
    after = before.model_copy(
        update={
            "status": RecoveryStatus.RECOVERED,
            "offers": [*before.offers[:-1], accepted_offer],
            "replacement_id": assignment.id,
            "ended_at": now,
            "failure": None,
        }
    )
    event = TripRecovered(
        **recovery_event_fields(after),
        **assignment_event_payloads.trip_location_fields(assignment),
        replacement_id=assignment.id,
        replacement_driver_id=assignment.driver_id,
        replacement_driver_name=assignment.driver_name,
        replacement_vehicle_id=assignment.vehicle_id,
        replacement_vehicle_name=assignment.vehicle_name,
        client_name=booking_contact.get_name(context.client, context.contact),
        client_email=booking_contact.get_address(context.client, context.contact) if context.client else "",
    )
    build_response = partial(visibility.hide_restricted_fields, caller, after)
    extra_ops = [*end_ops, Update(before, after, [event])]
    assignment_service.commit_assignment(
        caller, context, crew, vehicle, assignment, chosen_by="recovery", response=build_response, extra_ops=extra_ops
    )
    return build_response()
