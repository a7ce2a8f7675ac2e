"""Every five minutes: bids that nobody decided on expire."""

from __future__ import annotations

from typing import Any

from coachway.bids import expiry
from coachway.core import starting
from coachway.core.log import logger

starting.connect()


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """One run of the timer."""
    done = expiry.run().model_dump()
    logger.info("timer", **done)
    return done
