"""Hold vehicles for a charter.

Only the route that places holds imports this module, because the rules of assignments are slow to import.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from coachway.bookings.charters.model import Charter, VehicleCoverage
from coachway.contracts.dispatch.holds import VehiclesHeld
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.errors import FieldError
from coachway.core.persistence.operations import CheckVersion, Create, Op
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.dispatch.diaries.hold_ops import add_hold_ops
from coachway.dispatch.diaries.model import HoldBlock
from coachway.dispatch.errors import CharterNotHoldable, VehicleNotAvailable
from coachway.dispatch.holds import rules, service
from coachway.dispatch.holds.model import HeldVehicle, Hold, HoldInput
from coachway.dispatch.matching import eligibility
from coachway.dispatch.matching.assignment_context import (
    TripToAssign,
    VehicleCandidate,
    build_trip,
    choose_report_times,
    load_assignment_context,
    trip_keys,
)
from coachway.dispatch.matching.automatic_assignment import crew_size
from coachway.dispatch.matching.eligibility_reasons import Reason, Rule
from coachway.fleet import resource_ops
from coachway.fleet.model import VEHICLE, Vehicle
from coachway.identity.model.organization import Organization


@retry_on_conflict
def hold_vehicles(caller: Caller, charter_id: str, request: HoldInput) -> Hold:
    """Hold vehicles for the time of a charter. Two reads and the commit.

    Raises NotFound, Invalid, CharterNotHoldable, and VehicleNotAvailable with every reason against each vehicle. Of
    several requests for the same vehicle, one succeeds.
    """
    charter_key, organization_key = trip_keys(caller.org_id, charter_id)
    vehicle_keys = [VEHICLE.key(org=caller.org_id, id=vehicle_id) for vehicle_id in request.vehicle_ids]
    batch = store.batch_get([charter_key, organization_key, *vehicle_keys])
    charter, organization = batch.get(Charter, charter_key), batch.get(Organization, organization_key)
    vehicles = [batch.get(Vehicle, key) for key in vehicle_keys]
    held_until = _choose_expiry(charter, request, clock.now())
    report_times = choose_report_times(organization, charter, None, None)
    trip = build_trip(charter, organization, VehicleCoverage(vehicle=1), crew_size(charter), None, report_times)
    context = load_assignment_context(caller, trip, [], vehicles, batch)
    _require_needed(charter, vehicles)
    _require_free(trip, context.vehicles)
    hold = Hold(
        id=ids.new("hld"),
        org_id=caller.org_id,
        charter_id=charter.id,
        charter_number=charter.number,
        charter_revision=charter.revision_number,
        vehicles=[HeldVehicle(vehicle_id=vehicle.id, vehicle_name=vehicle.name) for vehicle in vehicles],
        timezone=charter.timezone,
        starts_at=trip.plan.starts_at,
        ends_at=trip.plan.ends_at,
        departs_at=charter.starts_at,
        held_until=held_until,
    )
    block = HoldBlock(**trip.plan.build_duty_block(hold.id).model_dump(), held_until=held_until)
    ops: list[Op] = [
        Create(hold, [VehiclesHeld(**service.event_fields(hold))]),
        CheckVersion(charter, _CharterChanged()),
    ]
    for candidate in context.vehicles:
        ops += [resource_ops.check_unchanged_op(candidate.vehicle), *add_hold_ops(candidate.diary, block)]
    store.commit(caller, *ops)
    return hold


class _CharterChanged(errors.ConcurrentUpdate):
    """The charter changed after its trip was planned."""

    def __init__(self) -> None:
        super().__init__("The charter was changed by another request. Read it again, then retry.")


def _choose_expiry(charter: Charter, request: HoldInput, now: datetime) -> datetime:
    """Choose when the hold expires. Raises CharterNotHoldable, and Invalid for another time or too many vehicles."""
    if charter.status not in rules.HOLDABLE:
        raise CharterNotHoldable(f"This charter is {charter.status}. Vehicles are held for quotes and booked charters.")
    if len(request.vehicle_ids) > charter.vehicle_count:
        raise errors.Invalid.field("vehicle_ids", f"the charter needs {charter.vehicle_count}")
    held_until = rules.choose_expiry(
        request.held_until, charter.status, charter.quote_expires_at, charter.starts_at, now
    )
    service.require_expiry(held_until, charter.starts_at, now)
    return held_until.astimezone(UTC)


def _require_needed(charter: Charter, vehicles: Sequence[Vehicle]) -> None:
    """Raise Invalid for more vehicles of a class than the charter needs."""
    for group in charter.list_groups():
        if sum(vehicle.vehicle_class == group.vehicle_class for vehicle in vehicles) > group.count:
            raise errors.Invalid.field("vehicle_ids", f"the charter needs {group.count} of class {group.vehicle_class}")


def _require_free(trip: TripToAssign, candidates: Sequence[VehicleCandidate]) -> None:
    """Raise Conflict with every reason against each vehicle. Its documents can be renewed until the trip."""
    problems: list[FieldError] = []
    for index, candidate in enumerate(candidates):
        facts = candidate.build_facts(trip.plan.last_day)
        requirements = trip.for_class(candidate.vehicle.vehicle_class).requirements
        reasons = [
            reason for reason in eligibility.vehicle_reasons(facts, requirements) if reason.rule is not Rule.COMPLIANCE
        ]
        if facts.is_held_for(trip.charter.id):
            reasons.append(Reason(rule=Rule.HOLD, message=f"{candidate.vehicle.name} is held for this charter already"))
        problems += [FieldError(f"vehicle_ids.{index}", reason.describe()) for reason in reasons]
    if problems:
        raise VehicleNotAvailable("; ".join(problem.message for problem in problems), fields=problems)
