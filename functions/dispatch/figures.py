"""Keeps the figures of drivers from what became of their trips."""

from __future__ import annotations

from coachway.core.entrypoints import event_consumer
from coachway.dispatch.performance import service as performance

handler = event_consumer.event_handler("dispatch-figures", performance.CONSUMERS)
