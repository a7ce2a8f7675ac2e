"""Gives a driver and a vehicle to a trip, in one transaction that nobody can pass by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from coachway.bookings.charters import coverage
from coachway.bookings.charters.model import Charter, Cover
from coachway.bookings.charters.rules import Status
from coachway.compliance import status, subjects
from coachway.contracts.dispatch.assignments import AssignmentAccepted, AssignmentOffered
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.errors import FieldError
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Create, Op
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.dispatch.assignments import event_payloads as assignment_event_payloads
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.assignments.watch import create_schedule_op
from coachway.dispatch.diaries import service as diaries
from coachway.dispatch.matching import context, eligibility
from coachway.dispatch.matching.context import AssignmentContext, DriverCandidate, Trip, VehicleCandidate
from coachway.dispatch.matching.eligibility_reasons import Reason, Rule
from coachway.dispatch.matching.schemas import AssignInput
from coachway.fleet.model import Driver, Vehicle
from coachway.identity.model.organization import Organization

_ASSIGNABLE: Final = frozenset({Status.QUOTE, Status.BOOKED, Status.CONFIRMED, Status.IN_PROGRESS})


def create_assignment(caller: Caller, wanted: AssignInput) -> Assignment:
    """Give a trip to this driver and this vehicle; the driver is told, and asked.

    Raises Missing, Conflict naming everything that is in the way. Of many who assign the same driver or vehicle at
    once, those for whom there is no room get the clash. Two reads, one more when the driver has work behind them, and
    the commit.
    """
    return retry_on_conflict(lambda: _attempt_assignment(caller, wanted))()


def _attempt_assignment(caller: Caller, wanted: AssignInput) -> Assignment:
    on = check_crew_and_vehicle(caller, wanted)
    crew, chosen = on.drivers, on.vehicles[0]
    assignment = build_assignment(caller, on, crew, chosen, wanted.notes)
    commit_assignment(caller, on, crew, chosen, assignment, chosen_by="person")
    return assignment


def check_crew_and_vehicle(
    caller: Caller, wanted: AssignInput, since: datetime | None = None, instead_of: Assignment | None = None
) -> AssignmentContext:
    """This crew and this vehicle, who may have the trip. Raises Missing, Conflict naming everything in the way.

    `instead_of`: they take it over from another crew, whose assignment ends in the same transaction; `since` then on,
    when it is under way.
    """
    org_id, names = caller.org_id, [wanted.driver_id, *([wanted.second_driver_id] if wanted.second_driver_id else [])]
    charter_key, house_key = context.trip_keys(org_id, wanted.charter_id)
    driver_keys = [context.driver_keys(org_id, each) for each in names]
    vehicle_keys = context.vehicle_keys(org_id, wanted.vehicle_id)
    found = store.batch_get([charter_key, house_key, *vehicle_keys, *(key for keys in driver_keys for key in keys)])
    charter = found.get(Charter, charter_key)
    people = [found.get(Driver, head) for head, _ in driver_keys]
    vehicle = found.get(Vehicle, vehicle_keys[0])
    if instead_of is None:
        require_own_resources(caller, charter, [vehicle.vendor_id, *(each.vendor_id for each in people)])
        cover = context.choose_cover(charter, wanted.vehicle_number, vehicle.vendor_id)
    else:
        cover = context.cover_of_assignment(charter, instead_of)
    require_assignable(charter)
    law = context.hours_rules_of(found.get(Organization, house_key))
    trip = context.build_trip(charter, law, cover, len(people), since)
    on = context.load_context(caller, trip, people, [vehicle], found)
    if instead_of is not None:
        on = on.without(instead_of.id)
    require_not_over(trip)
    _require_eligible(on)
    return on


def require_own_resources(caller: Caller, charter: Charter, owners: Sequence[str | None]) -> None:
    """Raises Missing for people of a vendor, unless charter, drivers and vehicle are theirs."""
    if not caller.is_outside:
        return
    mine = caller.role == "vendor" and caller.party_id in charter.vendor_ids
    if not mine or any(owner != caller.party_id for owner in owners):
        raise errors.NotFound("there is no such charter, driver or vehicle")


def require_assignable(charter: Charter) -> None:
    """Raises Conflict for a charter that does not take place, or is over."""
    if charter.status not in _ASSIGNABLE:
        raise errors.Conflict(f"this charter is {charter.status}", title="this charter takes no drivers")


def require_not_over(trip: Trip) -> None:
    """Raises Conflict for a trip that should be over by now."""
    if trip.plan.dropoff_at <= clock.now():
        said = f"it ended at {trip.charter.ends_at.isoformat(timespec='minutes')}"
        raise errors.Conflict(said, title="this charter takes no drivers")


def vendor_reasons(on: AssignmentContext) -> list[Reason]:
    """What is in the way of the vendor that the vehicle was awarded to."""
    if on.trip.cover.vendor_id is None:
        return []
    standing = status.status_of_subject(on.vendor, on.trip.plan.last_day) if on.vendor is not None else None
    said = ["Vendor has no compliance documents"] if standing is None else standing.reasons()
    return [Reason(rule=Rule.COMPLIANCE, message=each) for each in said]


def require_compliant_vendor(on: AssignmentContext) -> None:
    """Raises Conflict naming what is in the way of the vendor that the vehicle was awarded to."""
    wrong = [FieldError("charter_id", each.said()) for each in vendor_reasons(on)]
    if wrong:
        raise errors.Conflict("; ".join(each.message for each in wrong), title=_title(wrong), fields=wrong)


def _require_eligible(on: AssignmentContext) -> None:
    """Raises Conflict naming everything that is in the way of this crew and this vehicle."""
    now, vehicle = clock.now(), on.vehicles[0].vehicle
    names = ("driver_id", "second_driver_id")
    wrong: list[FieldError] = []
    for seat, person in enumerate(on.drivers):
        case = person.case(on.trip.plan.last_day, on.known)
        finding = eligibility.evaluate_driver(case, on.trip.wanted, vehicle, seat, on.trip.law, now)
        wrong += [FieldError(names[seat], eligibility.describe_reason(each, finding)) for each in finding.reasons]
    if on.trip.charter.requires_second_driver and len(on.drivers) < 2:
        wrong.append(FieldError("second_driver_id", "second driver: this charter requires one"))
    car = eligibility.vehicle_reasons(on.vehicles[0].case(on.trip.plan.last_day), on.trip.wanted)
    wrong += [FieldError("vehicle_id", each.said()) for each in car]
    wrong += [FieldError("charter_id", each.said()) for each in vendor_reasons(on)]
    if wrong:
        raise errors.Conflict("; ".join(each.message for each in wrong), title=_title(wrong), fields=wrong)


def _title(wrong: Sequence[FieldError]) -> str:
    fields = {each.field.removeprefix("second_") for each in wrong}
    if fields == {"vehicle_id"}:
        return "vehicle is not available"
    if fields == {"charter_id"}:
        return "the vendor's documents are not in order"
    return "driver is not available" if "vehicle_id" not in fields else "driver and vehicle are not available"


def build_assignment(
    caller: Caller, on: AssignmentContext, crew: Sequence[DriverCandidate], vehicle: VehicleCandidate, notes: str = ""
) -> Assignment:
    """The assignment, not written yet."""
    plan, charter, client = on.trip.plan, on.trip.charter, on.client
    second = crew[1].driver if len(crew) > 1 else None
    return Assignment(
        id=ids.new("asg"),
        org_id=caller.org_id,
        charter_id=charter.id,
        charter_number=charter.number,
        charter_revision=charter.revision_number,
        vehicle_number=on.trip.cover.vehicle,
        client_id=charter.client_id,
        driver_id=crew[0].driver.id,
        driver_name=crew[0].driver.name,
        second_driver_id=second.id if second else None,
        second_driver_name=second.name if second else None,
        vehicle_id=vehicle.vehicle.id,
        vehicle_name=vehicle.vehicle.name,
        vehicle_class=vehicle.vehicle.vehicle_class,
        vendor_id=on.trip.cover.vendor_id,
        timezone=plan.timezone,
        passengers=plan.passengers,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        pickup_at=plan.pickup_at,
        dropoff_at=plan.dropoff_at,
        stops=plan.stops,
        duty=plan.duty(0),
        second_duty=plan.duty(1) if second else [],
        contact_name=client.name if client else "",
        contact_phone=client.phone if client else None,
        notes="\n".join(each for each in (charter.notes, notes) if each),
        offered_at=clock.now(),
    )


def commit_assignment(
    caller: Caller,
    on: AssignmentContext,
    crew: Sequence[DriverCandidate],
    vehicle: VehicleCandidate,
    assignment: Assignment,
    *,
    chosen_by: str,
    answer: object = None,
    also: Sequence[Op] = (),
) -> None:
    """Write it: diaries, charter and event together, if nothing that it was judged by has changed.

    `also` goes into the same transaction. Raises LostRace.
    """
    second = crew[1].driver if len(crew) > 1 else None
    said = assignment_event_payloads.assignment_event_fields(assignment, crew[0].driver, second)
    told: Event = AssignmentOffered(**said, chosen_by=chosen_by)
    if assignment.status is AssignmentStatus.ACCEPTED:
        told = AssignmentAccepted(**said)
    cover = Cover(
        vehicle=assignment.vehicle_number,
        vendor_id=on.trip.cover.vendor_id,
        bid_id=on.trip.cover.bid_id,
        assignment_id=assignment.id,
        driver_id=assignment.driver_id,
        second_driver_id=assignment.second_driver_id,
        driver_names=[person.driver.name for person in crew],
        vehicle_id=assignment.vehicle_id,
        vehicle_name=assignment.vehicle_name,
    )
    ops: list[Op] = [Create(assignment, [told]), create_schedule_op(assignment)]
    for seat, person in enumerate(crew):
        ops += [*person.unchanged(), *diaries.add_block_ops(person.diary, on.trip.plan.job(assignment.id, seat))]
    ops += [*vehicle.unchanged(), *diaries.add_block_ops(vehicle.diary, on.trip.plan.job(assignment.id))]
    if on.vendor is not None:
        ops.append(subjects.check_unchanged_op(on.vendor))
    ops += coverage.cover_ops(caller, on.trip.charter, [cover], "every vehicle has its driver or its vendor")
    store.commit(caller, *ops, *also, answer=answer)
