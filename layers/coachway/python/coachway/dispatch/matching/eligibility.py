"""Whether a driver and a vehicle may be given a trip, and everything that is in the way. Pure: no clock, no I/O."""

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
    standing: ComplianceStatus | None
    """Of the driver's papers on the trip's last day; None when there never were any."""
    jobs: Sequence[DutyBlock]
    """By their diary, `REACH` before and after the trip."""
    known: Mapping[str, Assignment]
    """Those of them that have begun, by id."""


@dataclass(frozen=True, slots=True)
class VehicleCase:
    """The same of a vehicle."""

    vehicle: Vehicle
    standing: ComplianceStatus | None
    jobs: Sequence[DutyBlock]


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
    case: DriverCase, wanted: TripRequirements, vehicle: Vehicle | None, seat: int, law: Law, now: datetime
) -> DriverEvaluation:
    """What is in the way of a driver on this seat, counted from 0. Without a vehicle its license is not judged."""
    job, who = wanted.plan.job("", seat), case.driver
    reasons = [
        *_ownership_reasons(who.vendor_id, wanted.vendor_id, "driver"),
        *driver_availability_reasons(who, job.starts_at, job.ends_at),
    ]
    in_the_way = conflicts.list_clashes(job, case.jobs)
    reasons += [_clash_reason(who.name, clash, who.timezone) for clash in in_the_way]
    if vehicle is not None:
        reasons += license_reasons(who, vehicle, wanted.plan.last_day)
    reasons += compliance_reasons(who.name, case.standing)
    if in_the_way:
        return DriverEvaluation(reasons, earliest_legal_at=_earliest_legal_start(case, job, law, now))
    legal, verdict = _evaluate_hours(case, job, law, now)
    earliest = verdict.earliest_drive_at
    if legal and verdict.verdict is not Answer.UNKNOWN:
        earliest = _earliest_legal_start(case, job, law, now)
    return DriverEvaluation([*reasons, *legal], verdict.remaining, earliest)


def driver_availability_reasons(who: Driver, start: datetime, end: datetime) -> list[Reason]:
    """What is in the way of a driver's status and availability."""
    idle, away = (
        fleet.driver_status_reason(who),
        fleet.unavailability_reason(who.availability, who.timezone, start, end),
    )
    found = [Reason(rule=Rule.STATUS, message=f"{who.name} {idle}")] if idle is not None else []
    return [*found, *([Reason(rule=Rule.AVAILABILITY, message=f"{who.name} {away}")] if away is not None else [])]


def vehicle_status_reasons(what: Vehicle) -> list[Reason]:
    """What is in the way of a vehicle's status."""
    stands = fleet.vehicle_status_reason(what)
    return [Reason(rule=Rule.STATUS, message=f"{what.name} {stands}")] if stands is not None else []


def seat_reasons(what: Vehicle, passengers: int) -> list[Reason]:
    """What is in the way of a vehicle's seats."""
    if what.capacity >= passengers:
        return []
    message = f"{what.name} seats {what.capacity}, the trip needs {passengers}"
    return [Reason(rule=Rule.CAPACITY, message=message)]


def license_reasons(who: Driver, vehicle: Vehicle, last_day: date) -> list[Reason]:
    """What is in the way of a driver's license, through the trip's last day."""
    said = fleet.license_problem(who, vehicle, last_day)
    return [Reason(rule=Rule.LICENSE, message=f"{who.name} {said}")] if said is not None else []


def describe_reason(reason: Reason, finding: DriverEvaluation) -> str:
    """A reason in one line; where time would help, with when the trip could be driven at the earliest."""
    timely = {Rule.OVERLAP, Rule.TRAVEL_TIME, Rule.HOURS_OF_SERVICE}
    if reason.rule not in timely or finding.earliest_legal_at is None:
        return reason.said()
    return f"{reason.said()}; earliest legal start {finding.earliest_legal_at.isoformat(timespec='minutes')}"


