"""Assign a driver and a vehicle to a trip in one transaction that prevents double booking."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from coachway.bookings.charters import booking_contact, coverage
from coachway.bookings.charters.model import Charter, VehicleCoverage
from coachway.bookings.charters.rules import CharterStatus
from coachway.compliance import subjects
from coachway.contracts.dispatch.assignments import AssignmentAccepted, AssignmentOffered
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.errors import FieldError
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Create, Op, ResponseToStore
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.dispatch.assignments import event_payloads as assignment_event_payloads
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.monitoring_schedule import create_schedule_op
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.diaries import service as diaries
from coachway.dispatch.errors import (
    CharterNotAssignable,
    CrewAndVehicleNotAvailable,
    DriverNotAvailable,
    OrganizationNotCompliant,
    VehicleNotAvailable,
    VendorNotCompliant,
)
from coachway.dispatch.matching import carrier_documents, eligibility, trip_details
from coachway.dispatch.matching.assignment_context import (
    AssignmentContext,
    DriverCandidate,
    TripToAssign,
    VehicleCandidate,
    build_takeover_coverage,
    build_trip,
    choose_report_times,
    choose_vehicle_coverage,
    driver_keys,
    load_assignment_context,
    trip_keys,
    vehicle_keys,
)
from coachway.dispatch.matching.eligibility_reasons import Reason, Rule
from coachway.dispatch.matching.schemas import AssignInput
from coachway.fleet.model import Driver, Vehicle
from coachway.identity.model.organization import Organization

_ASSIGNABLE: Final = frozenset(
    {CharterStatus.QUOTE, CharterStatus.BOOKED, CharterStatus.CONFIRMED, CharterStatus.IN_PROGRESS}
)


@retry_on_conflict
def create_assignment(caller: Caller, request: AssignInput) -> Assignment:
    """Assign a driver and a vehicle to a trip; the driver is notified and asked to accept.

    Raises NotFound, and Conflict, whose `errors` list every reason against the assignment. When several requests assign
    the same driver or vehicle at the same time, one succeeds and the others fail with the conflict. Two reads, one more
    when the driver has started trips, and the commit.
    """
    context = check_crew_and_vehicle(caller, request)
    crew, vehicle = context.drivers, context.vehicles[0]
    assignment = build_assignment(caller, context, crew, vehicle, request.notes)
    commit_assignment(caller, context, crew, vehicle, assignment, chosen_by="person")
    return assignment


def check_crew_and_vehicle(
    caller: Caller, request: AssignInput, since: datetime | None = None, replaced_assignment: Assignment | None = None
) -> AssignmentContext:
    """Load a crew and a vehicle, and check that they may take the trip.

    `replaced_assignment` is the assignment that they take over, which ends in the same transaction; `since` is the time
    of the takeover when that trip is under way. Raises NotFound, and Conflict, whose `errors` list every reason against
    it.
    """
    org_id, driver_ids = (
        caller.org_id,
        [request.driver_id, *([request.second_driver_id] if request.second_driver_id else [])],
    )
    charter_key, organization_key = trip_keys(org_id, request.charter_id)
    crew_keys = [driver_keys(org_id, driver_id) for driver_id in driver_ids]
    resource_keys = vehicle_keys(org_id, request.vehicle_id)
    batch = store.batch_get(
        [charter_key, organization_key, *resource_keys, *(key for keys in crew_keys for key in keys)]
    )
    charter = batch.get(Charter, charter_key)
    drivers = [batch.get(Driver, head) for head, _ in crew_keys]
    vehicle = batch.get(Vehicle, resource_keys[0])
    if replaced_assignment is None:
        require_own_resources(caller, charter, [vehicle.vendor_id, *(driver.vendor_id for driver in drivers)])
        vehicle_coverage = choose_vehicle_coverage(
            charter, request.vehicle_number, vehicle.vendor_id, vehicle.vehicle_class
        )
    else:
        vehicle_coverage = build_takeover_coverage(charter, replaced_assignment)
    require_assignable(charter)
    organization = batch.get(Organization, organization_key)
    report_times = choose_report_times(organization, charter, request.spot_minutes, replaced_assignment)
    trip = build_trip(charter, organization, vehicle_coverage, len(drivers), since, report_times)
    context = load_assignment_context(caller, trip, drivers, [vehicle], batch)
    if replaced_assignment is not None:
        context = context.exclude_assignment(replaced_assignment.id)
    require_not_over(trip)
    _require_eligible(context)
    return context


def require_own_resources(caller: Caller, charter: Charter, owners: Sequence[str | None]) -> None:
    """Raise NotFound for a vendor's user, unless charter, drivers and vehicle belong to that vendor."""
    if not caller.is_external:
        return
    is_own = caller.role == "vendor" and caller.party_id in charter.vendor_ids
    if not is_own or any(owner != caller.party_id for owner in owners):
        raise errors.NotFound("The charter, driver or vehicle was not found.")


