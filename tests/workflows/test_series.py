"""A recurring series is there as a whole or not at all, also when its writer is killed."""

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


def _agrees(carrier: Carrier, series: int) -> None:
    """All of so many series is there: charters, numbers, counts; nothing of any other."""
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


def _all_told(carrier: Carrier, tap: Tap, series: int) -> None:
    """Each charter's event is in its history once, and was published; each has its quote."""
    wanted = {"charter.created": series * WEEKS, "quote.calculated": series * WEEKS, "series.created": series}
    told = Counter(each.type for each in recorded(carrier))
    assert {name: told[name] for name in wanted} == wanted
    kept = {each.event_id for each in recorded(carrier) if each.type in wanted}
    eventually(lambda: kept <= set(tap.ids()), 60, "not everything was published")
    quotes = {each["id"] for each in carrier.everything("/pricing/quotes")}
    assert {each["quote"]["id"] for each in carrier.everything("/charters")} <= quotes


def _lying(carrier: Carrier) -> list[dict[str, Any]]:
    """Parcels of this organization that nobody delivered yet."""
    answer = carrier.stack.client("dynamodb").query(
        TableName=carrier.stack.table,
        IndexName="gsi1",
        KeyConditionExpression="gsi1pk = :lying",
        ExpressionAttributeValues={":lying": {"S": UNDELIVERED.partition()}},
    )
    return [each for each in answer["Items"] if each["pk"]["S"].startswith(f"ORG#{carrier.org_id}#")]


def test_fifty_two_charters_are_made_at_once(own: Stack, tap: Tap) -> None:
    carrier = Carrier.opened(own)
    answer = _create(carrier)
    assert answer.status_code == 201, answer.text
    made = answer.json()["items"]
    assert [each["instance_number"] for each in made] == list(range(1, WEEKS + 1))
    assert {each["series_total"] for each in made} == {WEEKS}
    # Nine o'clock in New York, in winter and in summer.
    assert {each["stops"][0]["estimated_departure"][11:16] for each in made} == {"09:00"}
    _agrees(carrier, 1)
    assert _lying(carrier) == []
    _all_told(carrier, tap, 1)
    history = carrier.history(made[-1]["id"])
    assert [each["type"] for each in history] == ["charter.created"]


def test_a_series_whose_writer_is_killed_is_whole_or_not_there(own: Stack, tap: Tap) -> None:
    carrier = Carrier.opened(own)
    carrier.ask("GET", "/charters/dashboard-summary")
    with ThreadPoolExecutor(1) as thread:
        for seconds in (0.02, 0.2, 0.5):
            asked = thread.submit(_create, carrier, "weekly")
            time.sleep(seconds)
            kill(own, "bookings-api")
            asked.result()
            _agrees(carrier, 1 if carrier.everything("/charters") else 0)
    again = eventually(lambda: _answered(carrier), 60)
    assert len(again.json()["items"]) == WEEKS
    _agrees(carrier, 1)
    _deliver(carrier)
    _all_told(carrier, tap, 1)


def _answered(carrier: Carrier) -> httpx.Response | None:
    answer = _create(carrier, "weekly")
    return answer if answer.status_code == 201 else None


def test_what_a_killed_writer_had_left_to_tell_is_told_by_the_timer(own: Stack, tap: Tap) -> None:
    carrier = Carrier.opened(own)
    carrier.ask("GET", "/charters/dashboard-summary")
    with ThreadPoolExecutor(1) as thread:
        for attempt in range(1, 6):
            asked = thread.submit(_create, carrier)
            _kill_between(own, carrier, asked)
            _agrees(carrier, attempt)
            if _lying(carrier):
                break
    assert _lying(carrier), "the writer was never cut off between the series and what it tells"
    _run_timer(own)
    assert _lying(carrier), "what is a minute old may still be in its writer's hands"
    _deliver(carrier)
    _all_told(carrier, tap, attempt)


def _kill_between(own: Stack, carrier: Carrier, asked: Future[httpx.Response]) -> None:
    """Kill the writer as soon as its transaction shows."""
    while not asked.done():
        if _lying(carrier):
            kill(own, "bookings-api")
            break
    asked.result()


def _run_timer(own: Stack) -> dict[str, int]:
    answer = own.client("lambda").invoke(FunctionName=own.function("bookings-schedule"), Payload=b"{}")
    told: dict[str, int] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, told
    return told


def _deliver(carrier: Carrier) -> None:
    """Let a minute pass for the parcels that lie about, and two timers run at once: nothing is told twice."""
    table = carrier.stack.client("dynamodb")
    lying = _lying(carrier)
    for each in lying:
        parcel = OutboxBatch.model_validate_json(each["doc"]["S"])
        parcel.packed_at -= timedelta(minutes=2)
        table.put_item(TableName=carrier.stack.table, Item=to_item(parcel))
    with ThreadPoolExecutor(2) as threads:
        told = list(threads.map(lambda _: _run_timer(carrier.stack), range(2)))
    assert sum(each["delivered"] for each in told) == len(lying)
    assert _lying(carrier) == []