def vehicle_reasons(case: VehicleCase, wanted: TripRequirements) -> list[Reason]:
    """What is in the way of a vehicle; empty if nothing is."""
    what, plan = case.vehicle, wanted.plan
    reasons = [*_ownership_reasons(what.vendor_id, wanted.vendor_id, "vehicle"), *vehicle_status_reasons(what)]
    if what.vehicle_class != wanted.vehicle_class:
        message = f"{what.name} is of class {what.vehicle_class}, the trip needs {wanted.vehicle_class}"
        reasons.append(Reason(rule=Rule.VEHICLE_CLASS, message=message))
    reasons += seat_reasons(what, plan.passengers)
    asked, needs_ada = equipment.required_amenities(wanted.amenities)
    lacking = equipment.missing_amenities(asked, needs_ada, what.amenities, what.is_ada_compliant)
    reasons += [Reason(rule=Rule.EQUIPMENT, message=f"{what.name}: {each}") for each in lacking]
    in_the_way = conflicts.list_clashes(plan.job(""), case.jobs)
    reasons += [_clash_reason(what.name, clash, plan.timezone) for clash in in_the_way]
    return [*reasons, *compliance_reasons(what.name, case.standing)]


def _ownership_reasons(owner: str | None, wanted: str | None, what: str) -> list[Reason]:
    if owner == wanted:
        return []
    if wanted is not None:
        message = f"the trip was awarded to a vendor, and this {what} is not that vendor's"
    else:
        message = f"this {what} is a vendor's, and the trip was awarded to none"
    return [Reason(rule=Rule.VENDOR, message=message)]


def compliance_reasons(name: str, standing: ComplianceStatus | None) -> list[Reason]:
    """What is in the way of somebody's papers; None is the standing of who never had any."""
    said = ["has no compliance documents"] if standing is None else standing.reasons()
    return [Reason(rule=Rule.COMPLIANCE, message=f"{name}: {each}") for each in said]


def _clash_reason(name: str, clash: Clash, timezone: str) -> Reason:
    job, zone = clash.job, ZoneInfo(timezone)
    when = f"{_format_time(job.starts_at, zone)} to {_format_time(job.ends_at, zone)}"
    if clash.kind is conflicts.ClashKind.OVERLAP:
        message = f"{name} is on {job.number} from {when}"
        return Reason(rule=Rule.OVERLAP, message=message, clash_with=job.assignment_id)
    message = (
        f"{name} is on {job.number} from {when}; the way between the two needs {_format_length(clash.short_by)} more"
    )
    return Reason(rule=Rule.TRAVEL_TIME, message=message, clash_with=job.assignment_id)


