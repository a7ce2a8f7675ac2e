"""Every five minutes: quotes that nobody answered expire, and series tell what is left to tell."""

from __future__ import annotations

from typing import Any

from coachway.bookings.quotes import expiry_job
from coachway.bookings.series import outbox as series_outbox
from coachway.core.runtime.logging import logger


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """One run of the timer."""
    done = {**expiry_job.run().model_dump(), "delivered": series_outbox.deliver_pending()}
    logger.info("timer", **done)
    return done
