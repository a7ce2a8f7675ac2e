"""Choose a driver and a vehicle for a trip, and explain the choice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Final, TypeVar

from coachway.bookings.charters.model import Charter
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.errors import FieldError
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.types.geo import Coordinates
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.errors import NoDriverAvailable, NoVehicleAvailable
from coachway.dispatch.matching import assignment_service, eligibility, scoring
from coachway.dispatch.matching.assignment_context import (
    AssignmentContext,
    DriverCandidate,
    VehicleCandidate,
    build_takeover_coverage,
    build_trip,
    choose_report_times,
    choose_vehicle_coverage,
    load_assignment_context,
    trip_keys,
)
from coachway.dispatch.matching.eligibility import DriverEvaluation
from coachway.dispatch.matching.schemas import AutoAssignInput, AutoAssignResult, EvaluatedDriver, EvaluatedVehicle
from coachway.fleet import resource_queries
from coachway.fleet.model import Driver, Vehicle
from coachway.identity.model.organization import Organization

T = TypeVar("T", Driver, Vehicle)

_MAX_REASONS: Final = 200
"""The most reasons that an error lists."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The evaluated drivers and vehicles, best first and blocked ones last, each with its evaluation."""

    drivers: list[tuple[DriverCandidate, EvaluatedDriver]]
    """Evaluated for `vehicle`."""
    vehicles: list[tuple[VehicleCandidate, EvaluatedVehicle]]
    vehicle: VehicleCandidate | None
    """The best vehicle that has a crew; the best of all if none has a crew; None if no vehicle is eligible."""

    def choose_crew(self, size: int) -> list[DriverCandidate]:
        """The best eligible drivers, in the order of their seats; fewer than `size` when there are not enough.

        In a crew of two, each driver takes a seat that the hours rules allow; if possible, the better driver the first.
        """
        available = [(candidate, evaluated) for candidate, evaluated in self.drivers if not evaluated.blocked_by]
        if size == 1:
            return [candidate for candidate, _ in available[:1]]
        for (first, evaluated), (second, other_evaluated) in combinations(available, 2):
            if 1 in evaluated.crew_positions and 2 in other_evaluated.crew_positions:
                return [first, second]
            if 2 in evaluated.crew_positions and 1 in other_evaluated.crew_positions:
                return [second, first]
        return [candidate for candidate, _ in available[:1]]


@retry_on_conflict
def assign_automatically(caller: Caller, request: AutoAssignInput) -> AutoAssignResult:
    """Assign the best available driver and vehicle to a trip.

    Raises Conflict with the reasons for every driver and vehicle when none is available. Five queries, two reads,
    one read per 100 items of documents and diaries (about five for each driver and vehicle), and the commit.
    """
    context = load_candidates(caller, request.charter_id, request.vehicle_number, spot_minutes=request.spot_minutes)
    assignment_service.require_compliant_carrier(context)
    size = crew_size(context.trip.charter)
    ranking = rank_candidates(context, size, clock.now())
    crew, vehicle = ranking.choose_crew(size), ranking.vehicle
    if vehicle is None or len(crew) < size:
        raise _not_available_error(ranking, size)
    assignment = assignment_service.build_assignment(caller, context, crew, vehicle, request.notes)
    result = AutoAssignResult(
        timezone=assignment.timezone,
        assignment=assignment.model_copy(update={"version": 1}),
        drivers=[evaluated for _, evaluated in ranking.drivers],
        vehicles=[evaluated for _, evaluated in ranking.vehicles],
    )
    assignment_service.commit_assignment(caller, context, crew, vehicle, assignment, chosen_by="score", response=result)
    return result


def crew_size(charter: Charter, replaced_assignment: Assignment | None = None) -> int:
    """The number of drivers in a vehicle: that of the replaced crew, otherwise what the charter requires."""
    return (
        len(replaced_assignment.crew) if replaced_assignment is not None else 2 if charter.requires_second_driver else 1
    )


def load_candidates(
    caller: Caller,
    charter_id: str,
    number: int | None,
    since: datetime | None = None,
    replaced_assignment: Assignment | None = None,
    spot_minutes: int | None = None,
) -> AssignmentContext:
    """Load all drivers and vehicles that could take a trip. Raises NotFound, and Conflict when it needs nobody.

    With `replaced_assignment`, the candidates are evaluated as if that assignment were released.
    """
    charter_key, organization_key = trip_keys(caller.org_id, charter_id)
    batch = store.batch_get([charter_key, organization_key])
    charter = batch.get(Charter, charter_key)
    assignment_service.require_own_resources(caller, charter, [])
    assignment_service.require_assignable(charter)
    if replaced_assignment is None:
        vehicle_coverage = choose_vehicle_coverage(charter, number, caller.party_id if caller.is_external else None)
    else:
        vehicle_coverage = build_takeover_coverage(charter, replaced_assignment)
    organization = batch.get(Organization, organization_key)
    report_times = choose_report_times(organization, charter, spot_minutes, replaced_assignment)
    crew = crew_size(charter, replaced_assignment)
    trip = build_trip(charter, organization, vehicle_coverage, crew, since, report_times)
    assignment_service.require_not_over(trip)
    drivers = _filter_by_owner(resource_queries.list_assignable_drivers(caller), vehicle_coverage.vendor_id)
    vehicles = _filter_by_owner(resource_queries.list_assignable_vehicles(caller), vehicle_coverage.vendor_id)
    context = load_assignment_context(caller, trip, drivers, vehicles, batch)
    return context if replaced_assignment is None else context.exclude_assignment(replaced_assignment.id)


