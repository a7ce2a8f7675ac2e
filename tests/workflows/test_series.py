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
from tests.workflows.carrier import Carrier
from tests.workflows.faults import Tap, kill, recorded

pytestmark = pytest.mark.xdist_group("restart")

WEEKS = 52
WEEKLY = f"/charters/recurring?recurrence_rule=weekly&instance_count={WEEKS}"


def _create(carrier: Carrier, key: str = "") -> httpx.Response:
    return carrier.send("POST", WEEKLY, carrier.trip(), **({"idempotency_key": key} if key else {}))


def _require_complete(carrier: Carrier, series: int) -> None:
    """Require that so many series are complete: charters, numbers, counts; and nothing else."""
    charters = carrier.everything("/charters")
    assert len(charters) == series * WEEKS
    assert Counter(Counter(each["series_id"] for each in charters).values()) == ({WEEKS: series} if series else {})
    numbers: dict[str, list[int]] = {}
    for each in charters:
        year, number = each["number"].split("-")[1:]
        numbers.setdefault(year, []).append(int(number))
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in numbers.values())
    summary = carrier.ask("GET", "/charters/dashboard-summary")
    assert (summary["total"], summary["open_value"]) == (series * WEEKS, series * WEEKS * 726.5)


def _require_all_published(carrier: Carrier, tap: Tap, series: int) -> None:
    """Require that each charter has one published event in its history, and its quote."""
    wanted = {"charter.created": series * WEEKS, "quote.calculated": series * WEEKS, "series.created": series}
    result = Counter(each.type for each in recorded(carrier))
    assert {name: result[name] for name in wanted} == wanted
    kept = {each.event_id for each in recorded(carrier) if each.type in wanted}
    eventually(lambda: kept <= set(tap.ids()), 60, "not everything was published")
    quotes = {each["id"] for each in carrier.everything("/pricing/quotes")}
    assert {each["quote"]["id"] for each in carrier.everything("/charters")} <= quotes


def _pending_batches(carrier: Carrier) -> list[dict[str, Any]]:
    """Undelivered batches of this organization."""
    answer = carrier.stack.client("dynamodb").query(
        TableName=carrier.stack.table,
        IndexName="gsi1",
        KeyConditionExpression="gsi1pk = :lying",
        ExpressionAttributeValues={":lying": {"S": UNDELIVERED.partition()}},
    )
    return [each for each in answer["Items"] if each["pk"]["S"].startswith(f"ORG#{carrier.org_id}#")]


def test_create_series_of_52_charters_at_once(own: Stack, tap: Tap) -> None:
    carrier = Carrier.opened(own)
    answer = _create(carrier)
    assert answer.status_code == 201, answer.text
    made = answer.json()["items"]
    assert [each["instance_number"] for each in made] == list(range(1, WEEKS + 1))
    assert {each["series_total"] for each in made} == {WEEKS}
    # Nine o'clock in New York, in winter and in summer.
    assert {each["stops"][0]["estimated_departure"][11:16] for each in made} == {"09:00"}
    _require_complete(carrier, 1)
    assert _pending_batches(carrier) == []
    _require_all_published(carrier, tap, 1)
    history = carrier.history(made[-1]["id"])
    assert [each["type"] for each in history] == ["charter.created"]


def test_create_series_killed_is_complete_or_absent(own: Stack, tap: Tap) -> None:
    carrier = Carrier.opened(own)
    carrier.ask("GET", "/charters/dashboard-summary")
    with ThreadPoolExecutor(1) as thread:
        for seconds in (0.02, 0.2, 0.5):
            asked = thread.submit(_create, carrier, "weekly")
            time.sleep(seconds)
            kill(own, "bookings-api")
            asked.result()
            _require_complete(carrier, 1 if carrier.everything("/charters") else 0)
    again = eventually(lambda: _answered(carrier), 60)
    assert len(again.json()["items"]) == WEEKS
    _require_complete(carrier, 1)
    _deliver(carrier)
    _require_all_published(carrier, tap, 1)


def _answered(carrier: Carrier) -> httpx.Response | None:
    answer = _create(carrier, "weekly")
    return answer if answer.status_code == 201 else None


def test_timer_delivers_batches_of_killed_request(own: Stack, tap: Tap) -> None:
    carrier = Carrier.opened(own)
    carrier.ask("GET", "/charters/dashboard-summary")
    with ThreadPoolExecutor(1) as thread:
        for attempt in range(1, 6):
            asked = thread.submit(_create, carrier)
            _kill_between(own, carrier, asked)
            _require_complete(carrier, attempt)
            if _pending_batches(carrier):
                break
    assert _pending_batches(carrier), "the writer was never cut off between the series and what it tells"
    _run_timer(own)
    assert _pending_batches(carrier), "what is a minute old may still be in its writer's hands"
    _deliver(carrier)
    _require_all_published(carrier, tap, attempt)


def _kill_between(own: Stack, carrier: Carrier, asked: Future[httpx.Response]) -> None:
    """Kill the writer as soon as its transaction shows."""
    while not asked.done():
        if _pending_batches(carrier):
            kill(own, "bookings-api")
            break
    asked.result()


def _run_timer(own: Stack) -> dict[str, int]:
    answer = own.client("lambda").invoke(FunctionName=own.function("bookings-schedule"), Payload=b"{}")
    result: dict[str, int] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, result
    return result


def _deliver(carrier: Carrier) -> None:
    """Age the pending batches by two minutes and run two timers at once: nothing is published twice."""
    table = carrier.stack.client("dynamodb")
    pending = _pending_batches(carrier)
    for each in pending:
        batch = OutboxBatch.model_validate_json(each["doc"]["S"])
        batch.packed_at -= timedelta(minutes=2)
        table.put_item(TableName=carrier.stack.table, Item=to_item(batch))
    with ThreadPoolExecutor(2) as threads:
        result = list(threads.map(lambda _: _run_timer(carrier.stack), range(2)))
    assert sum(each["delivered"] for each in result) == len(pending)
    assert _pending_batches(carrier) == []