def _format_time(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _format_length(length: timedelta) -> str:
    minutes = max(1, -(-length // timedelta(minutes=1)))
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def _evaluate_hours(case: DriverCase, job: DutyBlock, law: Law, now: datetime) -> tuple[list[Reason], Verdict]:
    """What the hours rules say of a job, and of the jobs after it once it is done."""
    zone, who = ZoneInfo(case.driver.timezone), case.driver
    if not job.duty:
        message = "the trip's driving times cannot be told: give its stops times and places"
        return [Reason(rule=Rule.HOURS_OF_SERVICE, message=message)], Verdict(verdict=Answer.UNKNOWN)
    before = [each for each in case.jobs if each.starts_at < job.starts_at]
    duty = logbook.block_segments(before, job, law.ruleset.rest)
    history = _build_log(case, before, duty[0].start - REACH, duty[0].start, law, now)
    verdict = check(history, duty, law.ruleset, daily_carrier=law.daily_carrier, home=zone)
    verdict = _trip_verdict(verdict, duty, before, job, law)
    if verdict.verdict is Answer.UNKNOWN:
        message = f"what {who.name} did in the days before the trip is not known"
        return [Reason(rule=Rule.HOURS_OF_SERVICE, message=message, citation="49 CFR 395.8")], verdict
    reasons = [
        Reason(rule=Rule.HOURS_OF_SERVICE, message=_violation_message(who.name, found, zone), citation=found.citation)
        for found in verdict.violations
    ]
    if not reasons:
        reasons = [
            _later_violation_reason(who.name, found, zone)
            for found in _violations_caused_later(case, job, [*history, *duty], law, now)
        ]
    return reasons, verdict


def _build_log(
    case: DriverCase, jobs: Sequence[DutyBlock], since: datetime, until: datetime, law: Law, now: datetime
) -> list[Segment]:
    return logbook.build_log(case.driver, jobs, case.known, since, until, now, law.ruleset.rest)


def _trip_verdict(
    verdict: Verdict, duty: Sequence[Segment], before: Sequence[DutyBlock], job: DutyBlock, law: Law
) -> Verdict:
    """The verdict, saying when the trip itself may be driven: after the way there, or later after a rest instead."""
    took = job.duty[0].start - duty[0].start
    if not took or verdict.remaining is None:
        return verdict
    rested = max(each.ends_at for each in before) + took + law.ruleset.rest
    on_the_way = verdict.earliest_drive_at
    starts_at = min(on_the_way + took, rested) if on_the_way is not None else rested
    return verdict.model_copy(update={"earliest_drive_at": starts_at + _time_until_driving(job)})


def _time_until_driving(job: DutyBlock) -> timedelta:
    """How long after a job's start it is first driven."""
    return next((each.start for each in job.duty if each.status is Status.DRIVING), job.starts_at) - job.starts_at


def _violations_caused_later(
    case: DriverCase, job: DutyBlock, lived: Sequence[Segment], law: Law, now: datetime
) -> list[Violation]:
    """What later jobs would break because of this one; `lived` is everything up to its end."""
    before = [each for each in case.jobs if each.starts_at < job.starts_at]
    after = [each for each in case.jobs if each.starts_at >= job.starts_at]
    if not after:
        return []
    since, middle, until = lived[0].start, job.ends_at, max(each.ends_at for each in after)
    history = _build_log(case, before, since, middle, law, now)
    later = _build_log(case, [*before, *after], middle, until, law, now)
    without = {(found.rule, found.at): found.exceeded for found in _find_violations(case, history, later, law)}
    together = _find_violations(case, lived, _build_log(case, [job, *after], middle, until, law, now), law)
    return [found for found in together if found.exceeded > without.get((found.rule, found.at), timedelta())]


def _find_violations(
    case: DriverCase, history: Sequence[Segment], plan: Sequence[Segment], law: Law
) -> Sequence[Violation]:
    zone = ZoneInfo(case.driver.timezone)
    return violations(history, plan, law.ruleset, daily_carrier=law.daily_carrier, home=zone)


def _violation_message(name: str, found: Violation, zone: ZoneInfo) -> str:
    excess, moment = _format_length(found.exceeded), _format_time(found.at, zone)
    return f"{name} would exceed the {found.rule} limit by {excess} at {moment}"


def _later_violation_reason(name: str, found: Violation, zone: ZoneInfo) -> Reason:
    message = f"{_violation_message(name, found, zone)}, on a later job"
    return Reason(rule=Rule.HOURS_OF_SERVICE, message=message, citation=found.citation)


_MAX_ATTEMPTS: Final = 12


def _earliest_legal_start(case: DriverCase, job: DutyBlock, law: Law, now: datetime) -> datetime | None:
    """When the driver might start driving this trip at the earliest, if it were later. None where none was found."""
    if not job.duty:
        return None
    driving = _time_until_driving(job)
    at = job.starts_at
    for _ in range(_MAX_ATTEMPTS):
        if at > job.ends_at + REACH:  # what the driver does then was not read
            return None
        shifted = conflicts.move_block(job, at)
        in_the_way = conflicts.list_clashes(shifted, case.jobs)
        if in_the_way:
            at = max(
                at + timedelta(seconds=1), *(conflicts.earliest_start_after(shifted, clash) for clash in in_the_way[:1])
            )
            continue
        reasons, verdict = _evaluate_hours(case, shifted, law, now)
        if not reasons:
            return at + driving
        if verdict.earliest_drive_at is None:
            return None
        later = verdict.earliest_drive_at - driving
        following = [each.ends_at for each in case.jobs if each.starts_at >= at]
        at = later if later > at else min(following, default=at + REACH)
    return None
