"""The relay publishes events in order, retries failed ones, and moves unpublishable ones to the dead-letter queue."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.core import errors
from coachway.core.entrypoints import outbox_relay
from coachway.core.persistence.domain_events import Actor, Envelope
from coachway.core.persistence.transaction import to_item
from coachway.core.runtime.metrics import metrics
from coachway.core.types import ids
from tools.function_modules import load


class Bus:
    """A bus and a dead-letter queue in memory. `refusals` are the error codes for an event, one per attempt."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.published: list[tuple[str, str]] = []
        self.details: list[dict[str, Any]] = []
        self.refusals: dict[str, list[str]] = {}
        self.dead_letters: list[dict[str, Any]] = []

    def put_events(self, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803 - the name in AWS's API
        results: list[dict[str, str]] = []
        self.calls.append([entry["Resources"][0] for entry in Entries])
        for entry in Entries:
            self.details.append(json.loads(entry["Detail"]))
            event_id = self.details[-1]["event_id"]
            error_codes = self.refusals.get(event_id, [])
            if error_codes:
                results.append({"ErrorCode": error_codes.pop(0)})
            else:
                self.published.append((entry["Resources"][0], event_id))
                results.append({"EventId": event_id})
        return {"Entries": results}

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803, ARG002
        self.dead_letters.append(json.loads(MessageBody))


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Bus:
    bus = Bus()
    monkeypatch.setenv("BUS_NAME", "bus")
    monkeypatch.setenv("DEAD_LETTERS_URL", "dead")
    monkeypatch.setattr(outbox_relay, "_get_aws_client", lambda _service: bus)
    monkeypatch.setattr("coachway.core.entrypoints.outbox_relay.time.sleep", lambda _seconds: None)
    return bus


def stream_record(aggregate: str, *, data: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
    envelope = Envelope(
        event_id=ids.ulid(),
        type="boat.launched",
        org_id="org_1",
        aggregate_id=aggregate,
        aggregate_pk=f"ORG#org_1#BOAT#{aggregate}",
        occurred_at=datetime(2027, 3, 3, tzinfo=UTC),
        actor=Actor(user_id="usr_1", role="admin"),
        correlation_id="c",
        data=data or {},
    )
    return envelope.event_id, {"eventName": "INSERT", "dynamodb": {"NewImage": to_item(envelope)}}


def test_events_of_an_aggregate_are_published_in_order_in_separate_calls(bus: Bus) -> None:
    records = [stream_record(aggregate) for aggregate in ("a", "b", "a", "a", "b")]
    assert outbox_relay.relay(record for _, record in records) == 5
    assert all(len(set(call)) == len(call) for call in bus.calls)
    for aggregate in ("a", "b"):
        expected = [records[n][0] for n, owner in enumerate(("a", "b", "a", "a", "b")) if owner == aggregate]
        assert [event for name, event in bus.published if name == aggregate] == expected


def test_failed_event_is_retried_before_the_next_of_its_aggregate(bus: Bus) -> None:
    (first, one), (second, two) = stream_record("a"), stream_record("a")
    bus.refusals[first] = ["ThrottlingException", "InternalFailure"]
    outbox_relay.relay([one, two])
    assert [event for _, event in bus.published] == [first, second]


def test_event_that_keeps_failing_fails_the_batch(bus: Bus) -> None:
    (first, one), (_, two) = stream_record("a"), stream_record("a")
    bus.refusals[first] = ["InternalFailure"] * 9
    with pytest.raises(errors.UpstreamUnavailable):
        outbox_relay.relay([one, two])
    assert bus.published == []


def test_event_with_permanent_error_is_a_dead_letter_and_does_not_block_the_next(bus: Bus) -> None:
    (first, one), (second, two) = stream_record("a"), stream_record("a")
    bus.refusals[first] = ["MalformedDetail"]
    outbox_relay.relay([one, two])
    assert [event for _, event in bus.published] == [second]
    assert bus.dead_letters[0]["reason"] == "MalformedDetail"
    assert bus.dead_letters[0]["sk"] == f"EVENT#{first}"


def test_oversized_or_unreadable_event_is_a_dead_letter(bus: Bus) -> None:
    _, large = stream_record("a", data={"notes": "x" * 300_000})
    _, broken = stream_record("a")
    broken["dynamodb"]["NewImage"]["doc"]["S"] = "{"
    assert outbox_relay.relay([large, broken]) == 0
    assert len(bus.dead_letters) == 2


def test_call_has_at_most_ten_events(bus: Bus) -> None:
    outbox_relay.relay(record for _, record in [stream_record(f"a{n}") for n in range(25)])
    assert [len(call) for call in bus.calls] == [10, 10, 5]


def test_records_other_than_new_events_are_ignored(bus: Bus) -> None:
    _, record = stream_record("a")
    assert (
        outbox_relay.relay([{**record, "eventName": "REMOVE"}, {"eventName": "INSERT", "dynamodb": {"NewImage": {}}}])
        == 0
    )


def test_handler_writes_metric_of_published_events(bus: Bus, capsys: pytest.CaptureFixture[str]) -> None:
    metrics.clear_metrics()
    records = [record for _, record in [stream_record("a"), stream_record("b")]]
    load("relay", "consumer").handler({"Records": records}, object())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert [line["EventsPublished"] for line in lines] == [[2.0]]


def test_event_with_large_changes_is_published_without_their_values(bus: Bus) -> None:
    _, record = stream_record("a", data={"notes": "🚌" * 40_000})
    document = json.loads(record["dynamodb"]["NewImage"]["doc"]["S"])
    document["changes"] = [{"field": "notes", "old": "🚌" * 40_000, "new": ""}]
    record["dynamodb"]["NewImage"]["doc"]["S"] = json.dumps(document)
    assert outbox_relay.relay([record]) == 1
    assert bus.dead_letters == []
    assert bus.details[0]["changes"] == [{"field": "notes", "is_omitted": True}]
    assert bus.details[0]["data"] == {"notes": "🚌" * 40_000}
