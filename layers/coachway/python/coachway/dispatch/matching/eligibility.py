"""Whether a driver and a vehicle may take a trip, and every reason against it. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from coachway.bookings.charters import equipment
from coachway.compliance.rules import ComplianceStatus
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import REACH
from coachway.dispatch.diaries import conflicts
from coachway.dispatch.diaries.conflicts import Clash
from coachway.dispatch.diaries.model import DutyBlock
from coachway.dispatch.driver_hours import logbook
from coachway.dispatch.matching.eligibility_reasons import Reason, Rule
from coachway.dispatch.matching.trip_plan import TripPlan
from coachway.fleet import rules as fleet
from coachway.fleet.model import Driver, Vehicle
from coachway.hours.model import Answer, Law, Remaining, Segment, Status, Verdict, Violation
from coachway.hours.rules import check, violations


@dataclass(frozen=True, slots=True)
class DriverCase:
    """All that is known of a driver when a trip is to be given to them."""

    driver: Driver
    compliance: ComplianceStatus | None
    """Of the driver's papers on the trip's last day; None when there never were any."""
    blocks: Sequence[DutyBlock]
    """By their diary, `REACH` before and after the trip."""
    started: Mapping[str, Assignment]
    """Those of them that have begun, by id."""


@dataclass(frozen=True, slots=True)
class VehicleCase:
    """The same of a vehicle."""

    vehicle: Vehicle
    compliance: ComplianceStatus | None
    blocks: Sequence[DutyBlock]


@dataclass(frozen=True, slots=True)
class TripRequirements:
    """What a trip asks of its vehicle, and whose it must be."""

    plan: TripPlan
    vehicle_class: str
    amenities: Sequence[str]
    vendor_id: str | None
    """The vendor that the vehicle was awarded to; None for the organization's own."""


@dataclass(frozen=True, slots=True)
class DriverEvaluation:
    """What was found of a driver: what is in the way, what is left after the trip, when they might drive it."""

    reasons: list[Reason]
    remaining: Remaining | None = None
    earliest_legal_at: datetime | None = None


def evaluate_driver(
    case: DriverCase,
    requirements: TripRequirements,
    vehicle: Vehicle | None,
    seat: int,
    hours_rules: Law,
    now: datetime,
) -> DriverEvaluation:
    """What is in the way of a driver on this seat, counted from 0. Without a vehicle its license is not judged."""
    block, driver = requirements.plan.duty_block("", seat), case.driver
    reasons = [
        *_ownership_reasons(driver.vendor_id, requirements.vendor_id, "driver"),
        *driver_availability_reasons(driver, block.starts_at, block.ends_at),
    ]
    clashes = conflicts.list_clashes(block, case.blocks)
    reasons += [_clash_reason(driver.name, clash, driver.timezone) for clash in clashes]
    if vehicle is not None:
        reasons += license_reasons(driver, vehicle, requirements.plan.last_day)
    reasons += compliance_reasons(driver.name, case.compliance)
    if clashes:
        return DriverEvaluation(reasons, earliest_legal_at=_earliest_legal_start(case, block, hours_rules, now))
    hours_reasons, verdict = _evaluate_hours(case, block, hours_rules, now)
    earliest = verdict.earliest_drive_at
    if hours_reasons and verdict.verdict is not Answer.UNKNOWN:
        earliest = _earliest_legal_start(case, block, hours_rules, now)
    return DriverEvaluation([*reasons, *hours_reasons], verdict.remaining, earliest)


def driver_availability_reasons(driver: Driver, start: datetime, end: datetime) -> list[Reason]:
    """What is in the way of a driver's status and availability."""
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
    """What is in the way of a vehicle's status."""
    status = fleet.vehicle_status_reason(vehicle)
    return [Reason(rule=Rule.STATUS, message=f"{vehicle.name} {status}")] if status is not None else []


def seat_reasons(vehicle: Vehicle, passengers: int) -> list[Reason]:
    """What is in the way of a vehicle's seats."""
    if vehicle.capacity >= passengers:
        return []
    message = f"{vehicle.name} seats {vehicle.capacity}, the trip needs {passengers}"
    return [Reason(rule=Rule.CAPACITY, message=message)]


def license_reasons(driver: Driver, vehicle: Vehicle, last_day: date) -> list[Reason]:
    """What is in the way of a driver's license, through the trip's last day."""
    problem = fleet.license_problem(driver, vehicle, last_day)
    return [Reason(rule=Rule.LICENSE, message=f"{driver.name} {problem}")] if problem is not None else []


