"""Lists by month."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.core.persistence.queries import query_by_month
from coachway.core.runtime import clock
from coachway.core.schemas import PageQuery
from coachway.core.types import ids
from tests.integration.core.task_builders import BY_MONTH, NOW, Task


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


def test_query_page_ends_before_the_limit_of_a_response() -> None:
    org = ids.new("org")
    caller = Caller.system("test", org)
    tasks = [Task(id=ids.new("tsk"), org_id=org, due=clock.now(), title="🚌" * 90_000) for _ in range(15)]
    for task in tasks:
        store.commit(caller, Create(task))
    first = query_by_month(Task, BY_MONTH, caller, PageQuery(limit=20))
    rest = query_by_month(Task, BY_MONTH, caller, PageQuery(limit=20, cursor=first.next_cursor))
    assert sum(len(task.model_dump_json().encode()) for task in first.items) < 5_000_000
    assert [task.id for task in [*first.items, *rest.items]] == [task.id for task in reversed(tasks)]
    assert rest.next_cursor is None


def test_commit_of_an_item_that_the_table_cannot_store_is_refused() -> None:
    org = ids.new("org")
    task = Task(id=ids.new("tsk"), org_id=org, due=clock.now(), title="🚌" * 100_000)
    with pytest.raises(errors.TooLarge, match="Use shorter texts"):
        store.commit(Caller.system("test", org), Create(task))
    assert store.find(Task, task.key()) is None
