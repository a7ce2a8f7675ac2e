"""Keeps the figures of vendors from what happened to their bids, trips and ratings."""

from __future__ import annotations

from coachway.core.entrypoints import event_consumer
from coachway.vendors import statistics

handler = event_consumer.event_handler("vendors", statistics.CONSUMERS)
