"""Chooses a driver and a vehicle for a trip, and explains the choice."""

from __future__ import annotations

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
from coachway.dispatch.matching import assign as matching_assign
from coachway.dispatch.matching import context, eligibility, scoring
from coachway.dispatch.matching.context import AssignmentContext, DriverCandidate, VehicleCandidate
from coachway.dispatch.matching.eligibility import DriverEvaluation
from coachway.dispatch.matching.schemas import AutoAssignInput, AutoAssignResult, ConsideredDriver, ConsideredVehicle
from coachway.fleet import dispatch_access
from coachway.fleet.model import Driver, Vehicle
from coachway.identity.model.organization import Organization

T = TypeVar("T", Driver, Vehicle)

_MAX_REASONS: Final = 200
"""Reasons that a refusal lists."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Everybody who was looked at, best first; who is blocked comes last. Files and what is told go in step."""

    drivers: list[tuple[DriverCandidate, ConsideredDriver]]
    """As they are for `vehicle`."""
    vehicles: list[tuple[VehicleCandidate, ConsideredVehicle]]
    vehicle: VehicleCandidate | None
    """The best vehicle for which there is a crew; the best of all if there is no crew; None if none does."""

    def crew(self, size: int) -> list[DriverCandidate]:
        """The best drivers who may drive it, in the order of their seats; fewer than `size` when there are not enough.

        Of two, each may have the seat that the hours rules let them have: the better one the first, if they may.
        """
        fit = [(file, told) for file, told in self.drivers if not told.blocked_by]
        if size == 1:
            return [file for file, _ in fit[:1]]
        for (one, told), (other, told_too) in combinations(fit, 2):
            if 1 in told.seats and 2 in told_too.seats:
                return [one, other]
            if 2 in told.seats and 1 in told_too.seats:
                return [other, one]
        return [file for file, _ in fit[:1]]


def create_assignment(caller: Caller, wanted: AutoAssignInput) -> AutoAssignResult:
    """Give a trip to the best driver and the best vehicle that may have it.

    Raises Conflict with everything that was in the way of everybody, when there are none. Five queries, two reads and a
    read for each hundred items of papers and diaries (about five for each driver and vehicle), and the commit.
    """
    return retry_on_conflict(lambda: _attempt_assignment(caller, wanted))()


def _attempt_assignment(caller: Caller, wanted: AutoAssignInput) -> AutoAssignResult:
    on = load_candidates(caller, wanted.charter_id, wanted.vehicle_number)
    matching_assign.require_compliant_vendor(on)
    size = crew_size(on.trip.charter)
    ranking = rank_candidates(on, size, clock.now())
    crew, vehicle = ranking.crew(size), ranking.vehicle
    if vehicle is None or len(crew) < size:
        raise _nobody_available(ranking, size)
    assignment = matching_assign.build_assignment(caller, on, crew, vehicle, wanted.notes)
    answer = AutoAssignResult(
        assignment=assignment.model_copy(update={"version": 1}),
        considered=[told for _, told in ranking.drivers],
        vehicles=[told for _, told in ranking.vehicles],
    )
    matching_assign.commit_assignment(caller, on, crew, vehicle, assignment, chosen_by="score", answer=answer)
    return answer


def crew_size(charter: Charter, instead_of: Assignment | None = None) -> int:
    """How many drivers a vehicle of a charter has: as many as it must, or as those who are replaced are."""
    return len(instead_of.crew) if instead_of is not None else 2 if charter.requires_second_driver else 1


def load_candidates(
    caller: Caller,
    charter_id: str,
    number: int | None,
    since: datetime | None = None,
    instead_of: Assignment | None = None,
) -> AssignmentContext:
    """Everybody who might have a trip, read whole. Raises Missing, Conflict when it needs nobody.

    `instead_of`: as if the trip were taken off those who have it.
    """
    charter_key, house_key = context.trip_keys(caller.org_id, charter_id)
    found = store.batch_get([charter_key, house_key])
    charter = found.get(Charter, charter_key)
    matching_assign.require_own_resources(caller, charter, [])
    matching_assign.require_assignable(charter)
    if instead_of is None:
        cover = context.choose_cover(charter, number, caller.party_id if caller.is_outside else None)
    else:
        cover = context.cover_of_assignment(charter, instead_of)
    law = context.hours_rules_of(found.get(Organization, house_key))
    trip = context.build_trip(charter, law, cover, crew_size(charter, instead_of), since)
    matching_assign.require_not_over(trip)
    people = _filter_by_owner(dispatch_access.list_drivers(caller), cover.vendor_id)
    things = _filter_by_owner(dispatch_access.list_vehicles(caller), cover.vendor_id)
    on = context.load_context(caller, trip, people, things, found)
    return on if instead_of is None else on.without(instead_of.id)


