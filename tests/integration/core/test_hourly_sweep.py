"""Timers, retries of lost races, lists by month, and the guard of organizations in transactions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from pydantic import AwareDatetime

from coachway.core import errors, hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Remove, Update
from coachway.core.persistence.queries import query_by_month
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import PageQuery
from coachway.core.types import ids
from coachway.core.types.datetimes import sortable

TASK = AccessPattern("a task", pk="ORG#{org}#TASK#{id}", sk="HEAD")
DUE = AccessPattern("tasks by the hour in which they are due", index="gsi1", pk="TASKS_DUE#{hour}", sk="{due}#{id}")
BY_MONTH = AccessPattern("tasks, newest first", index="gsi2", pk="ORG#{org}#TASKS#{month}", sk="{id}")


class Task(Entity):
    KIND: ClassVar[str] = "task"

    due: AwareDatetime
    done: int = 0

    def key(self) -> Key:
        return TASK.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        due = sortable(self.due)
        month = f"{ids.created_at_of(self.id):%Y-%m}"
        listed = {"gsi2": BY_MONTH.key(org=self.org_id, month=month, id=self.id)}
        return listed if self.done else listed | {"gsi1": DUE.key(hour=due[:13], due=due, id=self.id)}


NOW = datetime(2027, 3, 3, 9, 30, tzinfo=UTC)
ORG = "org_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
CALLER = Caller.system("test", ORG)


def create_task(due: datetime) -> Task:
    task = Task(id=ids.new("tsk"), org_id=ORG, due=due)
    store.commit(CALLER, Create(task))
    return task


def complete(task: Task, _now: datetime) -> str:
    before = store.get(Task, task.key())
    store.commit(CALLER, Update(before, before.model_copy(update={"done": before.done + 1})))
    return "completed"


def test_sweep_handles_what_is_due_and_nothing_else() -> None:
    with clock.frozen(NOW):
        due = [create_task(NOW - timedelta(hours=hours)) for hours in (30, 2, 0)]
        later = create_task(NOW + timedelta(minutes=1))
        assert hourly_sweep.sweep("tasks", Task, DUE, complete) == {"failed": 0, "completed": 3}
        assert [store.get(Task, task.key()).done for task in [*due, later]] == [1, 1, 1, 0]
        assert hourly_sweep.sweep("tasks", Task, DUE, complete) == {"failed": 0}


def test_sweep_reads_every_page_of_an_hour() -> None:
    with clock.frozen(NOW):
        tasks = [create_task(NOW - timedelta(minutes=minute)) for minute in range(7)]
        assert hourly_sweep.sweep("tasks", Task, DUE, complete, limit=2) == {"failed": 0, "completed": len(tasks)}


def test_sweep_retries_the_hour_of_a_failed_record_in_the_next_run() -> None:
    with clock.frozen(NOW):
        first, second = create_task(NOW - timedelta(hours=3)), create_task(NOW - timedelta(hours=2))

        def fail_for_first(task: Task, now: datetime) -> str:
            if task.id == first.id:
                raise errors.ConcurrentUpdate
            return complete(task, now)

        assert hourly_sweep.sweep("tasks", Task, DUE, fail_for_first) == {"failed": 1, "completed": 1}
        assert hourly_sweep.sweep("tasks", Task, DUE, complete) == {"failed": 0, "completed": 1}
        assert [store.get(Task, task.key()).done for task in (first, second)] == [1, 1]


def test_sweep_adds_up_the_counts_of_a_record() -> None:
    with clock.frozen(NOW):
        for _ in range(2):
            create_task(NOW)
        counts = hourly_sweep.sweep("tasks", Task, DUE, lambda _task, _now: {"seen": 1, "pages": 3})
        assert counts == {"failed": 0, "seen": 2, "pages": 6}


def test_handle_due_records_leaves_the_run_open() -> None:
    with clock.frozen(NOW):
        create_task(NOW)
        run = hourly_sweep.begin("tasks")
        assert hourly_sweep.handle_due_records(run, Task, DUE, complete) == {"failed": 0, "completed": 1}
        assert hourly_sweep.begin("tasks").done is None
        run.finish()
        assert hourly_sweep.begin("tasks").done is not None


def test_sweep_ignores_an_outcome_without_a_name() -> None:
    with clock.frozen(NOW):
        create_task(NOW)
        assert hourly_sweep.sweep("tasks", Task, DUE, lambda _task, _now: "") == {"failed": 0}


def test_retry_on_conflict_calls_again_until_it_succeeds() -> None:
    calls = []

    @retry_on_conflict
    def attempt(value: int) -> int:
        calls.append(value)
        if len(calls) < 3:
            raise errors.ConcurrentUpdate
        return value

    assert (attempt(7), calls) == (7, [7, 7, 7])


def test_retry_on_conflict_gives_up_after_ten_calls_and_passes_other_errors_on() -> None:
    calls = []

    @retry_on_conflict
    def attempt(error: errors.Error) -> None:
        calls.append(error)
        raise error

    with pytest.raises(errors.ConcurrentUpdate):
        attempt(errors.ConcurrentUpdate())
    assert len(calls) == 10
    with pytest.raises(errors.NotFound):
        attempt(errors.NotFound())
    assert len(calls) == 11


def test_query_by_month_lists_newest_first_over_months() -> None:
    with clock.frozen(NOW - timedelta(days=70)):
        org = ids.new("org")
    caller, tasks = Caller.system("test", org), []
    for days in (69, 40, 1):
        with clock.frozen(NOW - timedelta(days=days)):
            tasks.append(Task(id=ids.new("tsk"), org_id=org, due=NOW))
            store.commit(caller, Create(tasks[-1]))
    with clock.frozen(NOW):
        first = query_by_month(Task, BY_MONTH, caller, PageQuery(limit=2))
        rest = query_by_month(Task, BY_MONTH, caller, PageQuery(limit=2, cursor=first.next_cursor))
    assert [task.id for task in [*first.items, *rest.items]] == [task.id for task in reversed(tasks)]
    assert rest.next_cursor is None


def test_commit_of_another_organizations_record_is_refused() -> None:
    other = Task(id=ids.new("tsk"), org_id="org_01K3ZV8N6Y3T5G7H9J1M2P4R6T", due=NOW)
    for op in (Create(other), Update(other, other), Remove(other)):
        with pytest.raises(RuntimeError, match="cannot be written for org_01K3ZV8N6Y3T5G7H9J1M2P4R6S"):
            store.commit(CALLER, op)
    assert store.find(Task, other.key()) is None
