"""Measure what follows from a request: the relay publishes its event, and a mail is sent."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from coachway.core.auth import authentication
from coachway.core.persistence.domain_events import Envelope
from coachway.core.persistence.table import connection
from coachway.core.runtime import settings
from tests.load.dynamodb_meter import Meter
from tests.load.request_steps import Session
from tests.load.setup_requests import CREATE_CHARTER, SEND_QUOTE

Row = dict[str, Any]
Handler = Callable[[dict[str, Any], Any], Any]


class EventBench:
    """Sends quotes, and runs the functions that handle their events."""

    def __init__(self, session: Session, relay: Handler, messaging: Handler, context: object) -> None:
        self.session, self.relay, self.messaging, self.context = session, relay, messaging, context

    def measure(self, rounds: int) -> list[Row]:
        """Measure publishing an event, and sending a mail."""
        relayed: list[tuple[dict[str, float], Meter]] = []
        mailed: list[tuple[dict[str, float], Meter]] = []
        for _ in range(rounds // 2 + 1):
            for step in (CREATE_CHARTER, SEND_QUOTE):
                self.session.run(step)
            envelope, image = self._newest_event("quote.sent")
            record = {"eventName": "INSERT", "dynamodb": {"NewImage": image}}
            relayed.append(self._run(self.relay, {"Records": [record]}))
            body = json.dumps({"detail-type": envelope.type, "detail": envelope.detail()})
            message = {"messageId": "1", "receiptHandle": "1", "body": body, "eventSource": "aws:sqs", "attributes": {}}
            mailed.append(self._run(self.messaging, {"Records": [message]}))
        return [
            _build_row("publish an event", "relay", relayed[1:]),
            _build_row("send a quote's email", "messaging", mailed[1:]),
        ]

    def _newest_event(self, event_type: str) -> tuple[Envelope, Any]:
        """The newest event of the session's charter, and its item."""
        org_id = authentication.verify_token(self.session.variables["access"])["org"]
        partition = f"ORG#{org_id}#CHARTER#{self.session.variables['charter_id']}"
        images = connection().query(settings.table_name(), partition, scan_index_forward=False)["Items"]
        for image in images:
            if image["kind"]["S"] == "event":
                envelope = Envelope.model_validate_json(image["doc"]["S"])
                if envelope.type == event_type:
                    return envelope, image
        raise LookupError(event_type)

    def _run(self, handler: Handler, event: dict[str, Any]) -> tuple[dict[str, float], Meter]:
        with Meter().running() as meter:
            wall, cpu = time.perf_counter(), time.process_time()
            response = handler(event, self.context)
            sample = {
                "cpu": (time.process_time() - cpu) * 1000,
                "wall": (time.perf_counter() - wall) * 1000,
                "bytes": 0.0,
            }
        if response and response.get("batchItemFailures"):
            raise RuntimeError("a message was not consumed")
        return sample, meter


def _build_row(name: str, capability: str, runs: list[tuple[dict[str, float], Meter]]) -> Row:
    return {
        "name": name,
        "method": "",
        "path": "",
        "capability": capability,
        "max_calls": None,
        "samples": [sample for sample, _ in runs],
        **runs[-1][1].usage(),
    }