def describe_reason(reason: Reason, evaluation: DriverEvaluation) -> str:
    """A reason in one line; where time would help, with when the trip could be driven at the earliest."""
    time_rules = {Rule.OVERLAP, Rule.TRAVEL_TIME, Rule.HOURS_OF_SERVICE}
    if reason.rule not in time_rules or evaluation.earliest_legal_at is None:
        return reason.describe()
    return f"{reason.describe()}; earliest legal start {evaluation.earliest_legal_at.isoformat(timespec='minutes')}"


def vehicle_reasons(case: VehicleCase, requirements: TripRequirements) -> list[Reason]:
    """What is in the way of a vehicle; empty if nothing is."""
    vehicle, plan = case.vehicle, requirements.plan
    reasons = [
        *_ownership_reasons(vehicle.vendor_id, requirements.vendor_id, "vehicle"),
        *vehicle_status_reasons(vehicle),
    ]
    if vehicle.vehicle_class != requirements.vehicle_class:
        message = f"{vehicle.name} is of class {vehicle.vehicle_class}, the trip needs {requirements.vehicle_class}"
        reasons.append(Reason(rule=Rule.VEHICLE_CLASS, message=message))
    reasons += seat_reasons(vehicle, plan.passengers)
    required, needs_ada = equipment.required_amenities(requirements.amenities)
    missing = equipment.missing_amenities(required, needs_ada, vehicle.amenities, vehicle.is_ada_compliant)
    reasons += [Reason(rule=Rule.EQUIPMENT, message=f"{vehicle.name}: {amenity}") for amenity in missing]
    clashes = conflicts.list_clashes(plan.duty_block(""), case.blocks)
    reasons += [_clash_reason(vehicle.name, clash, plan.timezone) for clash in clashes]
    return [*reasons, *compliance_reasons(vehicle.name, case.compliance)]


def _ownership_reasons(owner: str | None, awarded_to: str | None, kind: str) -> list[Reason]:
    if owner == awarded_to:
        return []
    if awarded_to is not None:
        message = f"the trip was awarded to a vendor, and this {kind} is not that vendor's"
    else:
        message = f"this {kind} is a vendor's, and the trip was awarded to none"
    return [Reason(rule=Rule.VENDOR, message=message)]


def compliance_reasons(name: str, compliance: ComplianceStatus | None) -> list[Reason]:
    """What is in the way of somebody's papers; None is the standing of who never had any."""
    messages = ["has no compliance documents"] if compliance is None else compliance.reasons()
    return [Reason(rule=Rule.COMPLIANCE, message=f"{name}: {text}") for text in messages]


def _clash_reason(name: str, clash: Clash, timezone: str) -> Reason:
    block, zone = clash.block, ZoneInfo(timezone)
    times = f"{_format_time(block.starts_at, zone)} to {_format_time(block.ends_at, zone)}"
    if clash.kind is conflicts.ClashKind.OVERLAP:
        message = f"{name} is on {block.number} from {times}"
        return Reason(rule=Rule.OVERLAP, message=message, clash_with=block.assignment_id)
    message = (
        f"{name} is on {block.number} from {times}; the way between the two needs {_format_length(clash.short_by)} more"
    )
    return Reason(rule=Rule.TRAVEL_TIME, message=message, clash_with=block.assignment_id)


