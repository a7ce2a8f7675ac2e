"""Counts leads by status, agent and age, and their conversion, from events."""

from typing import Final

from coachway.core.entrypoints import event_consumer
from coachway.sales.pipeline import service as pipeline

CONSUMERS: Final = pipeline.CONSUMERS

handler = event_consumer.event_handler("sales-pipeline", CONSUMERS)
