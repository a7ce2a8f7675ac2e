"""Decide whether a driver and a vehicle may take a trip, with every reason against it. Pure: no clock, no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from coachway.bookings import amenity_matching
from coachway.compliance.rules import DocumentCompliance
from coachway.core.types.durations import format_minutes, round_up_to_minutes
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import REACH
from coachway.dispatch.diaries import conflicts
from coachway.dispatch.diaries.conflicts import ScheduleConflict
from coachway.dispatch.diaries.model import DowntimeBlock, DowntimeType, DutyBlock, HoldBlock
from coachway.dispatch.driver_hours import logbook
from coachway.dispatch.matching.eligibility_reasons import Reason, Rule
from coachway.dispatch.matching.trip_plan import TripPlan
from coachway.fleet import rules as fleet
from coachway.fleet.model import Driver, Vehicle
from coachway.hours.model import CarrierRuleset, DutyStatus, HoursCheck, Legality, RemainingTime, Segment, Violation
from coachway.hours.rules import check_hours, find_violations


@dataclass(frozen=True, slots=True)
class DriverFacts:
    """The data by which a driver is evaluated for a trip."""

    driver: Driver
    compliance: DocumentCompliance
    """Status of the driver's documents on the trip's last day."""
    blocks: Sequence[DutyBlock]
    """Duty blocks from `REACH` before until `REACH` after the trip."""
    started: Mapping[str, Assignment]
    """The assignments of these blocks that have begun, by id."""


@dataclass(frozen=True, slots=True)
class VehicleFacts:
    """The data by which a vehicle is evaluated for a trip."""

    vehicle: Vehicle
    compliance: DocumentCompliance
    blocks: Sequence[DutyBlock]
    downtimes: Sequence[DowntimeBlock] = ()
    holds: Sequence[HoldBlock] = ()
    """Holds that have not expired."""

    def is_held_for(self, charter_id: str) -> bool:
        """Whether the vehicle is held for a charter."""
        return any(hold.charter_id == charter_id for hold in self.holds)


@dataclass(frozen=True, slots=True)
class TripRequirements:
    """What a trip requires of its vehicle and crew."""

    plan: TripPlan
    vehicle_class: str
    amenities: Sequence[str]
    vendor_id: str | None
    """The vendor that the trip was awarded to; None for the organization's own fleet."""


@dataclass(frozen=True, slots=True)
class DriverEvaluation:
    """The result for a driver: why they cannot be assigned, the hours left after the trip, the earliest legal start."""

    reasons: list[Reason]
    remaining: RemainingTime | None = None
    earliest_legal_at: datetime | None = None


def evaluate_driver(
    facts: DriverFacts,
    requirements: TripRequirements,
    vehicle: Vehicle | None,
    seat: int,
    hours_rules: CarrierRuleset,
    now: datetime,
) -> DriverEvaluation:
    """Evaluate a driver on a seat, counted from 0. Without a vehicle, the license is not checked."""
    block, driver = requirements.plan.build_duty_block("", seat), facts.driver
    reasons = [
        *_ownership_reasons(driver.vendor_id, requirements.vendor_id, "driver"),
        *driver_availability_reasons(driver, block.starts_at, block.ends_at),
    ]
    schedule_conflicts = conflicts.list_conflicts(block, facts.blocks)
    reasons += [_conflict_reason(driver.name, conflict, driver.timezone) for conflict in schedule_conflicts]
    if vehicle is not None:
        reasons += license_reasons(driver, vehicle, requirements.plan.last_day)
    reasons += compliance_reasons(driver.name, facts.compliance)
    if schedule_conflicts:
        return DriverEvaluation(reasons, earliest_legal_at=_earliest_legal_start(facts, block, hours_rules, now))
    hours_reasons, verdict = _evaluate_hours(facts, block, hours_rules, now)
    earliest = verdict.earliest_drive_at
    if hours_reasons and verdict.verdict is not Legality.UNKNOWN:
        earliest = _earliest_legal_start(facts, block, hours_rules, now)
    return DriverEvaluation([*reasons, *hours_reasons], verdict.remaining, earliest)


