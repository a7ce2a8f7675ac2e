"""A minimal entity with a due time, for the tests of the store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from pydantic import AwareDatetime

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.types import ids
from coachway.core.types.datetimes import sortable, sortable_hour

TASK = AccessPattern("a task", pk="ORG#{org}#TASK#{id}", sk="HEAD")
DUE = AccessPattern("tasks by the hour in which they are due", index="gsi1", pk="TASKS_DUE#{hour}", sk="{due}#{id}")
BY_MONTH = AccessPattern("tasks, newest first", index="gsi2", pk="ORG#{org}#TASKS#{month}", sk="{id}")


class Task(Entity):
    KIND: ClassVar[str] = "task"

    due: AwareDatetime
    done: int = 0
    title: str = ""

    def key(self) -> Key:
        return TASK.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        due = sortable(self.due)
        month = f"{ids.get_created_at(self.id):%Y-%m}"
        keys = {"gsi2": BY_MONTH.key(org=self.org_id, month=month, id=self.id)}
        return keys if self.done else keys | {"gsi1": DUE.key(hour=sortable_hour(self.due), due=due, id=self.id)}


NOW = datetime(2027, 3, 3, 9, 30, tzinfo=UTC)
ORG = "org_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
CALLER = Caller.system("test", ORG)


def create_task(due: datetime) -> Task:
    task = Task(id=ids.new("tsk"), org_id=ORG, due=due)
    store.commit(CALLER, Create(task))
    return task
