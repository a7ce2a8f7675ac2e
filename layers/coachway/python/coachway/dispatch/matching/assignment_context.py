"""Load the data for evaluating an assignment: charter, drivers and vehicles, with documents and diaries."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from coachway.bookings.charters import booking_contact, coverage
from coachway.bookings.charters.model import CHARTER, Charter, VehicleCoverage
from coachway.clients.model import Client, Contact
from coachway.compliance import status, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.party_reference import DRIVER
from coachway.core.persistence.operations import Op
from coachway.core.persistence.records import Key
from coachway.core.runtime import clock
from coachway.core.store import BatchResult
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.diaries import service as diaries
from coachway.dispatch.diaries.service import Diary
from coachway.dispatch.driver_hours import logbook
from coachway.dispatch.errors import CharterFullyAssigned, VehicleAlreadyAssigned
from coachway.dispatch.matching import carrier_documents, trip_plan
from coachway.dispatch.matching.eligibility import DriverFacts, TripRequirements, VehicleFacts
from coachway.dispatch.matching.trip_plan import TripPlan
from coachway.fleet import resource_ops
from coachway.fleet.model import VEHICLE, Driver, Vehicle
from coachway.hours import rulesets
from coachway.hours.model import CarrierRuleset
from coachway.identity.model.organization import ORGANIZATIONS, Organization, ReportTimes

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class DriverCandidate:
    """A driver with documents and diary, as they were evaluated."""

    driver: Driver
    subject: Subject | None
    diary: Diary

    def build_facts(self, last_day: date, started: dict[str, Assignment]) -> DriverFacts:
        """Return the input of the eligibility rules."""
        compliance = status.evaluate_compliance(self.subject, SubjectType.DRIVER, last_day)
        return DriverFacts(self.driver, compliance, self.diary.blocks, started)

    def unchanged_ops(self) -> list[Op]:
        """Return the operations that fail when the driver or their documents changed after the evaluation."""
        return [
            resource_ops.check_unchanged_op(self.driver),
            *([subjects.check_unchanged_op(self.subject)] if self.subject else []),
        ]


@dataclass(frozen=True, slots=True)
class VehicleCandidate:
    """A vehicle with documents and diary, as they were evaluated."""

    vehicle: Vehicle
    subject: Subject | None
    diary: Diary

    def build_facts(self, last_day: date) -> VehicleFacts:
        """Return the input of the eligibility rules."""
        compliance = status.evaluate_compliance(self.subject, SubjectType.VEHICLE, last_day)
        holds = self.diary.list_holds(clock.now())
        return VehicleFacts(self.vehicle, compliance, self.diary.blocks, self.diary.downtimes, holds)

    def unchanged_ops(self) -> list[Op]:
        """Return the operations that fail when the vehicle or its documents changed after the evaluation."""
        return [
            resource_ops.check_unchanged_op(self.vehicle),
            *([subjects.check_unchanged_op(self.subject)] if self.subject else []),
        ]


@dataclass(frozen=True, slots=True)
class TripToAssign:
    """A charter, and which of its vehicles needs a crew."""

    charter: Charter
    hours_rules: CarrierRuleset
    coverage: VehicleCoverage
    plan: TripPlan

    @property
    def requirements(self) -> TripRequirements:
        """The input of the eligibility rules."""
        vehicle_class = self.charter.get_vehicle_class(self.coverage.vehicle)
        return TripRequirements(self.plan, vehicle_class, self.charter.amenities, self.coverage.vendor_id)

    def for_class(self, vehicle_class: str) -> "TripToAssign":
        """The trip of the charter's first vehicle of a class; the same trip if it needs no vehicle of the class."""
        numbers = range(1, self.charter.vehicle_count + 1)
        number = next((each for each in numbers if self.charter.get_vehicle_class(each) == vehicle_class), None)
        if number is None:
            return self
        passengers = self.charter.get_passengers_per_vehicle(vehicle_class)
        plan = replace(self.plan, passengers=passengers)
        return replace(self, coverage=self.coverage.model_copy(update={"vehicle": number}), plan=plan)


