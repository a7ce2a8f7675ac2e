"""Publishes the events that the table's stream shows."""

from __future__ import annotations

from typing import Any

from coachway.core.entrypoints.outbox_relay import relay
from coachway.core.runtime.logging import logger
from coachway.core.runtime.metrics import metrics


@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> None:
    """One batch of stream records; raising has the whole batch delivered again."""
    published = relay(event["Records"])
    logger.info("relayed", records=len(event["Records"]), published=published)
