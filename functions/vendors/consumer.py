"""Keeps the figures of vendors from what happened to their bids, trips and ratings."""

from __future__ import annotations

from typing import Final

from coachway.core.entrypoints import event_consumer
from coachway.vendors import statistics

CONSUMERS: Final = statistics.CONSUMERS

handler = event_consumer.event_handler("vendors", CONSUMERS)
