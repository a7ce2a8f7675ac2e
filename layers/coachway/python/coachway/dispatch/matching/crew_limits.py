"""Whether the crew of an assignment may drive now, and how long, by what they really did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import permutations
from typing import Final
from zoneinfo import ZoneInfo

from coachway.core import errors, store
from coachway.core.errors import FieldError
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import REACH
from coachway.dispatch.diaries import conflicts
from coachway.dispatch.diaries import service as diaries
from coachway.dispatch.diaries.model import DutyBlock
from coachway.dispatch.driver_hours import logbook
from coachway.dispatch.matching import context
from coachway.fleet.model import DRIVER, Driver
from coachway.hours.model import Answer, Law, Segment, Status
from coachway.hours.rules import check, violations
from coachway.identity.model.organization import ORGANIZATIONS, Organization

_HORIZON: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Crew:
    """The drivers of an assignment, with what they did in the days before now, and the rules that hold for them."""

    law: Law
    drivers: list[Driver]
    jobs: dict[str, list[DutyBlock]]
    known: dict[str, Assignment]

    def history(self, driver: Driver, until: datetime, now: datetime) -> list[Segment]:
        """What a driver did, as the rules want it."""
        jobs = [job for job in self.jobs[driver.id] if job.starts_at < until]
        return logbook.build_log(driver, jobs, self.known, until - REACH, until, now, self.law.ruleset.rest)


def load_crew(assignment: Assignment, now: datetime) -> Crew:
    """What the drivers of an assignment did. Two reads. The assignment counts as it is given, not as it lies there."""
    org = assignment.org_id
    house_key = ORGANIZATIONS.key(org=org)
    driver_keys = {each: DRIVER.key(org=org, id=each) for each in assignment.crew}
    weeks = diaries.weeks_around(now, now)
    pages = {each: diaries.page_keys(org, each, weeks) for each in assignment.crew}
    found = store.batch_get([house_key, *driver_keys.values(), *(key for keys in pages.values() for key in keys)])
    jobs = {each: diaries.from_batch(found, org, each, weeks).jobs for each in assignment.crew}
    begun = {job for each in jobs.values() for job in logbook.started_ids(each, now)} - {assignment.id}
    return Crew(
        law=context.hours_rules_of(found.get(Organization, house_key)),
        drivers=[found.get(Driver, key) for key in driver_keys.values()],
        jobs=jobs,
        known={**repository.find_by_ids(org, begun), assignment.id: assignment},
    )


def require_legal_hours(assignment: Assignment, now: datetime) -> None:
    """Raises Conflict when somebody of the crew may not drive the trip as it is planned, beginning now at the soonest.

    A trip that begins late is judged as late as it begins.
    """
    crew = load_crew(assignment, now)
    late = max(timedelta(), now - assignment.starts_at)
    wrong: list[FieldError] = []
    for name, driver, duty in zip(
        ("driver_id", "second_driver_id"), crew.drivers, (assignment.duty, assignment.second_duty), strict=False
    ):
        if not duty:
            continue
        others = Crew(crew.law, crew.drivers, _exclude_assignment(crew.jobs, assignment.id), crew.known)
        zone = ZoneInfo(driver.timezone)
        job = conflicts.move_block(_duty_block(assignment, duty), assignment.starts_at + late)
        before = [each for each in others.jobs[driver.id] if each.starts_at < job.starts_at]
        plan = logbook.block_segments(before, job, crew.law.ruleset.rest)
        history = others.history(driver, plan[0].start, now)
        verdict = check(history, plan, crew.law.ruleset, daily_carrier=crew.law.daily_carrier, home=zone)
        if verdict.verdict is Answer.UNKNOWN:
            wrong.append(FieldError(name, _unknown_hours_message(driver, others, now)))
        wrong += [
            FieldError(
                name,
                f"{driver.name} would exceed the {found.rule} limit at {found.at.astimezone(zone):%Y-%m-%d %H:%M %Z} "
                f"({found.citation})",
            )
            for found in verdict.violations
        ]
    if wrong:
        said = "; ".join(each.message for each in wrong)
        raise errors.Conflict(said, title="the hours of service do not allow it", fields=wrong)


def _duty_block(assignment: Assignment, duty: list[Segment]) -> DutyBlock:
    """What an assignment is in the diary of a driver who has this duty in it."""
    return DutyBlock(
        assignment_id=assignment.id,
        charter_id=assignment.charter_id,
        number=assignment.charter_number,
        starts_at=assignment.starts_at,
        ends_at=assignment.ends_at,
        pickup_at=assignment.pickup_at,
        dropoff_at=assignment.dropoff_at,
        begins=assignment.stops[0].place,
        finishes=assignment.stops[-1].place,
        duty=duty,
    )


def _exclude_assignment(jobs: dict[str, list[DutyBlock]], assignment_id: str) -> dict[str, list[DutyBlock]]:
    return {who: [job for job in each if job.assignment_id != assignment_id] for who, each in jobs.items()}


def _unknown_hours_message(driver: Driver, crew: Crew, now: datetime) -> str:
    """What is missing: most often somebody forgot to check out."""
    left = [
        job.number
        for job in crew.jobs[driver.id]
        if job.ends_at <= now and (known := crew.known.get(job.assignment_id)) and known.checked_out_at is None
    ]
    why = f": check out of {', '.join(dict.fromkeys(left))} first" if left else ""
    return f"what {driver.name} did in the days before is not known{why} (49 CFR 395.8)"


def may_drive_until(assignment: Assignment, now: datetime) -> datetime:
    """How long the vehicle may be driven from now on without a rest, by its drivers one after the other.

    Holes in a log are read as rest: nobody is accused of what is not known. Two reads.
    """
    crew = load_crew(assignment, now)
    return max(_crew_drives_until(crew, order, now) for order in permutations(crew.drivers))


def _crew_drives_until(crew: Crew, order: Sequence[Driver], now: datetime) -> datetime:
    """Until when these drive from now on, in this order, each as long as they may; who waits rides along."""
    law, furthest, at = crew.law, now + _HORIZON, now
    for driver in order:
        if at >= furthest:
            break
        riding = [Segment(start=now, end=at, status=Status.ON, riding=True)] if now < at else []
        ahead = [*riding, Segment(start=at, end=furthest, status=Status.DRIVING)]
        history, zone = crew.history(driver, now, now), ZoneInfo(driver.timezone)
        found = violations(history, ahead, law.ruleset, daily_carrier=law.daily_carrier, home=zone)
        at = min((each.at for each in found), default=furthest)
    return at