def driver_availability_reasons(driver: Driver, start: datetime, end: datetime) -> list[Reason]:
    """Why a driver cannot be assigned, by status and availability."""
    status, unavailability = (
        fleet.driver_status_reason(driver),
        fleet.unavailability_reason(driver.availability, driver.timezone, start, end),
    )
    status_reasons = [Reason(rule=Rule.STATUS, message=f"{driver.name} {status}")] if status is not None else []
    return [
        *status_reasons,
        *(
            [Reason(rule=Rule.AVAILABILITY, message=f"{driver.name} {unavailability}")]
            if unavailability is not None
            else []
        ),
    ]


def vehicle_status_reasons(vehicle: Vehicle) -> list[Reason]:
    """Why a vehicle cannot be assigned, by status."""
    status = fleet.vehicle_status_reason(vehicle)
    return [Reason(rule=Rule.STATUS, message=f"{vehicle.name} {status}")] if status is not None else []


def seat_reasons(vehicle: Vehicle, passengers: int) -> list[Reason]:
    """Why a vehicle cannot be assigned, by its number of seats."""
    if vehicle.capacity >= passengers:
        return []
    message = f"{vehicle.name} has {vehicle.capacity} seats, but the trip needs {passengers}"
    return [Reason(rule=Rule.CAPACITY, message=message)]


def license_reasons(driver: Driver, vehicle: Vehicle, last_day: date) -> list[Reason]:
    """Why a driver cannot be assigned, by license, until the trip's last day."""
    problem = fleet.license_reason(driver, vehicle, last_day)
    return [Reason(rule=Rule.LICENSE, message=f"{driver.name} {problem}")] if problem is not None else []


def describe_reason(reason: Reason, evaluation: DriverEvaluation) -> str:
    """Describe a reason in one line, with the earliest legal start if a later start would help."""
    time_rules = {Rule.OVERLAP, Rule.TRAVEL_TIME, Rule.HOURS_OF_SERVICE}
    if reason.rule not in time_rules or evaluation.earliest_legal_at is None:
        return reason.describe()
    return f"{reason.describe()}; earliest legal start {evaluation.earliest_legal_at.isoformat(timespec='minutes')}"


def vehicle_reasons(facts: VehicleFacts, requirements: TripRequirements) -> list[Reason]:
    """Why a vehicle cannot be assigned; empty if it can."""
    vehicle, plan = facts.vehicle, requirements.plan
    reasons = [
        *_ownership_reasons(vehicle.vendor_id, requirements.vendor_id, "vehicle"),
        *vehicle_status_reasons(vehicle),
    ]
    if vehicle.vehicle_class != requirements.vehicle_class:
        needed = requirements.vehicle_class
        message = f"{vehicle.name} is of class {vehicle.vehicle_class}, but the trip needs class {needed}"
        reasons.append(Reason(rule=Rule.VEHICLE_CLASS, message=message))
    reasons += seat_reasons(vehicle, plan.passengers)
    required, needs_ada = amenity_matching.required_amenities(requirements.amenities)
    missing = amenity_matching.missing_amenities(required, needs_ada, vehicle.amenities, vehicle.is_ada_compliant)
    reasons += [Reason(rule=Rule.EQUIPMENT, message=f"{vehicle.name}: {amenity}") for amenity in missing]
    schedule_conflicts = conflicts.list_conflicts(plan.build_duty_block(""), facts.blocks)
    reasons += [_conflict_reason(vehicle.name, conflict, plan.timezone) for conflict in schedule_conflicts]
    reasons += [
        _downtime_reason(vehicle.name, downtime, plan.timezone)
        for downtime in facts.downtimes
        if downtime.starts_at < plan.ends_at and plan.starts_at < downtime.ends_at
    ]
    other_holds = [hold for hold in facts.holds if hold.charter_id != plan.charter_id]
    reasons += [
        _hold_reason(vehicle.name, hold, plan.timezone)
        for hold in other_holds
        if conflicts.find_conflict(plan.build_duty_block(""), hold) is not None
    ]
    return [*reasons, *compliance_reasons(vehicle.name, facts.compliance)]


def _hold_reason(name: str, hold: HoldBlock, timezone: str) -> Reason:
    """Why a hold for another charter prevents a trip, also by the travel time between the two."""
    until = _format_time(hold.held_until, ZoneInfo(timezone))
    message = f"{name} is held for {hold.number} until {until}; release the hold first"
    return Reason(rule=Rule.HOLD, message=message, conflicting_hold_id=hold.assignment_id)


