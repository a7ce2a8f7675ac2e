"""The relay publishes all events in order, tries again what fails, and buries what can never go out."""

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
from tools.entries import load


class Bus:
    """A bus and a queue that take everything but what they are told to refuse."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.taken: list[tuple[str, str]] = []
        self.refusals: dict[str, list[str]] = {}
        self.buried: list[dict[str, Any]] = []

    def put_events(self, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's own name
        results: list[dict[str, str]] = []
        self.calls.append([entry["Resources"][0] for entry in Entries])
        for entry in Entries:
            event_id = json.loads(entry["Detail"])["event_id"]
            waiting = self.refusals.get(event_id, [])
            if waiting:
                results.append({"ErrorCode": waiting.pop(0)})
            else:
                self.taken.append((entry["Resources"][0], event_id))
                results.append({"EventId": event_id})
        return {"Entries": results}

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803, ARG002
        self.buried.append(json.loads(MessageBody))


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Bus:
    made = Bus()
    monkeypatch.setenv("BUS_NAME", "bus")
    monkeypatch.setenv("DEAD_LETTERS_URL", "dead")
    monkeypatch.setattr(outbox_relay, "_client", lambda _service: made)
    monkeypatch.setattr("coachway.core.entrypoints.outbox_relay.time.sleep", lambda _seconds: None)
    return made


def recorded(aggregate: str, *, data: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
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


def test_events_of_one_aggregate_go_out_in_order_one_call_after_the_other(bus: Bus) -> None:
    made = [recorded(aggregate) for aggregate in ("a", "b", "a", "a", "b")]
    assert outbox_relay.relay(record for _, record in made) == 5
    assert all(len(set(call)) == len(call) for call in bus.calls)
    for aggregate in ("a", "b"):
        expected = [made[n][0] for n, each in enumerate(("a", "b", "a", "a", "b")) if each == aggregate]
        assert [event for name, event in bus.taken if name == aggregate] == expected


def test_a_failing_event_is_tried_again_before_the_next_of_its_aggregate(bus: Bus) -> None:
    (first, one), (second, two) = recorded("a"), recorded("a")
    bus.refusals[first] = ["ThrottlingException", "InternalFailure"]
    outbox_relay.relay([one, two])
    assert [event for _, event in bus.taken] == [first, second]


def test_a_bus_that_stays_away_has_the_batch_delivered_again(bus: Bus) -> None:
    (first, one), (_, two) = recorded("a"), recorded("a")
    bus.refusals[first] = ["InternalFailure"] * 9
    with pytest.raises(errors.UpstreamUnavailable):
        outbox_relay.relay([one, two])
    assert bus.taken == []


def test_an_event_the_bus_will_never_take_is_buried_and_holds_back_nobody(bus: Bus) -> None:
    (first, one), (second, two) = recorded("a"), recorded("a")
    bus.refusals[first] = ["MalformedDetail"]
    outbox_relay.relay([one, two])
    assert [event for _, event in bus.taken] == [second]
    assert bus.buried[0]["reason"] == "MalformedDetail"
    assert bus.buried[0]["sk"] == f"EVENT#{first}"


def test_an_oversized_or_unreadable_event_is_buried(bus: Bus) -> None:
    _, large = recorded("a", data={"notes": "x" * 300_000})
    _, broken = recorded("a")
    broken["dynamodb"]["NewImage"]["doc"]["S"] = "{"
    assert outbox_relay.relay([large, broken]) == 0
    assert len(bus.buried) == 2


def test_a_call_carries_at_most_ten_events(bus: Bus) -> None:
    outbox_relay.relay(record for _, record in [recorded(f"a{n}") for n in range(25)])
    assert [len(call) for call in bus.calls] == [10, 10, 5]


def test_other_records_are_passed_over(bus: Bus) -> None:
    _, record = recorded("a")
    assert (
        outbox_relay.relay([{**record, "eventName": "REMOVE"}, {"eventName": "INSERT", "dynamodb": {"NewImage": {}}}])
        == 0
    )


def test_the_entry_counts_what_it_published_for_cloudwatch(bus: Bus, capsys: pytest.CaptureFixture[str]) -> None:
    metrics.clear_metrics()
    records = [record for _, record in [recorded("a"), recorded("b")]]
    load("relay", "consumer").handler({"Records": records}, object())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert [line["EventsPublished"] for line in lines] == [[2.0]]
