"""Every five minutes: quotes that nobody answered expire, and series tell what is left to tell."""

from __future__ import annotations

from typing import Any

from coachway.bookings import expiry, parcels
from coachway.core.log import logger


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """One run of the timer."""
    done = {**expiry.run().model_dump(), "delivered": parcels.deliver_left()}
    logger.info("timer", **done)
    return done