def require_assignable(charter: Charter) -> None:
    """Raise Conflict for a charter that is cancelled or over."""
    if charter.status not in _ASSIGNABLE:
        raise CharterNotAssignable(f"This charter is {charter.status}. It does not accept assignments.")


def require_not_over(trip: TripToAssign) -> None:
    """Raise Conflict for a trip that should be over by now."""
    if trip.plan.dropoff_at <= clock.now():
        raise CharterNotAssignable(f"The trip ended at {trip.charter.ends_at.isoformat(timespec='minutes')}.")


def require_compliant_carrier(context: AssignmentContext) -> None:
    """Raise Conflict and list every document that keeps the vendor, or the organization, from running the trip."""
    problems = _carrier_errors(context)
    if problems:
        raise _not_eligible_error(problems)


def _carrier_errors(context: AssignmentContext) -> list[FieldError]:
    """List the problems of the carrier's documents that prevent the assignment.

    Documents of the organization do not prevent it while they can still be submitted and approved.
    """
    vendor_id = context.trip.coverage.vendor_id
    if vendor_id is None and not carrier_documents.is_within_review_time(context.trip.plan.starts_at, clock.now()):
        return []
    field = "organization" if vendor_id is None else "charter_id"
    reasons = [Reason(rule=Rule.COMPLIANCE, message=problem) for problem in context.list_carrier_problems()]
    return [FieldError(field, reason.describe()) for reason in reasons]


def _require_eligible(context: AssignmentContext) -> None:
    """Raise Conflict and list every reason against this crew and this vehicle."""
    now, vehicle = clock.now(), context.vehicles[0].vehicle
    fields = ("driver_id", "second_driver_id")
    problems: list[FieldError] = []
    for seat, candidate in enumerate(context.drivers):
        facts = candidate.build_facts(context.trip.plan.last_day, context.started)
        evaluation = eligibility.evaluate_driver(
            facts, context.trip.requirements, vehicle, seat, context.trip.hours_rules, now
        )
        problems += [
            FieldError(fields[seat], eligibility.describe_reason(reason, evaluation)) for reason in evaluation.reasons
        ]
    if context.trip.charter.requires_second_driver and len(context.drivers) < 2:
        problems.append(FieldError("second_driver_id", "second driver: this charter requires a second driver"))
    reasons = eligibility.vehicle_reasons(
        context.vehicles[0].build_facts(context.trip.plan.last_day), context.trip.requirements
    )
    problems += [FieldError("vehicle_id", reason.describe()) for reason in reasons]
    problems += _carrier_errors(context)
    if problems:
        raise _not_eligible_error(problems)


def _not_eligible_error(problems: list[FieldError]) -> errors.Conflict:
    """Choose the error by what is wrong: the crew, the vehicle, both, or only the carrier."""
    fields = {problem.field.removeprefix("second_") for problem in problems}
    error: type[errors.Conflict] = CrewAndVehicleNotAvailable
    if fields == {"vehicle_id"}:
        error = VehicleNotAvailable
    elif fields == {"charter_id"}:
        error = VendorNotCompliant
    elif fields == {"organization"}:
        error = OrganizationNotCompliant
    elif "vehicle_id" not in fields:
        error = DriverNotAvailable
    return error("; ".join(problem.message for problem in problems), fields=problems)


