"""Timer job: detect trips that do not start, and vehicles that are late or whose drivers exceed their hours.

Most alarms are raised when positions arrive; the timer covers vehicles that send none. Each assignment has a
`MonitoringSchedule`, indexed by the hour of its next check; once the trip is over, by the day on which its positions
are archived.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from coachway.contracts.dispatch.assignments import TripNotStarted
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.hourly_sweep import sweep
from coachway.core.party_reference import DRIVER
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Op, Remove, Update
from coachway.core.schemas import BaseSchema
from coachway.dispatch.assignments import event_payloads as assignment_event_payloads
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.monitoring_schedule import DUE, MonitoringSchedule
from coachway.dispatch.tracking import geofence, lateness, position_store, stop_event_service
from coachway.dispatch.tracking.position_encoding import GpsPosition
from coachway.fleet.model import Driver

_TIMER: Final = "dispatch-watch"
ARCHIVED_AFTER: Final = timedelta(days=28)
_MINUTE: Final = timedelta(minutes=1)


class MonitorResult(BaseSchema):
    """Counts of one run: assignments checked, events sent, trips over, assignments left for the next run."""

    checked: int = 0
    not_started: int = 0
    alarms: int = 0
    over: int = 0
    failed: int = 0


def run() -> MonitorResult:
    """Check the assignments that are due. Repeating a check does not repeat its events."""
    return MonitorResult(**sweep(_TIMER, MonitoringSchedule, DUE, _check_assignment))


def _check_assignment(indexed_schedule: MonitoringSchedule, now: datetime) -> Mapping[str, int]:
    caller = Caller.system(_TIMER, indexed_schedule.org_id)
    key = repository.assignment_key(indexed_schedule.org_id, indexed_schedule.assignment_id)
    batch = store.batch_get([indexed_schedule.key(), key])
    schedule, assignment = batch.find(MonitoringSchedule, indexed_schedule.key()), batch.find(Assignment, key)
    if schedule is None or schedule.is_over or schedule.due > now:
        return {}
    counts = Counter(checked=1)
    if assignment is None:
        store.commit(caller, Remove(schedule))
        return counts
    after = _raise_alarms(caller, assignment, now, counts)
    store.commit(caller, _reschedule_op(schedule, after, now, counts))
    return counts


def _reschedule_op(schedule: MonitoringSchedule, assignment: Assignment, now: datetime, counts: Counter[str]) -> Op:
    due = lateness.calculate_next_check_time(assignment, now)
    if due is not None:
        return Update(schedule, schedule.model_copy(update={"due": due}))
    counts["over"] += 1
    if assignment.checked_in_at is None:
        return Remove(schedule)
    return Update(schedule, schedule.model_copy(update={"due": now + ARCHIVED_AFTER, "is_over": True}))


def _raise_alarms(caller: Caller, before: Assignment, now: datetime, counts: Counter[str]) -> Assignment:
    """Commit the events that are due now. Return the assignment as it is afterwards."""
    if not before.status.is_live:
        return before
    progress = geofence.apply_recorded_events(before.stops)
    counted: list[GpsPosition] = []
    if before.status.is_under_way:
        progress, counted = position_store.load_progress(before.org_id, before.id, before.stops)
    if stop_event_service.find_confirmed_positions(counted, now) is not None:
        after = stop_event_service.raise_alarms(caller, before, progress, counted)
        counts["alarms"] += after is not before
        return after
    after = before.model_copy()
    events: list[Event] = []
    if lateness.is_check_in_overdue(before, now):
        events.append(_not_started_event(before, now))
        after.check_in_alarm_at = now
        counts["not_started"] += 1
    alarms = stop_event_service.build_late_risk_events(
        before, after, lateness.calculate_minimum_lateness(before, progress, now), None
    )
    alarms += stop_event_service.build_hours_exceeded_events(
        before, after, driven_at=None if progress.is_at_stop else now
    )
    counts["alarms"] += len(alarms)
    if not events and not alarms:
        return before
    store.commit(caller, Update(before, after, [*events, *alarms]))
    return after


def _not_started_event(assignment: Assignment, now: datetime) -> Event:
    drivers = store.find_many(
        Driver, [DRIVER.key(org=assignment.org_id, id=driver_id) for driver_id in assignment.crew]
    )
    by_id = {item.id: item for item in drivers.values()}
    driver, second = by_id.get(assignment.driver_id), by_id.get(assignment.second_driver_id or "")
    minutes = (now - assignment.starts_at) // _MINUTE
    return TripNotStarted(
        **assignment_event_payloads.assignment_event_fields(assignment, driver, second), minutes=minutes
    )