def _downtime_reason(name: str, downtime: DowntimeBlock, timezone: str) -> Reason:
    zone = ZoneInfo(timezone)
    times = f"{_format_time(downtime.starts_at, zone)} to {_format_time(downtime.ends_at, zone)}"
    kind = "" if downtime.downtime_type is DowntimeType.OTHER else f" ({downtime.downtime_type})"
    return Reason(rule=Rule.DOWNTIME, message=f"{name} is down from {times}{kind}")


def _ownership_reasons(owner: str | None, awarded_to: str | None, kind: str) -> list[Reason]:
    if owner == awarded_to:
        return []
    if awarded_to is not None:
        message = f"the trip was awarded to a vendor, but this {kind} does not belong to that vendor"
    else:
        message = f"this {kind} belongs to a vendor, but the trip was not awarded to a vendor"
    return [Reason(rule=Rule.VENDOR, message=message)]


def compliance_reasons(name: str, compliance: DocumentCompliance) -> list[Reason]:
    """Why a driver or vehicle cannot be assigned, by documents."""
    return [Reason(rule=Rule.COMPLIANCE, message=f"{name}: {text}") for text in compliance.reasons()]


def _conflict_reason(name: str, conflict: ScheduleConflict, timezone: str) -> Reason:
    block, zone = conflict.block, ZoneInfo(timezone)
    times = f"{_format_time(block.starts_at, zone)} to {_format_time(block.ends_at, zone)}"
    if conflict.kind is conflicts.ConflictKind.OVERLAP:
        message = f"{name} is on {block.number} from {times}"
        return Reason(rule=Rule.OVERLAP, message=message, conflicting_assignment_id=block.assignment_id)
    missing = _format_length(conflict.short_by)
    message = f"{name} is on {block.number} from {times}; the travel time between the trips is {missing} too short"
    return Reason(rule=Rule.TRAVEL_TIME, message=message, conflicting_assignment_id=block.assignment_id)


