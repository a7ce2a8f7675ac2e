"""Recurring series on the deployed stack, also when the function that creates them is killed."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest

from coachway.bookings.series.outbox import UNDELIVERED, OutboxBatch
from coachway.core.persistence.transaction import to_item
from tests.stack import Stack, eventually
from tests.workflows.faults import EventRecorder, kill_workers, list_stored_events
from tests.workflows.organization_builders import Operator

pytestmark = pytest.mark.xdist_group("restart")

WEEKS = 52
WEEKLY = f"/charters/recurring?recurrence_rule=weekly&instance_count={WEEKS}"


def _create(operator: Operator, key: str = "") -> httpx.Response:
    return operator.send("POST", WEEKLY, operator.charter_body(), **({"idempotency_key": key} if key else {}))


def _require_complete(operator: Operator, series: int) -> None:
    """Require a number of complete series, with their charters, numbers and counts, and nothing else."""
    charters = operator.list_all("/charters")
    assert len(charters) == series * WEEKS
    assert Counter(Counter(charter["series_id"] for charter in charters).values()) == (
        {WEEKS: series} if series else {}
    )
    numbers: dict[str, list[int]] = {}
    for charter in charters:
        year, number = charter["number"].split("-")[1:]
        numbers.setdefault(year, []).append(int(number))
    assert all(sorted(sequence) == list(range(1, len(sequence) + 1)) for sequence in numbers.values())
    summary = operator.call("GET", "/charters/dashboard-summary")
    assert (summary["total"], summary["open_value"]) == (series * WEEKS, series * WEEKS * 726.5)


def _require_all_published(operator: Operator, recorder: EventRecorder, series: int) -> None:
    """Require that each charter has one published event in its history, and its quote."""
    expected = {"charter.created": series * WEEKS, "quote.calculated": series * WEEKS, "series.created": series}
    counts = Counter(each.type for each in list_stored_events(operator))
    assert {name: counts[name] for name in expected} == expected
    event_ids = {each.event_id for each in list_stored_events(operator) if each.type in expected}
    eventually(lambda: event_ids <= set(recorder.list_event_ids()), 60, "not everything was published")
    quotes = {each["id"] for each in operator.list_all("/pricing/quotes")}
    assert {each["quote"]["id"] for each in operator.list_all("/charters")} <= quotes


def _pending_batches(operator: Operator) -> list[dict[str, Any]]:
    """Undelivered batches of this organization."""
    response = operator.stack.client("dynamodb").query(
        TableName=operator.stack.table,
        IndexName="gsi1",
        KeyConditionExpression="gsi1pk = :lying",
        ExpressionAttributeValues={":lying": {"S": UNDELIVERED.partition()}},
    )
    return [each for each in response["Items"] if each["pk"]["S"].startswith(f"ORG#{operator.org_id}#")]


def test_create_series_of_52_charters_at_once(restart_stack: Stack, recorder: EventRecorder) -> None:
    operator = Operator.create(restart_stack)
    response = _create(operator)
    assert response.status_code == 201, response.text
    charters = response.json()["items"]
    assert [each["instance_number"] for each in charters] == list(range(1, WEEKS + 1))
    assert {each["series_total"] for each in charters} == {WEEKS}
    # Nine o'clock in New York, in winter and in summer.
    assert {each["stops"][0]["estimated_departure"][11:16] for each in charters} == {"09:00"}
    _require_complete(operator, 1)
    assert _pending_batches(operator) == []
    _require_all_published(operator, recorder, 1)
    history = operator.list_history(charters[-1]["id"])
    assert [each["type"] for each in history] == ["charter.created"]


def test_create_series_killed_is_complete_or_absent(restart_stack: Stack, recorder: EventRecorder) -> None:
    operator = Operator.create(restart_stack)
    operator.call("GET", "/charters/dashboard-summary")
    with ThreadPoolExecutor(1) as thread:
        for seconds in (0.02, 0.2, 0.5):
            future = thread.submit(_create, operator, "weekly")
            time.sleep(seconds)
            kill_workers(restart_stack, "bookings-api")
            future.result()
            _require_complete(operator, 1 if operator.list_all("/charters") else 0)
    response = eventually(lambda: _create_if_available(operator), 60)
    assert len(response.json()["items"]) == WEEKS
    _require_complete(operator, 1)
    _deliver(operator)
    _require_all_published(operator, recorder, 1)


def _create_if_available(operator: Operator) -> httpx.Response | None:
    response = _create(operator, "weekly")
    return response if response.status_code == 201 else None


def test_timer_delivers_batches_of_killed_request(restart_stack: Stack, recorder: EventRecorder) -> None:
    operator = Operator.create(restart_stack)
    operator.call("GET", "/charters/dashboard-summary")
    with ThreadPoolExecutor(1) as thread:
        for attempt in range(1, 6):
            future = thread.submit(_create, operator)
            _kill_between(restart_stack, operator, future)
            _require_complete(operator, attempt)
            if _pending_batches(operator):
                break
    assert _pending_batches(operator), "the function was never killed between the series and its events"
    _run_timer(restart_stack)
    assert _pending_batches(operator), "a function may still be publishing a batch that is a minute old"
    _deliver(operator)
    _require_all_published(operator, recorder, attempt)


def _kill_between(restart_stack: Stack, operator: Operator, future: Future[httpx.Response]) -> None:
    """Kill the function as soon as its transaction is visible."""
    while not future.done():
        if _pending_batches(operator):
            kill_workers(restart_stack, "bookings-api")
            break
    future.result()


def _run_timer(restart_stack: Stack) -> dict[str, int]:
    response = restart_stack.client("lambda").invoke(
        FunctionName=restart_stack.function("bookings-schedule"), Payload=b"{}"
    )
    result: dict[str, int] = json.loads(response["Payload"].read())
    assert "FunctionError" not in response, result
    return result


def _deliver(operator: Operator) -> None:
    """Age the pending batches by two minutes and run two timers at the same time: nothing is published twice."""
    table = operator.stack.client("dynamodb")
    pending = _pending_batches(operator)
    for each in pending:
        batch = OutboxBatch.model_validate_json(each["doc"]["S"])
        batch.packed_at -= timedelta(minutes=2)
        table.put_item(TableName=operator.stack.table, Item=to_item(batch))
    with ThreadPoolExecutor(2) as threads:
        result = list(threads.map(lambda _: _run_timer(operator.stack), range(2)))
    assert sum(each["delivered"] for each in result) == len(pending)
    assert _pending_batches(operator) == []