def build_assignment(
    caller: Caller,
    context: AssignmentContext,
    crew: Sequence[DriverCandidate],
    vehicle: VehicleCandidate,
    notes: str = "",
) -> Assignment:
    """Build the assignment without storing it."""
    plan, charter, client = context.trip.plan, context.trip.charter, context.client
    second = crew[1].driver if len(crew) > 1 else None
    contact_name, contact_phone = booking_contact.get_driver_contact(charter, client, context.contact)
    return Assignment(
        id=ids.new("asg"),
        org_id=caller.org_id,
        charter_id=charter.id,
        charter_number=charter.number,
        charter_revision=charter.trip_revision,
        vehicle_number=context.trip.coverage.vehicle,
        client_id=charter.client_id,
        driver_id=crew[0].driver.id,
        driver_name=crew[0].driver.name,
        second_driver_id=second.id if second else None,
        second_driver_name=second.name if second else None,
        vehicle_id=vehicle.vehicle.id,
        vehicle_name=vehicle.vehicle.name,
        vehicle_class=vehicle.vehicle.vehicle_class,
        vendor_id=context.trip.coverage.vendor_id,
        timezone=plan.timezone,
        passengers=plan.passengers,
        starts_at=plan.starts_at,
        leaves_at=plan.leaves_at,
        spot_at=plan.spot_at,
        ends_at=plan.ends_at,
        pickup_at=plan.pickup_at,
        dropoff_at=plan.dropoff_at,
        stops=plan.stops,
        duty=plan.duty(0),
        second_duty=plan.duty(1) if second else [],
        contact_name=contact_name,
        contact_phone=contact_phone,
        notes=trip_details.join_notes(charter.notes, notes),
        own_notes=notes,
        offered_at=clock.now(),
        document_problems=context.list_carrier_problems(),
    )


def commit_assignment(
    caller: Caller,
    context: AssignmentContext,
    crew: Sequence[DriverCandidate],
    vehicle: VehicleCandidate,
    assignment: Assignment,
    *,
    chosen_by: str,
    response: ResponseToStore = None,
    extra_ops: Sequence[Op] = (),
) -> None:
    """Store the assignment with diaries, charter and event, if nothing that it was evaluated by has changed.

    `extra_ops` join the same transaction. Raises ConcurrentUpdate.
    """
    second = crew[1].driver if len(crew) > 1 else None
    fields = assignment_event_payloads.assignment_event_fields(assignment, crew[0].driver, second)
    event: Event = AssignmentOffered(**fields, chosen_by=chosen_by)
    if assignment.status is AssignmentStatus.ACCEPTED:
        event = AssignmentAccepted(**fields)
    vehicle_coverage = VehicleCoverage(
        vehicle=assignment.vehicle_number,
        vendor_id=context.trip.coverage.vendor_id,
        bid_id=context.trip.coverage.bid_id,
        assignment_id=assignment.id,
        driver_id=assignment.driver_id,
        second_driver_id=assignment.second_driver_id,
        driver_names=[candidate.driver.name for candidate in crew],
        vehicle_id=assignment.vehicle_id,
        vehicle_name=assignment.vehicle_name,
    )
    ops: list[Op] = [Create(assignment, [event]), create_schedule_op(assignment)]
    for seat, candidate in enumerate(crew):
        ops += [
            *candidate.unchanged_ops(),
            *diaries.add_block_ops(candidate.diary, context.trip.plan.build_duty_block(assignment.id, seat)),
        ]
    ops += [
        *vehicle.unchanged_ops(),
        *diaries.add_block_ops(vehicle.diary, context.trip.plan.build_duty_block(assignment.id)),
    ]
    if context.carrier is not None and context.trip.coverage.vendor_id is not None:
        ops.append(subjects.check_unchanged_op(context.carrier))
    ops += coverage.set_coverage_ops(
        caller, context.trip.charter, [vehicle_coverage], "every vehicle has a driver or a vendor"
    )
    store.commit(caller, *ops, *extra_ops, response=response)
