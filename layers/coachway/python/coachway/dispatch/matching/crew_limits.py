"""Check whether the crew of an assignment may drive now, and for how long, by their actual hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import permutations
from typing import Final
from zoneinfo import ZoneInfo

from coachway.core import store
from coachway.core.errors import FieldError
from coachway.core.party_reference import DRIVER
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import REACH
from coachway.dispatch.diaries import conflicts
from coachway.dispatch.diaries import service as diaries
from coachway.dispatch.diaries.model import DutyBlock
from coachway.dispatch.driver_hours import logbook
from coachway.dispatch.errors import HoursOfServiceExceeded
from coachway.dispatch.matching import assignment_context
from coachway.fleet.model import Driver
from coachway.hours.model import CarrierRuleset, DutyStatus, Legality, Segment
from coachway.hours.rules import check_hours, find_violations
from coachway.identity.model.organization import ORGANIZATIONS, Organization

_HORIZON: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Crew:
    """The drivers of an assignment, with their recent duty blocks and the hours-of-service rules."""

    hours_rules: CarrierRuleset
    drivers: list[Driver]
    blocks: dict[str, list[DutyBlock]]
    started: dict[str, Assignment]

    def history(self, driver: Driver, until: datetime, now: datetime) -> list[Segment]:
        """Build a driver's log for the rules."""
        blocks = [block for block in self.blocks[driver.id] if logbook.has_begun(block, self.started, until)]
        return logbook.build_log(driver, blocks, self.started, until - REACH, until, now, self.hours_rules.ruleset.rest)


def load_crew(assignment: Assignment, now: datetime) -> Crew:
    """Load the drivers of an assignment and their recent duty. Two reads.

    The passed assignment is used instead of the stored one.
    """
    org_id = assignment.org_id
    organization_key = ORGANIZATIONS.key(org=org_id)
    driver_keys = {driver_id: DRIVER.key(org=org_id, id=driver_id) for driver_id in assignment.crew}
    weeks = diaries.list_weeks_around(now, now)
    page_keys_by_driver = {driver_id: diaries.page_keys(org_id, driver_id, weeks) for driver_id in assignment.crew}
    batch = store.batch_get(
        [organization_key, *driver_keys.values(), *(key for keys in page_keys_by_driver.values() for key in keys)]
    )
    blocks = {driver_id: diaries.build_diary(batch, org_id, driver_id, weeks).blocks for driver_id in assignment.crew}
    started_ids = {
        assignment_id
        for driver_blocks in blocks.values()
        for assignment_id in logbook.list_started_assignment_ids(driver_blocks, now)
    } - {assignment.id}
    return Crew(
        hours_rules=assignment_context.get_hours_rules(batch.get(Organization, organization_key)),
        drivers=[batch.get(Driver, key) for key in driver_keys.values()],
        blocks=blocks,
        started={**repository.find_by_ids(org_id, started_ids), assignment.id: assignment},
    )


def require_legal_hours(assignment: Assignment, now: datetime) -> None:
    """Raise Conflict when the hours rules do not allow the crew to drive the trip.

    The trip is checked as planned, or with the delay if it starts late.
    """
    crew = load_crew(assignment, now)
    delay = max(timedelta(), now - assignment.starts_at)
    problems: list[FieldError] = []
    for field, driver, duty in zip(
        ("driver_id", "second_driver_id"), crew.drivers, (assignment.duty, assignment.second_duty), strict=False
    ):
        if not duty:
            continue
        crew_without_trip = Crew(
            crew.hours_rules, crew.drivers, _exclude_assignment(crew.blocks, assignment.id), crew.started
        )
        zone = ZoneInfo(driver.timezone)
        block = conflicts.move_block(_duty_block(assignment, duty), assignment.starts_at + delay)
        earlier = [other for other in crew_without_trip.blocks[driver.id] if other.starts_at < block.starts_at]
        plan = logbook.list_block_segments(earlier, block, crew.hours_rules.ruleset.rest)
        history = crew_without_trip.history(driver, plan[0].start, now)
        verdict = check_hours(
            history, plan, crew.hours_rules.ruleset, daily_carrier=crew.hours_rules.daily_carrier, home_zone=zone
        )
        if verdict.verdict is Legality.UNKNOWN:
            problems.append(FieldError(field, _unknown_hours_message(driver, crew_without_trip, now)))
        for violation in verdict.violations:
            moment = f"{violation.at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
            message = f"{driver.name} would exceed the {violation.rule} limit at {moment} ({violation.citation})"
            problems.append(FieldError(field, message))
    if problems:
        message = "; ".join(problem.message for problem in problems)
        raise HoursOfServiceExceeded(message, fields=problems)


def _duty_block(assignment: Assignment, duty: list[Segment]) -> DutyBlock:
    """Build the duty block of an assignment for a driver with this duty."""
    return DutyBlock(
        assignment_id=assignment.id,
        charter_id=assignment.charter_id,
        number=assignment.charter_number,
        starts_at=assignment.starts_at,
        ends_at=assignment.ends_at,
        leaves_at=assignment.leaves_at,
        pickup_at=assignment.spot_at or assignment.pickup_at,
        dropoff_at=assignment.dropoff_at,
        pickup_place=assignment.stops[0].place,
        dropoff_place=assignment.stops[-1].place,
        duty=duty,
    )


def _exclude_assignment(blocks: dict[str, list[DutyBlock]], assignment_id: str) -> dict[str, list[DutyBlock]]:
    return {
        driver_id: [block for block in driver_blocks if block.assignment_id != assignment_id]
        for driver_id, driver_blocks in blocks.items()
    }


def _unknown_hours_message(driver: Driver, crew: Crew, now: datetime) -> str:
    """Explain the gap in a driver's log: usually the driver forgot to check out."""
    open_numbers = [
        block.number
        for block in crew.blocks[driver.id]
        if block.ends_at <= now
        and (assignment := crew.started.get(block.assignment_id))
        and assignment.checked_out_at is None
    ]
    hint = f": check out of {', '.join(dict.fromkeys(open_numbers))} first" if open_numbers else ""
    return f"the recent hours of {driver.name} are not known{hint} (49 CFR 395.8)"


def calculate_drive_limit(assignment: Assignment, now: datetime) -> datetime:
    """Return until when the vehicle may be driven without a rest, by its drivers one after the other.

    Gaps in a log count as rest, so that no alarm is based on unknown hours. Two reads.
    """
    crew = load_crew(assignment, now)
    return max(_crew_drives_until(crew, order, now) for order in permutations(crew.drivers))


def _crew_drives_until(crew: Crew, order: Sequence[Driver], now: datetime) -> datetime:
    """Return until when a crew may drive in this order. Drivers who wait for their turn ride along."""
    hours_rules, horizon, moment = crew.hours_rules, now + _HORIZON, now
    for driver in order:
        if moment >= horizon:
            break
        riding = [Segment(start=now, end=moment, status=DutyStatus.ON, riding=True)] if now < moment else []
        plan = [*riding, Segment(start=moment, end=horizon, status=DutyStatus.DRIVING)]
        history, zone = crew.history(driver, now, now), ZoneInfo(driver.timezone)
        broken = find_violations(
            history, plan, hours_rules.ruleset, daily_carrier=hours_rules.daily_carrier, home_zone=zone
        )
        moment = min((violation.at for violation in broken), default=horizon)
    return moment
