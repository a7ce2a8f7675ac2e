"""A driver's remaining hours of service, and when hours become available again: 49 CFR 395.3 and 395.5."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.party_reference import DRIVER
from coachway.core.runtime import clock
from coachway.core.types.durations import round_hours
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import EARLIEST_CHECK_IN, REACH, list_iso_weeks
from coachway.dispatch.diaries import service as diaries
from coachway.dispatch.diaries.model import DutyBlock
from coachway.dispatch.driver_hours import logbook
from coachway.dispatch.driver_hours.schemas import DriverHours, RegainedHours, UnknownPeriod, WorkedDay
from coachway.fleet.access_checks import require_own_driver
from coachway.fleet.model import Driver
from coachway.hours.model import Legality, Rule, Ruleset, Segment
from coachway.hours.rules import check_hours
from coachway.hours.rulesets import RULESETS
from coachway.hours.timeline import ActivityKind, Interval, build_timeline
from coachway.identity.model.organization import ORGANIZATIONS, Organization

_ZERO: Final = timedelta()
_DAY: Final = timedelta(days=1)


def get_driver_hours(caller: Caller, driver_id: str) -> DriverHours:
    """Get a driver's remaining hours now. Raises NotFound, also when another driver asks for them. Two reads."""
    require_own_driver(caller, driver_id)
    org_id, now = caller.org_id, clock.now()
    driver_key, organization_key = DRIVER.key(org=org_id, id=driver_id), ORGANIZATIONS.key(org=org_id)
    week_names = list_iso_weeks(now - REACH, now + EARLIEST_CHECK_IN)
    batch = store.batch_get([driver_key, organization_key, *diaries.page_keys(org_id, driver_id, week_names)])
    driver, policy = batch.get(Driver, driver_key), batch.get(Organization, organization_key).hours_policy
    blocks = diaries.build_diary(batch, org_id, driver_id, week_names).blocks
    started = repository.find_by_ids(org_id, logbook.list_started_assignment_ids(blocks, now))
    begun_blocks = [block for block in blocks if logbook.has_begun(block, started, now)]
    return compute_driver_hours(
        driver, begun_blocks, started, RULESETS[policy.ruleset], now, daily_carrier=policy.daily_carrier
    )


def compute_driver_hours(
    driver: Driver,
    blocks: Sequence[DutyBlock],
    started: Mapping[str, Assignment],
    rules: Ruleset,
    now: datetime,
    *,
    daily_carrier: bool,
) -> DriverHours:
    """Compute a driver's remaining hours. `blocks` have begun; `started` are their assignments by id. Pure."""
    zone, cycle = ZoneInfo(driver.timezone), rules.cycle(daily_carrier)
    today = now.astimezone(zone).date()
    since = _midnight(today - timedelta(days=cycle.days), zone)
    log = logbook.build_log(driver, blocks, started, since, now, now, rules.rest)
    unknown_periods = _unknown_periods(
        driver, blocks, started, log, _midnight(today - timedelta(days=cycle.days - 1), zone), now
    )
    verdict = check_hours(log, [], rules, daily_carrier=daily_carrier, home_zone=zone)
    remaining = verdict.remaining if not unknown_periods and verdict.verdict is not Legality.UNKNOWN else None
    intervals = build_timeline(log, rules.rest).intervals if log else ()
    days = [_build_day(intervals, today - timedelta(days=days_ago), zone) for days_ago in range(cycle.days)]
    return DriverHours(
        driver_id=driver.id,
        driver_name=driver.name,
        timezone=driver.timezone,
        as_of=now,
        ruleset=rules.name,
        hours_status="known" if remaining else "unknown",
        unknown_periods=unknown_periods,
        status=log[-1].status if log and log[-1].end >= now else None,
        drive_hours_left=_round_down_hours(remaining.drive) if remaining else None,
        duty_hours_left=_round_down_hours(remaining.duty) if remaining else None,
        cycle_hours_left=_round_down_hours(remaining.cycle) if remaining else None,
        cycle_days=cycle.days,
        cycle_hours=round_hours(cycle.limit),
        may_drive_from=verdict.earliest_drive_at if remaining else None,
        full_rest_ends_at=_rest_end(intervals, rules.rest, now) if remaining else None,
        regained_hours=_list_regained_hours(days, cycle.days, zone) if remaining else [],
        days=days,
        log=log,
        citations=[rules.citation(rule, daily_carrier) for rule in (Rule.DRIVE, Rule.DUTY, Rule.CYCLE)],
    )


def _unknown_periods(
    driver: Driver,
    blocks: Sequence[DutyBlock],
    started: Mapping[str, Assignment],
    log: Sequence[Segment],
    since: datetime,
    now: datetime,
) -> list[UnknownPeriod]:
    """List the gaps of a log between `since` and `now`."""
    periods, covered_until = list[UnknownPeriod](), since
    for segment in [*log, None]:
        until = segment.start if segment else now
        if covered_until < until and until > since:
            periods.append(_explain_period(driver, blocks, started, max(covered_until, since), until))
        covered_until = max(covered_until, segment.end) if segment else now
    return periods


def _explain_period(
    driver: Driver, blocks: Sequence[DutyBlock], started: Mapping[str, Assignment], start: datetime, end: datetime
) -> UnknownPeriod:
    # A duty without a check-out may have continued after its planned end.
    block = next((candidate for candidate in reversed(blocks) if candidate.starts_at < end), None)
    if start < driver.created_at.astimezone(UTC) or block is None:
        reason = "The driver's statement of the days before they were added is missing (49 CFR 395.8(j)(2))."
        return UnknownPeriod(starts_at=start, ends_at=end, reason=reason)
    assignment = started.get(block.assignment_id)
    if assignment is None or assignment.checked_in_at is None:
        reason = f"{block.number} should be over, but the driver did not check in. Record what the driver did."
    else:
        reason = f"{block.number} should be over, but the driver did not check out. Record when the duty ended."
    return UnknownPeriod(starts_at=start, ends_at=end, reason=reason, assignment_id=block.assignment_id)


def _rest_end(intervals: Sequence[Interval], rest: timedelta, now: datetime) -> datetime | None:
    """When the current full rest ends, or one that begins now; None when the driver is rested."""
    if not intervals or intervals[-1].kind is not ActivityKind.REST:
        return now + rest
    rest_end = intervals[-1].start + rest
    return rest_end if rest_end > now else None


def _build_day(intervals: Sequence[Interval], day: date, zone: ZoneInfo) -> WorkedDay:
    start, end = _midnight(day, zone), _midnight(day + _DAY, zone)
    driving, on_duty = _ZERO, _ZERO
    for interval in intervals:
        overlap = min(interval.end, end) - max(interval.start, start)
        if overlap > _ZERO and interval.kind is not ActivityKind.REST:
            on_duty += overlap
            driving += overlap if interval.kind is ActivityKind.DRIVE else _ZERO
    return WorkedDay(day=day, driving_hours=round_hours(driving), on_duty_hours=round_hours(on_duty))


def _list_regained_hours(days: Sequence[WorkedDay], cycle_days: int, zone: ZoneInfo) -> list[RegainedHours]:
    return [
        RegainedHours(available_at=_midnight(day.day + timedelta(days=cycle_days), zone), hours=day.on_duty_hours)
        for day in reversed(days)
        if day.on_duty_hours
    ]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _round_down_hours(length: timedelta) -> float:
    """Hours, rounded down so that the result never exceeds the legal limit."""
    return length // timedelta(seconds=36) / 100
