"""Publishes the events in the table's stream to EventBridge, in order per aggregate.

A batch is published in several calls, each with at most one event of an aggregate, so a failing event delays only the
later events of its own aggregate. Temporary failures are retried and then raised; the stream delivers the batch again.
An event can therefore be published twice, but is never lost; consumers are idempotent. An event that can never be
published goes to the dead-letter queue and does not block others.

An event that is too large for EventBridge is published without the values of its changes, which the history has.
"""

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
from coachway.core.persistence.size_limits import MAX_DETAIL_BYTES, format_detail
from coachway.core.runtime.logging import logger
from coachway.core.runtime.metrics import count

SOURCE: Final = "coachway"
_MAX_ENTRIES: Final = 10
_MAX_ATTEMPTS: Final = 4
_TEMPORARY_ERRORS: Final = frozenset({"InternalFailure", "InternalException", "ThrottlingException", "Throttling"})
"""EventBridge error codes that are worth a retry. Any other code means that the event itself is wrong."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event to publish."""

    envelope: Envelope
    detail: str
    size: int
    """Bytes of the detail."""

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
def _get_aws_client(service: str) -> Any:
    return botocore.session.get_session().create_client(service)


def relay(records: Iterable[Mapping[str, Any]]) -> int:
    """Publish the events among the records of a stream. Return how many.

    Raises UpstreamUnavailable if some must be retried.
    """
    outgoing = [event for event in map(_parse_outgoing, records) if event is not None]
    for call in _group_into_calls(outgoing):
        _publish(call)
    count("EventsPublished", len(outgoing))
    return len(outgoing)


def _parse_outgoing(record: Mapping[str, Any]) -> Outgoing | None:
    image = record.get("dynamodb", {}).get("NewImage", {})
    if record.get("eventName") != "INSERT" or image.get("kind", {}).get("S") != Envelope.KIND:
        return None
    try:
        envelope = Envelope.model_validate_json(image["doc"]["S"])
    except (KeyError, ValidationError) as failure:
        _send_to_dead_letters(image, f"unreadable: {type(failure).__name__}")
        return None
    for with_values in (True, False):
        detail = format_detail(envelope, with_values=with_values)
        size = len(detail.encode())
        if size <= MAX_DETAIL_BYTES:
            return Outgoing(envelope, detail, size)
    _send_to_dead_letters(image, "larger than the limit of EventBridge")
    return None


def _group_into_calls(outgoing: Sequence[Outgoing]) -> Iterable[list[Outgoing]]:
    """Yield groups of events for one PutEvents call each: in order, one event per aggregate, within the limits."""
    remaining = list(outgoing)
    while remaining:
        call: list[Outgoing] = []
        waiting: list[Outgoing] = []
        busy: set[str] = set()
        size = 0
        for each in remaining:
            aggregate = each.envelope.aggregate_pk
            fits = len(call) < _MAX_ENTRIES and size + each.size <= MAX_DETAIL_BYTES
            if fits and aggregate not in busy:
                call.append(each)
                size += each.size
            else:
                waiting.append(each)
            busy.add(aggregate)
        yield call
        remaining = waiting


def _publish(call: list[Outgoing]) -> None:
    for attempt in range(_MAX_ATTEMPTS):
        response = _get_aws_client("events").put_events(Entries=[event.entry for event in call])
        results = zip(call, response["Entries"], strict=True)
        failed = [(event, result["ErrorCode"]) for event, result in results if result.get("ErrorCode")]
        for event, reason in failed:
            if reason not in _TEMPORARY_ERRORS:
                key = event.envelope.key()
                _send_to_dead_letters({"pk": {"S": key.pk}, "sk": {"S": key.sk}}, reason)
        call = [event for event, reason in failed if reason in _TEMPORARY_ERRORS]
        if not call:
            return
        time.sleep(0.1 * 2**attempt)
    raise UpstreamUnavailable(f"EventBridge did not accept {len(call)} events.")


def _send_to_dead_letters(image: Mapping[str, Any], reason: str) -> None:
    """Send the key of an event to the dead-letter queue. `make redrive` publishes it again."""
    message = {"pk": image.get("pk", {}).get("S"), "sk": image.get("sk", {}).get("S"), "reason": reason}
    _get_aws_client("sqs").send_message(QueueUrl=os.environ["DEAD_LETTERS_URL"], MessageBody=json.dumps(message))
    count("EventsDeadLettered")
    logger.error("event cannot be published", reason=reason, event_key=message["sk"])
