"""What billing does when something happened elsewhere: each event goes to all that it concerns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coachway.billing.collections import schedule as collection_schedule
from coachway.billing.invoices import pdf_storage
from coachway.billing.invoicing_runs import unbilled_trips
from coachway.billing.payables import award_consumer
from coachway.billing.privacy import erasure as privacy_erasure
from coachway.billing.refunds import cancellation_settlement
from coachway.billing.refunds import consumers as refund_consumers
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import AlreadyConsumed


def together(*parts: Mapping[str, Consumer]) -> dict[str, Consumer]:
    """One consumer for each type of event, that gives it to all of `parts` which want it.

    One that had its effect before, or failed, does not keep it from the others; the first failure is raised, so that
    the event comes again.
    """
    wanted: dict[str, list[Consumer]] = {}
    for part in parts:
        for kind, consumer in part.items():
            wanted.setdefault(kind, []).append(consumer)
    return {kind: consumers[0] if len(consumers) == 1 else _each(consumers) for kind, consumers in wanted.items()}


def _each(consumers: list[Consumer]) -> Consumer:
    def consume(caller: Caller, delivery: Delivery) -> None:
        repeated, failures = [], []
        for consumer in consumers:
            try:
                consumer(caller, delivery)
            except AlreadyConsumed as before:
                repeated.append(before)
            except Exception as failure:
                failures.append(failure)
        if failures:
            raise failures[0]
        if len(repeated) == len(consumers):
            raise repeated[0]

    return consume


CONSUMERS: Final[Mapping[str, Consumer]] = together(
    award_consumer.CONSUMERS,
    cancellation_settlement.CONSUMERS,
    collection_schedule.CONSUMERS,
    privacy_erasure.CONSUMERS,
    pdf_storage.CONSUMERS,
    refund_consumers.CONSUMERS,
    unbilled_trips.CONSUMERS,
)
"""By event type. The queue receives these events and no others."""