def _filter_by_owner(fleet: Iterable[T], vendor_id: str | None) -> list[T]:
    return [each for each in fleet if each.vendor_id == vendor_id]


def rank_candidates(on: AssignmentContext, size: int, now: datetime) -> Ranking:
    """Drivers and vehicles, best first. Of the vehicles, the best is taken that a crew of so many is licensed for."""
    cars = sorted(((each, _evaluate_vehicle(on, each)) for each in on.vehicles), key=lambda pair: _sort_key(pair[1]))
    judged = [(each, _evaluate_driver(on, each, size, now)) for each in on.drivers]
    fitting = [each for each, told in cars if not told.blocked_by]
    first = None
    for car in fitting:
        found = Ranking(_block_unlicensed(on, judged, car), cars, car)
        first = first or found
        if len(found.crew(size)) == size:
            return found
    return first or Ranking(sorted(judged, key=lambda pair: _sort_key(pair[1])), cars, None)


def _block_unlicensed(
    on: AssignmentContext, judged: Iterable[tuple[DriverCandidate, ConsideredDriver]], car: VehicleCandidate
) -> list[tuple[DriverCandidate, ConsideredDriver]]:
    """The same drivers, those without the license for this vehicle blocked, best first."""
    found = []
    for file, told in judged:
        lacking = eligibility.license_reasons(file.driver, car.vehicle, on.trip.plan.last_day)
        blocked = {"blocked_by": [*told.blocked_by, *lacking], "score": None, "parts": None, "seats": []}
        found.append((file, told.model_copy(update=blocked) if lacking else told))
    return sorted(found, key=lambda pair: _sort_key(pair[1]))


def _sort_key(told: ConsideredDriver | ConsideredVehicle) -> tuple[bool, float, str]:
    name = told.driver_id if isinstance(told, ConsideredDriver) else told.vehicle_id
    return bool(told.blocked_by), -(told.score or 0), name


def _evaluate_vehicle(on: AssignmentContext, file: VehicleCandidate) -> ConsideredVehicle:
    what, plan = file.vehicle, on.trip.plan
    garage = None
    if what.garage_latitude is not None and what.garage_longitude is not None:
        garage = Coordinates(what.garage_latitude, what.garage_longitude)
    miles = scoring.road_miles(garage, plan.begins)
    spare = what.capacity - plan.passengers
    reasons = eligibility.vehicle_reasons(file.case(plan.last_day), on.trip.wanted)
    return ConsideredVehicle(
        vehicle_id=what.id,
        vehicle_name=what.name,
        score=None if reasons else scoring.score_vehicle(spare, what.capacity, miles),
        spare_seats=spare,
        distance_miles=miles,
        blocked_by=reasons,
    )


def _evaluate_driver(on: AssignmentContext, file: DriverCandidate, size: int, now: datetime) -> ConsideredDriver:
    """A driver, but for the license, on each seat of a crew of so many. What is in the way is in that of all seats."""
    case, trip = file.case(on.trip.plan.last_day, on.known), on.trip
    findings = [eligibility.evaluate_driver(case, trip.wanted, None, seat, trip.law, now) for seat in range(size)]
    finding = next((each for each in findings if not each.reasons), findings[0])
    reasons = finding.reasons
    points = None
    if not reasons and finding.remaining is not None:
        points = scoring.score_driver(case, trip.plan, finding.remaining, trip.law)
    return ConsideredDriver(
        driver_id=file.driver.id,
        driver_name=file.driver.name,
        score=points.total if points else None,
        parts=points,
        seats=[seat for seat, each in enumerate(findings, 1) if not each.reasons],
        blocked_by=reasons,
        earliest_legal_at=finding.earliest_legal_at,
    )


def _nobody_available(ranking: Ranking, size: int) -> errors.Conflict:
    """Why nobody, or nothing, could be chosen: everything that was in the way of each."""
    wrong: list[FieldError] = []
    if len(ranking.crew(size)) < size:
        for person in (told for _, told in ranking.drivers):
            finding = DriverEvaluation([], earliest_legal_at=person.earliest_legal_at)
            wrong += [
                FieldError(person.driver_id, eligibility.describe_reason(each, finding)) for each in person.blocked_by
            ]
        title = "no driver is available" if size == 1 else "no two drivers are available"
    else:
        title = "no vehicle is available"
    if ranking.vehicle is None:
        for vehicle in (told for _, told in ranking.vehicles):
            wrong += [FieldError(vehicle.vehicle_id, each.said()) for each in vehicle.blocked_by]
    said = f"{_count_text(ranking.drivers, 'driver')} and {_count_text(ranking.vehicles, 'vehicle')} were considered"
    return errors.Conflict(said, title=title, fields=wrong[:_MAX_REASONS])


def _count_text(what: Sequence[object], name: str) -> str:
    return f"{len(what)} {name}{'' if len(what) == 1 else 's'}"
