"""Event consumers of billing: each event goes to all handlers of its type."""

from collections.abc import Mapping
from typing import Final

from coachway.billing import erasure
from coachway.billing.collections import schedule as collection_schedule
from coachway.billing.invoices import link_replacement, pdf_storage
from coachway.billing.invoicing_runs import unbilled_trips
from coachway.billing.payables import award_consumer
from coachway.billing.refunds import cancellation_settlement
from coachway.billing.refunds import consumers as refund_consumers
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import AlreadyConsumed


def combine_consumers(*tables: Mapping[str, Consumer]) -> dict[str, Consumer]:
    """Merge tables of consumers. An event type in several tables gets one consumer that calls all of them.

    All are called even if one fails or has processed the event before. The first failure is raised, so that the event
    is delivered again.
    """
    by_type: dict[str, list[Consumer]] = {}
    for table in tables:
        for event_type, consumer in table.items():
            by_type.setdefault(event_type, []).append(consumer)
    return {
        event_type: consumers[0] if len(consumers) == 1 else _call_all(consumers)
        for event_type, consumers in by_type.items()
    }


def _call_all(consumers: list[Consumer]) -> Consumer:
    def consume(caller: Caller, delivery: Delivery) -> None:
        repeated, failures = [], []
        for consumer in consumers:
            try:
                consumer(caller, delivery)
            except AlreadyConsumed as error:
                repeated.append(error)
            except Exception as error:
                failures.append(error)
        if failures:
            raise failures[0]
        if len(repeated) == len(consumers):
            raise repeated[0]

    return consume


CONSUMERS: Final[Mapping[str, Consumer]] = combine_consumers(
    award_consumer.CONSUMERS,
    cancellation_settlement.CONSUMERS,
    collection_schedule.CONSUMERS,
    erasure.CONSUMERS,
    pdf_storage.CONSUMERS,
    refund_consumers.CONSUMERS,
    link_replacement.CONSUMERS,
    unbilled_trips.CONSUMERS,
)
"""By event type. The queue receives these events and no others."""
