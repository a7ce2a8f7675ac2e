"""Hourly sweeps over records that are due."""

from __future__ import annotations

from datetime import datetime, timedelta

from coachway.core import errors, hourly_sweep, store
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from tests.integration.core.task_builders import CALLER, DUE, NOW, Task, create_task


def complete(task: Task, _now: datetime) -> str:
    before = store.get(Task, task.key())
    store.commit(CALLER, Update(before, before.model_copy(update={"done": before.done + 1})))
    return "completed"


def test_sweep_handles_due_records_only() -> None:
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


def test_sweep_adds_up_the_counts_of_all_records() -> None:
    with clock.frozen(NOW):
        for _ in range(2):
            create_task(NOW)
        counts = hourly_sweep.sweep("tasks", Task, DUE, lambda _task, _now: {"seen": 1, "pages": 3})
        assert counts == {"failed": 0, "seen": 2, "pages": 6}


def test_handle_due_records_leaves_the_run_open() -> None:
    with clock.frozen(NOW):
        create_task(NOW)
        run = hourly_sweep.begin_timer_run("tasks")
        assert hourly_sweep.handle_due_records(run, Task, DUE, complete) == {"failed": 0, "completed": 1}
        assert hourly_sweep.begin_timer_run("tasks").last_run is None
        run.finish()
        assert hourly_sweep.begin_timer_run("tasks").last_run is not None


def test_sweep_ignores_an_outcome_without_a_name() -> None:
    with clock.frozen(NOW):
        create_task(NOW)
        assert hourly_sweep.sweep("tasks", Task, DUE, lambda _task, _now: "") == {"failed": 0}


def test_finish_of_two_runs_at_the_same_time_keeps_the_first_mark() -> None:
    for now in (NOW, NOW + timedelta(hours=1)):
        with clock.frozen(now):
            runs = [hourly_sweep.begin_timer_run("tasks") for _ in range(2)]
            for run in runs:
                run.finish()
            last_run = hourly_sweep.begin_timer_run("tasks").last_run
            assert last_run is not None
            assert last_run.until == now.replace(minute=0, second=0, microsecond=0)