def _filter_by_owner(resources: Iterable[T], vendor_id: str | None) -> list[T]:
    return [resource for resource in resources if resource.vendor_id == vendor_id]


def rank_candidates(context: AssignmentContext, size: int, now: datetime) -> Ranking:
    """Rank drivers and vehicles, and choose the best vehicle for which `size` eligible drivers are licensed."""
    vehicles = sorted(
        ((candidate, _evaluate_vehicle(context, candidate)) for candidate in context.vehicles),
        key=lambda pair: _sort_key(pair[1]),
    )
    drivers = [(candidate, _evaluate_driver(context, candidate, size, now)) for candidate in context.drivers]
    eligible = [candidate for candidate, evaluated in vehicles if not evaluated.blocked_by]
    best = None
    for vehicle in eligible:
        ranking = Ranking(_block_unlicensed(context, drivers, vehicle), vehicles, vehicle)
        best = best or ranking
        if len(ranking.choose_crew(size)) == size:
            return ranking
    return best or Ranking(sorted(drivers, key=lambda pair: _sort_key(pair[1])), vehicles, None)


def _block_unlicensed(
    context: AssignmentContext, drivers: Iterable[tuple[DriverCandidate, EvaluatedDriver]], vehicle: VehicleCandidate
) -> list[tuple[DriverCandidate, EvaluatedDriver]]:
    """Block the drivers who have no license for a vehicle; best first."""
    result = []
    for candidate, evaluated in drivers:
        reasons = eligibility.license_reasons(candidate.driver, vehicle.vehicle, context.trip.plan.last_day)
        changes = {
            "blocked_by": [*evaluated.blocked_by, *reasons],
            "score": None,
            "score_details": None,
            "crew_positions": [],
        }
        result.append((candidate, evaluated.model_copy(update=changes) if reasons else evaluated))
    return sorted(result, key=lambda pair: _sort_key(pair[1]))


def _sort_key(evaluated: EvaluatedDriver | EvaluatedVehicle) -> tuple[bool, bool, float, str]:
    """Vehicles that are held for the charter come first."""
    if isinstance(evaluated, EvaluatedDriver):
        name, is_held = evaluated.driver_id, False
    else:
        name, is_held = evaluated.vehicle_id, evaluated.is_held
    return bool(evaluated.blocked_by), not is_held, -(evaluated.score or 0), name


def _evaluate_vehicle(context: AssignmentContext, candidate: VehicleCandidate) -> EvaluatedVehicle:
    vehicle, plan = candidate.vehicle, context.trip.plan
    garage = None
    if vehicle.garage_latitude is not None and vehicle.garage_longitude is not None:
        garage = Coordinates(vehicle.garage_latitude, vehicle.garage_longitude)
    miles = scoring.estimate_miles_between(garage, plan.pickup_place)
    spare = vehicle.capacity - plan.passengers
    facts = candidate.build_facts(plan.last_day)
    reasons = eligibility.vehicle_reasons(facts, context.trip.requirements)
    return EvaluatedVehicle(
        vehicle_id=vehicle.id,
        vehicle_name=vehicle.name,
        score=None if reasons else scoring.score_vehicle(spare, vehicle.capacity, miles),
        spare_seats=spare,
        is_held=facts.is_held_for(plan.charter_id),
        distance_miles=miles,
        blocked_by=reasons,
    )


def _evaluate_driver(
    context: AssignmentContext, candidate: DriverCandidate, size: int, now: datetime
) -> EvaluatedDriver:
    """Evaluate a driver on each seat of a crew, apart from the license. A driver is blocked if every seat is."""
    facts, trip = candidate.build_facts(context.trip.plan.last_day, context.started), context.trip
    evaluations = [
        eligibility.evaluate_driver(facts, trip.requirements, None, seat, trip.hours_rules, now) for seat in range(size)
    ]
    chosen = next((evaluation for evaluation in evaluations if not evaluation.reasons), evaluations[0])
    reasons = chosen.reasons
    score = None
    if not reasons and chosen.remaining is not None:
        score = scoring.score_driver(facts, trip.plan, chosen.remaining, trip.hours_rules)
    return EvaluatedDriver(
        driver_id=candidate.driver.id,
        driver_name=candidate.driver.name,
        score=score.total if score else None,
        score_details=score,
        crew_positions=[position for position, evaluation in enumerate(evaluations, 1) if not evaluation.reasons],
        blocked_by=reasons,
        earliest_legal_at=chosen.earliest_legal_at,
    )


def _not_available_error(ranking: Ranking, size: int) -> errors.Conflict:
    """Build the error with the reasons why no driver or vehicle can be assigned."""
    problems: list[FieldError] = []
    error: type[errors.Conflict]
    if len(ranking.choose_crew(size)) < size:
        for _, driver in ranking.drivers:
            evaluation = DriverEvaluation([], earliest_legal_at=driver.earliest_legal_at)
            problems += [
                FieldError(driver.driver_id, eligibility.describe_reason(reason, evaluation))
                for reason in driver.blocked_by
            ]
        error = NoDriverAvailable
    else:
        error = NoVehicleAvailable
    if ranking.vehicle is None:
        for _, vehicle in ranking.vehicles:
            problems += [FieldError(vehicle.vehicle_id, reason.describe()) for reason in vehicle.blocked_by]
    message = f"{_count_text(ranking.drivers, 'driver')} and {_count_text(ranking.vehicles, 'vehicle')} were considered"
    return error(message, fields=problems[:_MAX_REASONS])


def _count_text(items: Sequence[object], name: str) -> str:
    return f"{len(items)} {name}{'' if len(items) == 1 else 's'}"
