"""Counts the performance of drivers from events."""

from typing import Final

from coachway.core.entrypoints import event_consumer
from coachway.dispatch.performance import service as performance

CONSUMERS: Final = performance.CONSUMERS

handler = event_consumer.event_handler("dispatch-figures", CONSUMERS)