@dataclass(frozen=True, slots=True)
class AssignmentContext:
    """The data that was read, for the rules and for the conditions of the commit."""

    trip: TripToAssign
    drivers: Sequence[DriverCandidate]
    vehicles: Sequence[VehicleCandidate]
    started: dict[str, Assignment]
    """Assignments of these drivers that have begun, by id."""
    client: Client | None
    contact: Contact | None
    """The contact of the booking, if it has one."""
    carrier: Subject | None
    """The documents of the vendor that the vehicle was awarded to, otherwise of the organization."""

    def list_carrier_problems(self) -> list[str]:
        """List each document of the carrier that is not in order until the end of the trip."""
        return carrier_documents.list_document_problems(
            self.carrier, self.trip.coverage.vendor_id, self.trip.plan.last_day
        )

    def exclude_assignment(self, assignment_id: str) -> "AssignmentContext":
        """Return the context with an assignment removed from all diaries."""
        drivers = [
            replace(candidate, diary=candidate.diary.exclude_assignment(assignment_id)) for candidate in self.drivers
        ]
        vehicles = [
            replace(candidate, diary=candidate.diary.exclude_assignment(assignment_id)) for candidate in self.vehicles
        ]
        return replace(self, drivers=drivers, vehicles=vehicles)


def trip_keys(org_id: str, charter_id: str) -> tuple[Key, Key]:
    """Return the keys of a charter and of the organization."""
    return CHARTER.key(org=org_id, id=charter_id), ORGANIZATIONS.key(org=org_id)


def get_hours_rules(organization: Organization) -> CarrierRuleset:
    """Return the hours-of-service rules of an organization."""
    policy = organization.hours_policy
    return rulesets.get_carrier_ruleset(policy.ruleset, policy.daily_carrier)


def build_trip(
    charter: Charter,
    organization: Organization,
    vehicle_coverage: VehicleCoverage,
    crew: int,
    since: datetime | None,
    report_times: ReportTimes,
) -> TripToAssign:
    """Plan the trip for a crew of `crew` drivers, which reports for duty as `report_times` say."""
    hours_rules = get_hours_rules(organization)
    plan = trip_plan.build_trip_plan(
        charter, crew, hours_rules, since, report_times, vehicle_number=vehicle_coverage.vehicle
    )
    return TripToAssign(charter, hours_rules, vehicle_coverage, plan)


def choose_report_times(
    organization: Organization, charter: Charter, spot_minutes: int | None, replaced_assignment: Assignment | None
) -> ReportTimes:
    """Choose how long before the departure a vehicle's crew is on duty.

    The spot time is the requested one, otherwise the charter's, otherwise the organization's. A crew that takes over
    keeps the times of the assignment that it replaces.
    """
    if replaced_assignment is not None:
        spot_at = replaced_assignment.spot_at or replaced_assignment.pickup_at
        leaves_at = replaced_assignment.leaves_at or replaced_assignment.starts_at
        return ReportTimes(
            spot_minutes=(replaced_assignment.pickup_at - spot_at) // _MINUTE,
            inspection_minutes=(leaves_at - replaced_assignment.starts_at) // _MINUTE,
        )
    defaults = organization.report_times
    chosen = next((minutes for minutes in (spot_minutes, charter.spot_minutes) if minutes is not None), None)
    return defaults if chosen is None else defaults.model_copy(update={"spot_minutes": chosen})


