"""From the table's stream to the bus: what was written with an entity is published, in order per aggregate.

A batch goes out in rounds, each with at most one event of an aggregate, so that an event whose publishing fails holds
back only what follows it in its own aggregate. What fails for now is tried again and then raised, and the stream
delivers the whole batch once more: an event may go out twice, never not at all, and consumers are idempotent. What can
never go out is put on the dead-letter queue, so that it holds back nobody.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import botocore.session
from pydantic import ValidationError

from coachway.core.errors import UpstreamUnavailable
from coachway.core.persistence.domain_events import Envelope
from coachway.core.runtime.logging import logger
from coachway.core.runtime.metrics import count

SOURCE: Final = "coachway"
_MOST_ENTRIES: Final = 10
_MOST_BYTES: Final = 256 * 1024 - 1024
"""Of one PutEvents call, less what an entry's other fields take."""
_TRIES: Final = 4
_PASSING: Final = frozenset({"InternalFailure", "InternalException", "ThrottlingException", "Throttling"})
"""Reasons of EventBridge's that go away by themselves; any other is the event's own."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event on its way out."""

    envelope: Envelope
    detail: str

    @property
    def entry(self) -> dict[str, Any]:
        return {
            "Source": SOURCE,
            "DetailType": self.envelope.type,
            "Detail": self.detail,
            "Resources": [self.envelope.aggregate_id],
            "Time": self.envelope.occurred_at,
            "EventBusName": os.environ["BUS_NAME"],
        }


@cache
def _client(service: str) -> Any:
    return botocore.session.get_session().create_client(service)


def relay(records: Iterable[Mapping[str, Any]]) -> int:
    """Publish the events among a stream's records; returns how many. Raises UpstreamUnavailable when some must be
    tried again."""
    outgoing = [each for each in map(_outgoing, records) if each is not None]
    for call in _calls(outgoing):
        _publish(call)
    count("EventsPublished", len(outgoing))
    return len(outgoing)


def _outgoing(record: Mapping[str, Any]) -> Outgoing | None:
    image = record.get("dynamodb", {}).get("NewImage", {})
    if record.get("eventName") != "INSERT" or image.get("kind", {}).get("S") != Envelope.KIND:
        return None
    try:
        envelope = Envelope.model_validate_json(image["doc"]["S"])
    except (KeyError, ValidationError) as failure:
        _send_to_dead_letters(image, f"unreadable: {type(failure).__name__}")
        return None
    detail = json.dumps(envelope.detail(), separators=(",", ":"))
    if len(detail.encode()) > _MOST_BYTES:
        _send_to_dead_letters(image, "larger than the bus takes")
        return None
    return Outgoing(envelope, detail)


def _calls(outgoing: Sequence[Outgoing]) -> Iterable[list[Outgoing]]:
    """Groups for one PutEvents each: in order, one event of an aggregate at a time, within the bus's bounds."""
    remaining = list(outgoing)
    while remaining:
        call: list[Outgoing] = []
        waiting: list[Outgoing] = []
        busy: set[str] = set()
        size = 0
        for each in remaining:
            aggregate = each.envelope.aggregate_pk
            fits = len(call) < _MOST_ENTRIES and size + len(each.detail) <= _MOST_BYTES
            if fits and aggregate not in busy:
                call.append(each)
                size += len(each.detail)
            else:
                waiting.append(each)
            busy.add(aggregate)
        yield call
        remaining = waiting


def _publish(call: list[Outgoing]) -> None:
    for attempt in range(_TRIES):
        answer = _client("events").put_events(Entries=[each.entry for each in call])
        results = zip(call, answer["Entries"], strict=True)
        failed = [(each, result["ErrorCode"]) for each, result in results if result.get("ErrorCode")]
        for each, reason in failed:
            if reason not in _PASSING:
                _send_to_dead_letters(
                    {"pk": {"S": each.envelope.aggregate_pk}, "sk": {"S": each.envelope.key().sk}}, reason
                )
        call = [each for each, reason in failed if reason in _PASSING]
        if not call:
            return
        time.sleep(0.1 * 2**attempt)
    raise UpstreamUnavailable(f"the bus did not take {len(call)} events")


def _send_to_dead_letters(image: Mapping[str, Any], reason: str) -> None:
    """Put where an event lies on the dead-letter queue: `make redrive` publishes it from there again."""
    place = {"pk": image.get("pk", {}).get("S"), "sk": image.get("sk", {}).get("S"), "reason": reason}
    _client("sqs").send_message(QueueUrl=os.environ["DEAD_LETTERS_URL"], MessageBody=json.dumps(place))
    count("EventsBuried")
    logger.error("an event cannot be published", reason=reason, event_key=place["sk"])
