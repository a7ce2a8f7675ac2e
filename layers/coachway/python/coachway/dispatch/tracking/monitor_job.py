"""Timer: detect trips that do not start, and vehicles that are late or driven too long.

Positions tell most of it as they come; this is for those that do not come. A watch lies beside each assignment, in the
hour in which it must be looked at; once the trip is over, in the day on which its trail goes to the archive.
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
from coachway.dispatch.assignments.watch import _MINUTE, DUE, MonitoringSchedule
from coachway.dispatch.tracking import geofence, lateness, position_store, progress_writer
from coachway.dispatch.tracking.position_encoding import Fix
from coachway.fleet.model import DRIVER, Driver

_TIMER: Final = "dispatch-watch"
ARCHIVED_AFTER: Final = timedelta(days=28)


class MonitorResult(BaseSchema):
    """What one run did: assignments looked at, what was told of them, and those left for the next run."""

    looked_at: int = 0
    unstarted: int = 0
    alarms: int = 0
    over: int = 0
    failed: int = 0


def run() -> MonitorResult:
    """Look at what is due. An hour that went wrong is gone through again; what was told is not told twice."""
    work, result = hourly_sweep.begin(_TIMER), MonitorResult()
    for at in work.hours():
        _go_through(at, work.now, result)
    if not result.failed:
        work.finish()
    return result


def _go_through(at: datetime, now: datetime, result: MonitorResult) -> None:
    query: PageQuery | None = PageQuery(limit=100)
    while query is not None:
        partition = DUE.partition(hour=sortable(at)[:13])
        due = query_page(MonitoringSchedule, DUE, [partition], query, between=("0", f"{sortable(now)}~"))
        for watch in due.items:
            try:
                _check_assignment(watch, now, result)
            except errors.ConcurrentUpdate:
                result.failed += 1
                logger.warning("an assignment changed meanwhile; it is looked at again", id=watch.assignment_id)
        query = PageQuery(limit=100, cursor=due.next_cursor) if due.next_cursor else None


def _check_assignment(indexed: MonitoringSchedule, now: datetime, result: MonitorResult) -> None:
    """By the watch itself and the assignment: what an index says may be old."""
    caller = Caller.system(_TIMER, indexed.org_id)
    key = repository.key(indexed.org_id, indexed.assignment_id)
    batch = store.batch_get([indexed.key(), key])
    schedule, assignment = batch.find(MonitoringSchedule, indexed.key()), batch.find(Assignment, key)
    if schedule is None or schedule.is_over or schedule.due > now:
        return
    result.looked_at += 1
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
    """The assignment after everything that is to be told of it now."""
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
    by_id = {driver_.id: driver_ for driver_ in drivers.values()}
    driver, second = by_id.get(assignment.driver_id), by_id.get(assignment.second_driver_id or "")
    minutes = (now - assignment.starts_at) // _MINUTE
    return TripUnstarted(
        **assignment_event_payloads.assignment_event_fields(assignment, driver, second), minutes=minutes
    )
