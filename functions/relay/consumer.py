"""Publishes the events from the table's stream."""

from typing import Any

from coachway.core.entrypoints.outbox_relay import relay
from coachway.core.runtime.logging import logger
from coachway.core.runtime.metrics import metrics


@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> None:
    """Handle a batch of stream records. If this raises, Lambda delivers the whole batch again."""
    published = relay(event["Records"])
    logger.info("relayed", records=len(event["Records"]), published=published)
