"""Timer: detect trips that do not start, and vehicles that are late or driven too long.

Most alarms are raised when positions arrive; the timer covers vehicles that send none. Each assignment has a
`MonitoringSchedule`, indexed by the hour of its next check; once the trip is over, by the day on which its positions
are archived.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from coachway.contracts.dispatch.assignments import TripUnstarted
from coachway.core import errors, hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Op, Remove, Update
from coachway.core.persistence.queries import query_page
from coachway.core.runtime.logging import logger
from coachway.core.schemas import BaseSchema, PageQuery
from coachway.core.types.datetimes import sortable
from coachway.dispatch.assignments import event_payloads as assignment_event_payloads
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.monitoring_schedule import DUE, MonitoringSchedule
from coachway.dispatch.tracking import geofence, lateness, position_store, progress_writer
from coachway.dispatch.tracking.position_encoding import Fix
from coachway.fleet.model import DRIVER, Driver

_TIMER: Final = "dispatch-watch"
ARCHIVED_AFTER: Final = timedelta(days=28)
_MINUTE: Final = timedelta(minutes=1)


class MonitorResult(BaseSchema):
    """The result of a run: assignments checked, alarms raised, and assignments left for the next run."""

    checked: int = 0
    unstarted: int = 0
    alarms: int = 0
    over: int = 0
    failed: int = 0


def run() -> MonitorResult:
    """Check the assignments that are due. A failed hour is repeated; no alarm is sent twice."""
    work, result = hourly_sweep.begin(_TIMER), MonitorResult()
    for hour in work.hours():
        _check_hour(hour, work.now, result)
    if not result.failed:
        work.finish()
    return result


def _check_hour(hour: datetime, now: datetime, result: MonitorResult) -> None:
    query: PageQuery | None = PageQuery(limit=100)
    while query is not None:
        partition = DUE.partition(hour=sortable(hour)[:13])
        due = query_page(MonitoringSchedule, DUE, [partition], query, between=("0", f"{sortable(now)}~"))
        for schedule in due.items:
            try:
                _check_assignment(schedule, now, result)
            except errors.ConcurrentUpdate:
                result.failed += 1
                logger.warning("the assignment changed during the check; it is retried", id=schedule.assignment_id)
        query = PageQuery(limit=100, cursor=due.next_cursor) if due.next_cursor else None


def _check_assignment(indexed: MonitoringSchedule, now: datetime, result: MonitorResult) -> None:
    """Check an assignment by its current schedule and record, because the index may be outdated."""
    caller = Caller.system(_TIMER, indexed.org_id)
    key = repository.assignment_key(indexed.org_id, indexed.assignment_id)
    batch = store.batch_get([indexed.key(), key])
    schedule, assignment = batch.find(MonitoringSchedule, indexed.key()), batch.find(Assignment, key)
    if schedule is None or schedule.is_over or schedule.due > now:
        return
    result.checked += 1
    if assignment is None:
        store.commit(caller, Remove(schedule))
        return
    after = _raise_alarms(caller, assignment, now, result)
    store.commit(caller, *_reschedule(schedule, after, now, result))


def _reschedule(schedule: MonitoringSchedule, assignment: Assignment, now: datetime, result: MonitorResult) -> list[Op]:
    due = lateness.next_check_at(assignment, now)
    if due is not None:
        return [Update(schedule, schedule.model_copy(update={"due": due}))]
    result.over += 1
    if assignment.checked_in_at is None:
        return [Remove(schedule)]
    return [Update(schedule, schedule.model_copy(update={"due": now + ARCHIVED_AFTER, "is_over": True}))]


def _raise_alarms(caller: Caller, before: Assignment, now: datetime, result: MonitorResult) -> Assignment:
    """Raise the alarms that are due, and return the assignment after that."""
    if not before.status.is_live:
        return before
    progress = geofence.known_progress(before.stops)
    counted: list[Fix] = []
    if before.status.is_under_way:
        progress, counted = position_store.load_progress(before.org_id, before.id, before.stops)
    if counted and now - counted[-1].at <= progress_writer.FRESH:
        after = progress_writer.raise_alarms(caller, before, progress, counted)
        result.alarms += after is not before
        return after
    after = before.model_copy()
    events: list[Event] = []
    if lateness.is_unstarted(before, now):
        events.append(_unstarted_event(before, now))
        after.unstarted_at = now
        result.unstarted += 1
    alarms = progress_writer.late_risk_events(before, after, lateness.minimum_lateness(before, progress, now), None)
    alarms += progress_writer.hours_exceeded_events(before, after, driven_at=None if progress.there else now)
    result.alarms += len(alarms)
    if not events and not alarms:
        return before
    store.commit(caller, Update(before, after, [*events, *alarms]))
    return after


def _unstarted_event(assignment: Assignment, now: datetime) -> Event:
    drivers = store.find_many(
        Driver, [DRIVER.key(org=assignment.org_id, id=driver_id) for driver_id in assignment.crew]
    )
    by_id = {item.id: item for item in drivers.values()}
    driver, second = by_id.get(assignment.driver_id), by_id.get(assignment.second_driver_id or "")
    minutes = (now - assignment.starts_at) // _MINUTE
    return TripUnstarted(
        **assignment_event_payloads.assignment_event_fields(assignment, driver, second), minutes=minutes
    )
