"""Lists by month."""

from __future__ import annotations

from datetime import timedelta

from coachway.core import store
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