def load_assignment_context(
    caller: Caller,
    trip: TripToAssign,
    drivers: Sequence[Driver],
    vehicles: Sequence[Vehicle],
    loaded: BatchResult | None = None,
) -> AssignmentContext:
    """Load documents, diaries and started assignments. One read per 100 items, and one for started assignments.

    `loaded` is a batch that was read before; its items are not read again.
    """
    org_id, now = caller.org_id, clock.now()
    week_names = diaries.list_weeks_around(trip.plan.starts_at, trip.plan.ends_at)
    carrier_key = carrier_documents.carrier_key(org_id, trip.coverage.vendor_id)
    keys = [*booking_contact.people_keys(trip.charter), carrier_key]
    resources: list[Driver | Vehicle] = [*drivers, *vehicles]
    for resource in resources:
        keys += [_compliance_key(resource), *diaries.page_keys(org_id, resource.id, week_names)]
    batch = repository.batch_get_all(keys, loaded)
    driver_candidates = [
        DriverCandidate(
            driver,
            batch.find(Subject, _compliance_key(driver)),
            diaries.build_diary(batch, org_id, driver.id, week_names),
        )
        for driver in drivers
    ]
    vehicle_candidates = [
        VehicleCandidate(
            vehicle,
            batch.find(Subject, _compliance_key(vehicle)),
            diaries.build_diary(batch, org_id, vehicle.id, week_names),
        )
        for vehicle in vehicles
    ]
    started_ids = {
        assignment_id
        for candidate in driver_candidates
        for assignment_id in logbook.list_started_assignment_ids(candidate.diary.blocks, now)
    }
    return AssignmentContext(
        trip=trip,
        drivers=driver_candidates,
        vehicles=vehicle_candidates,
        started=repository.find_by_ids(org_id, started_ids),
        client=booking_contact.find_client(trip.charter, batch),
        contact=booking_contact.find_contact(trip.charter, batch),
        carrier=batch.find(Subject, carrier_key),
    )


def _compliance_key(resource: Driver | Vehicle) -> Key:
    kind = SubjectType.DRIVER if isinstance(resource, Driver) else SubjectType.VEHICLE
    return subjects.build_subject_key(resource.org_id, kind, resource.id)


def driver_keys(org_id: str, driver_id: str) -> tuple[Key, Key]:
    """Return the keys of a driver and of their documents."""
    return DRIVER.key(org=org_id, id=driver_id), subjects.build_subject_key(org_id, SubjectType.DRIVER, driver_id)


def vehicle_keys(org_id: str, vehicle_id: str) -> tuple[Key, Key]:
    """Return the keys of a vehicle and of its documents."""
    return VEHICLE.key(org=org_id, id=vehicle_id), subjects.build_subject_key(org_id, SubjectType.VEHICLE, vehicle_id)


def build_takeover_coverage(charter: Charter, assignment: Assignment) -> VehicleCoverage:
    """Return the coverage of an assignment's vehicle without its crew, for the crew that takes over."""
    vehicle_coverage = coverage.find_coverage(charter, assignment.vehicle_number) or VehicleCoverage(
        vehicle=assignment.vehicle_number
    )
    return vehicle_coverage.model_copy(update={"assignment_id": None, "driver_id": None, "second_driver_id": None})


def choose_vehicle_coverage(
    charter: Charter, number: int | None, vendor_id: str | None, vehicle_class: str | None = None
) -> VehicleCoverage:
    """Choose the vehicle of a charter to assign.

    That is vehicle `number` if given. Otherwise it is the first unassigned vehicle that was awarded to this vendor (to
    no vendor, if `vendor_id` is None), or else the first unassigned one; if possible of this class. Raises Invalid,
    and Conflict when the vehicle or all vehicles are assigned.
    """
    coverages = {existing.vehicle: existing for existing in charter.vehicles}
    if number is not None:
        if number > charter.vehicle_count:
            raise errors.Invalid.field("vehicle_number", f"must be at most {charter.vehicle_count}")
        vehicle_coverage = coverages.get(number, VehicleCoverage(vehicle=number))
        if vehicle_coverage.assignment_id is not None:
            raise VehicleAlreadyAssigned(
                f"Vehicle {number} is assigned. Release {vehicle_coverage.assignment_id} first."
            )
        return vehicle_coverage
    all_coverages = [
        coverages.get(vehicle_number, VehicleCoverage(vehicle=vehicle_number))
        for vehicle_number in range(1, charter.vehicle_count + 1)
    ]
    uncovered = [candidate for candidate in all_coverages if candidate.assignment_id is None]
    if not uncovered:
        raise CharterFullyAssigned("Release an assignment of this charter first.")
    uncovered.sort(
        key=lambda each: (
            vehicle_class is not None and charter.get_vehicle_class(each.vehicle) != vehicle_class,
            each.vendor_id != vendor_id,
        )
    )
    return uncovered[0]