def _format_time(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _format_length(length: timedelta) -> str:
    minutes = max(1, -(-length // timedelta(minutes=1)))
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def _evaluate_hours(
    case: DriverCase, new_block: DutyBlock, hours_rules: Law, now: datetime
) -> tuple[list[Reason], Verdict]:
    """What the hours rules say of a job, and of the jobs after it once it is done."""
    zone, driver = ZoneInfo(case.driver.timezone), case.driver
    if not new_block.duty:
        message = "the trip's driving times cannot be told: give its stops times and places"
        return [Reason(rule=Rule.HOURS_OF_SERVICE, message=message)], Verdict(verdict=Answer.UNKNOWN)
    earlier = [block for block in case.blocks if block.starts_at < new_block.starts_at]
    duty = logbook.block_segments(earlier, new_block, hours_rules.ruleset.rest)
    history = _build_log(case, earlier, duty[0].start - REACH, duty[0].start, hours_rules, now)
    verdict = check(history, duty, hours_rules.ruleset, daily_carrier=hours_rules.daily_carrier, home=zone)
    verdict = _trip_verdict(verdict, duty, earlier, new_block, hours_rules)
    if verdict.verdict is Answer.UNKNOWN:
        message = f"what {driver.name} did in the days before the trip is not known"
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
            for violation in _violations_caused_later(case, new_block, [*history, *duty], hours_rules, now)
        ]
    return reasons, verdict


def _build_log(
    case: DriverCase, blocks: Sequence[DutyBlock], since: datetime, until: datetime, hours_rules: Law, now: datetime
) -> list[Segment]:
    return logbook.build_log(case.driver, blocks, case.started, since, until, now, hours_rules.ruleset.rest)


def _trip_verdict(
    verdict: Verdict, duty: Sequence[Segment], earlier: Sequence[DutyBlock], block: DutyBlock, hours_rules: Law
) -> Verdict:
    """The verdict, saying when the trip itself may be driven: after the way there, or later after a rest instead."""
    transfer = block.duty[0].start - duty[0].start
    if not transfer or verdict.remaining is None:
        return verdict
    rested = max(earlier_block.ends_at for earlier_block in earlier) + transfer + hours_rules.ruleset.rest
    earliest = verdict.earliest_drive_at
    starts_at = min(earliest + transfer, rested) if earliest is not None else rested
    return verdict.model_copy(update={"earliest_drive_at": starts_at + _time_until_driving(block)})


def _time_until_driving(block: DutyBlock) -> timedelta:
    """How long after a job's start it is first driven."""
    return (
        next((segment.start for segment in block.duty if segment.status is Status.DRIVING), block.starts_at)
        - block.starts_at
    )


def _violations_caused_later(
    case: DriverCase, block: DutyBlock, actual: Sequence[Segment], hours_rules: Law, now: datetime
) -> list[Violation]:
    """What later jobs would break because of this one; `lived` is everything up to its end."""
    earlier = [other for other in case.blocks if other.starts_at < block.starts_at]
    later_blocks = [other for other in case.blocks if other.starts_at >= block.starts_at]
    if not later_blocks:
        return []
    start, block_end, end = actual[0].start, block.ends_at, max(other.ends_at for other in later_blocks)
    history = _build_log(case, earlier, start, block_end, hours_rules, now)
    later_plan = _build_log(case, [*earlier, *later_blocks], block_end, end, hours_rules, now)
    without_block = {
        (violation.rule, violation.at): violation.exceeded
        for violation in _find_violations(case, history, later_plan, hours_rules)
    }
    with_block = _find_violations(
        case, actual, _build_log(case, [block, *later_blocks], block_end, end, hours_rules, now), hours_rules
    )
    return [
        violation
        for violation in with_block
        if violation.exceeded > without_block.get((violation.rule, violation.at), timedelta())
    ]


def _find_violations(
    case: DriverCase, history: Sequence[Segment], plan: Sequence[Segment], hours_rules: Law
) -> Sequence[Violation]:
    zone = ZoneInfo(case.driver.timezone)
    return violations(history, plan, hours_rules.ruleset, daily_carrier=hours_rules.daily_carrier, home=zone)


def _violation_message(name: str, violation: Violation, zone: ZoneInfo) -> str:
    excess, moment = _format_length(violation.exceeded), _format_time(violation.at, zone)
    return f"{name} would exceed the {violation.rule} limit by {excess} at {moment}"


def _later_violation_reason(name: str, violation: Violation, zone: ZoneInfo) -> Reason:
    message = f"{_violation_message(name, violation, zone)}, on a later job"
    return Reason(rule=Rule.HOURS_OF_SERVICE, message=message, citation=violation.citation)


_MAX_ATTEMPTS: Final = 12


def _earliest_legal_start(case: DriverCase, block: DutyBlock, hours_rules: Law, now: datetime) -> datetime | None:
    """When the driver might start driving this trip at the earliest, if it were later. None where none was found."""
    if not block.duty:
        return None
    driving = _time_until_driving(block)
    start = block.starts_at
    for _ in range(_MAX_ATTEMPTS):
        if start > block.ends_at + REACH:  # what the driver does then was not read
            return None
        shifted = conflicts.move_block(block, start)
        clashes = conflicts.list_clashes(shifted, case.blocks)
        if clashes:
            start = max(
                start + timedelta(seconds=1), *(conflicts.earliest_start_after(shifted, clash) for clash in clashes[:1])
            )
            continue
        reasons, verdict = _evaluate_hours(case, shifted, hours_rules, now)
        if not reasons:
            return start + driving
        if verdict.earliest_drive_at is None:
            return None
        legal_start = verdict.earliest_drive_at - driving
        later_ends = [other.ends_at for other in case.blocks if other.starts_at >= start]
        start = legal_start if legal_start > start else min(later_ends, default=start + REACH)
    return None