def _format_time(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _format_length(length: timedelta) -> str:
    return format_minutes(max(1, round_up_to_minutes(length)))


def _evaluate_hours(
    facts: DriverFacts, new_block: DutyBlock, hours_rules: CarrierRuleset, now: datetime
) -> tuple[list[Reason], HoursCheck]:
    """Check a block against the hours rules, and the later blocks with this one before them."""
    zone, driver = ZoneInfo(facts.driver.timezone), facts.driver
    if not new_block.duty:
        message = "the driving times of the trip are unknown: add times and coordinates to its stops"
        return [Reason(rule=Rule.HOURS_OF_SERVICE, message=message)], HoursCheck(verdict=Legality.UNKNOWN)
    earlier = [block for block in facts.blocks if block.starts_at < new_block.starts_at]
    duty = logbook.list_block_segments(earlier, new_block, hours_rules.ruleset.rest)
    history = _build_log(facts, earlier, duty[0].start - REACH, duty[0].start, hours_rules, now)
    verdict = check_hours(history, duty, hours_rules.ruleset, daily_carrier=hours_rules.daily_carrier, home_zone=zone)
    verdict = _trip_verdict(verdict, duty, earlier, new_block, hours_rules)
    if verdict.verdict is Legality.UNKNOWN:
        message = f"the hours of {driver.name} in the days before the trip are not known"
        return [Reason(rule=Rule.HOURS_OF_SERVICE, message=message, citation="49 CFR 395.8")], verdict
    reasons = [
        Reason(
            rule=Rule.HOURS_OF_SERVICE,
            message=_violation_message(driver.name, violation, zone),
            citation=violation.citation,
        )
        for violation in verdict.violations
    ]
    if not reasons:
        reasons = [
            _later_violation_reason(driver.name, violation, zone)
            for violation in _violations_caused_later(facts, new_block, [*history, *duty], hours_rules, now)
        ]
    return reasons, verdict


def _build_log(
    facts: DriverFacts,
    blocks: Sequence[DutyBlock],
    since: datetime,
    until: datetime,
    hours_rules: CarrierRuleset,
    now: datetime,
) -> list[Segment]:
    return logbook.build_log(facts.driver, blocks, facts.started, since, until, now, hours_rules.ruleset.rest)


def _trip_verdict(
    verdict: HoursCheck,
    duty: Sequence[Segment],
    earlier: Sequence[DutyBlock],
    block: DutyBlock,
    hours_rules: CarrierRuleset,
) -> HoursCheck:
    """Return the verdict with the earliest start of the trip itself: after the drive to it, or after a rest."""
    transfer = block.duty[0].start - duty[0].start
    if not transfer or verdict.remaining is None:
        return verdict
    rested = max(earlier_block.ends_at for earlier_block in earlier) + transfer + hours_rules.ruleset.rest
    earliest = verdict.earliest_drive_at
    starts_at = min(earliest + transfer, rested) if earliest is not None else rested
    return verdict.model_copy(update={"earliest_drive_at": starts_at + _time_until_driving(block)})


def _time_until_driving(block: DutyBlock) -> timedelta:
    """The time from the start of a block until its first driving."""
    return (
        next((segment.start for segment in block.duty if segment.status is DutyStatus.DRIVING), block.starts_at)
        - block.starts_at
    )


def _violations_caused_later(
    facts: DriverFacts, block: DutyBlock, actual: Sequence[Segment], hours_rules: CarrierRuleset, now: datetime
) -> list[Violation]:
    """The violations that a block causes in later blocks; `actual` is the log until the end of the block."""
    earlier = [other for other in facts.blocks if other.starts_at < block.starts_at]
    later_blocks = [other for other in facts.blocks if other.starts_at >= block.starts_at]
    if not later_blocks:
        return []
    start, block_end, end = actual[0].start, block.ends_at, max(other.ends_at for other in later_blocks)
    history = _build_log(facts, earlier, start, block_end, hours_rules, now)
    later_plan = _build_log(facts, [*earlier, *later_blocks], block_end, end, hours_rules, now)
    without_block = {
        (violation.rule, violation.at): violation.exceeded
        for violation in _find_violations(facts, history, later_plan, hours_rules)
    }
    with_block = _find_violations(
        facts, actual, _build_log(facts, [block, *later_blocks], block_end, end, hours_rules, now), hours_rules
    )
    return [
        violation
        for violation in with_block
        if violation.exceeded > without_block.get((violation.rule, violation.at), timedelta())
    ]


def _find_violations(
    facts: DriverFacts, history: Sequence[Segment], plan: Sequence[Segment], hours_rules: CarrierRuleset
) -> Sequence[Violation]:
    zone = ZoneInfo(facts.driver.timezone)
    return find_violations(history, plan, hours_rules.ruleset, daily_carrier=hours_rules.daily_carrier, home_zone=zone)


def _violation_message(name: str, violation: Violation, zone: ZoneInfo) -> str:
    excess, moment = _format_length(violation.exceeded), _format_time(violation.at, zone)
    return f"{name} would exceed the {violation.rule} limit by {excess} at {moment}"


def _later_violation_reason(name: str, violation: Violation, zone: ZoneInfo) -> Reason:
    message = f"{_violation_message(name, violation, zone)}, on a later trip"
    return Reason(rule=Rule.HOURS_OF_SERVICE, message=message, citation=violation.citation)


_MAX_ATTEMPTS: Final = 12


def _earliest_legal_start(
    facts: DriverFacts, block: DutyBlock, hours_rules: CarrierRuleset, now: datetime
) -> datetime | None:
    """The earliest time at which the driver could start driving this trip if it were later, or None."""
    if not block.duty:
        return None
    driving = _time_until_driving(block)
    start = block.starts_at
    for _ in range(_MAX_ATTEMPTS):
        if start > block.ends_at + REACH:  # the diary was not loaded beyond this time
            return None
        shifted = conflicts.move_block(block, start)
        schedule_conflicts = conflicts.list_conflicts(shifted, facts.blocks)
        if schedule_conflicts:
            start = max(
                start + timedelta(seconds=1),
                *(conflicts.find_earliest_start_after(shifted, conflict) for conflict in schedule_conflicts[:1]),
            )
            continue
        reasons, verdict = _evaluate_hours(facts, shifted, hours_rules, now)
        if not reasons:
            return start + driving
        if verdict.earliest_drive_at is None:
            return None
        legal_start = verdict.earliest_drive_at - driving
        later_ends = [other.ends_at for other in facts.blocks if other.starts_at >= start]
        start = legal_start if legal_start > start else min(later_ends, default=start + REACH)
    return None
