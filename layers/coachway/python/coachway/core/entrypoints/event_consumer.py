"""Lambda handlers for events from EventBridge, delivered through a queue (SQS).

A consumer that raises an error has its message retried. After five attempts the message goes to the dead-letter queue.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from coachway.core.caller import Caller
from coachway.core.entrypoints import cold_start
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import AlreadyConsumed
from coachway.core.persistence.records import Record
from coachway.core.runtime.logging import logger
from coachway.core.runtime.metrics import count, metrics

E = TypeVar("E", bound=Event)
EventClass = type[E]


class Delivery(Record):
    """An event as the event bus delivers it."""

    event_id: str
    type: str
    org_id: str
    aggregate_id: str
    correlation_id: str
    data: dict[str, Any]

    def parse(self, event: EventClass[E]) -> E:
        """The event's data. Fields that a newer version has added are ignored."""
        return event.from_data(self.data)


Consumer = Callable[[Caller, Delivery], None]


def event_handler(name: str, consumers: Mapping[str, Consumer]) -> Callable[[dict[str, Any], Any], Any]:
    """Return a Lambda handler that passes each event to the consumer of its type. Other types are an error.

    The messages of a batch succeed or fail on their own: only those that failed are delivered again.
    """
    cold_start.warm_up()

    def is_consumed(delivery: Delivery) -> bool:
        logger.append_keys(correlation_id=delivery.correlation_id)
        caller = Caller.system(name, delivery.org_id, delivery.correlation_id)
        log_fields: dict[str, Any] = {
            "event_id": delivery.event_id,
            "event_type": delivery.type,
            "org_id": delivery.org_id,
        }
        try:
            consumers[delivery.type](caller, delivery)
        except AlreadyConsumed:
            count("EventsRepeated")
            logger.info("event was consumed before", **log_fields)
        except Exception as failure:
            count("EventsFailed")
            logger.warning("event failed", reason=type(failure).__name__, **log_fields)
            return False
        else:
            count("EventsConsumed")
            logger.info("event consumed", **log_fields)
        return True

    def is_successful(record: dict[str, Any]) -> bool:
        try:
            message = json.loads(record["body"])
            delivery = Delivery(type=message["detail-type"], **message["detail"])
        except (ValueError, KeyError, TypeError):
            count("EventsFailed")
            logger.warning("malformed event", message_id=record["messageId"])
            return False
        return is_consumed(delivery)

    @metrics.log_metrics
    def handler(event: dict[str, Any], _context: Any) -> Any:
        failed = [record["messageId"] for record in event["Records"] if not is_successful(record)]
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

    return handler
