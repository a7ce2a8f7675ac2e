"""Lambda entries for events from the bus: bus → queue → function, each message retried on its own.

A handler raises to have its message retried; after five tries the queue moves it to the dead-letter queue.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from coachway.core.caller import Caller
from coachway.core.entrypoints import cold_start
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import AlreadyConsumed
from coachway.core.persistence.records import Record
from coachway.core.runtime.logging import logger
from coachway.core.runtime.metrics import count, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

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
        # From JSON: only there is a number without decimals an amount in units rather than in cents.
        return event.model_validate_json(json.dumps(self.data), extra="ignore")


Consumer = Callable[[Caller, Delivery], None]


def event_handler(name: str, consumers: Mapping[str, Consumer]) -> Callable[[dict[str, Any], Any], Any]:
    """A Lambda handler that gives each event to the consumer of its type; an event nobody wants is an error."""
    # With it comes a model of every event that AWS knows; those who only name a Delivery are spared.
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    cold_start.warm_up()
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    def consume(record: SQSRecord) -> None:
        message = json.loads(record.body)
        delivery = Delivery(type=message["detail-type"], **message["detail"])
        logger.append_keys(correlation_id=delivery.correlation_id)
        caller = Caller.system(name, delivery.org_id, delivery.correlation_id)
        existing: dict[str, Any] = {
            "event_id": delivery.event_id,
            "event_type": delivery.type,
            "org_id": delivery.org_id,
        }
        try:
            consumers[delivery.type](caller, delivery)
        except AlreadyConsumed:
            count("EventsRepeated")
            logger.info("an event came again", **existing)
        except Exception as failure:
            count("EventsFailed")
            logger.warning("an event could not be consumed", reason=type(failure).__name__, **existing)
            raise
        else:
            count("EventsConsumed")
            logger.info("event consumed", **existing)

    @metrics.log_metrics
    def handler(event: dict[str, Any], context: Any) -> Any:
        return process_partial_response(event=event, record_handler=consume, processor=processor, context=context)

    return handler
