"""When an assignment must be checked next: a record beside each assignment, indexed by hour."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import AwareDatetime

from coachway.core import hourly_sweep
from coachway.core.persistence.operations import Create, Op
from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.runtime import clock
from coachway.core.types.datetimes import sortable, sortable_day, sortable_hour
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import GRACE

SCHEDULE = AccessPattern(
    "when an assignment is checked next",
    pk="ORG#{org}#ASSIGNMENT#{assignment}",
    sk="WATCH",
)


DUE = AccessPattern(
    "assignments of all organizations by the hour of their next check, for the timer",
    index="gsi1",
    pk="ASSIGNMENTS_DUE#{hour}",
    sk="{due}#{assignment}",
)


TO_ARCHIVE = AccessPattern(
    "finished trips of all organizations by the day on which their positions are archived",
    index="gsi1",
    pk="TRAILS_TO_ARCHIVE#{day}",
    sk="{due}#{assignment}",
)


class MonitoringSchedule(Record):
    """When an assignment is checked next; once `is_over`, when its positions are archived."""

    KIND: ClassVar[str] = "watch"

    org_id: str
    assignment_id: str
    due: AwareDatetime
    is_over: bool = False
    is_filed: bool = False

    def key(self) -> Key:
        return SCHEDULE.key(org=self.org_id, assignment=self.assignment_id)

    def indexes(self) -> Mapping[str, Key]:
        due = sortable(self.due)
        if self.is_over:
            return {"gsi1": TO_ARCHIVE.key(day=sortable_day(self.due), due=due, assignment=self.assignment_id)}
        return {"gsi1": DUE.key(hour=sortable_hour(self.due), due=due, assignment=self.assignment_id)}


def create_schedule_op(assignment: Assignment) -> Op:
    """Return the operation that schedules the first check of a new assignment.

    The check is never due in an hour that the timer may have finished, even if the duty should have begun long ago.
    """
    due = max(assignment.starts_at + GRACE, hourly_sweep.find_earliest_due_time(clock.now()))
    return Create(MonitoringSchedule(org_id=assignment.org_id, assignment_id=assignment.id, due=due))
