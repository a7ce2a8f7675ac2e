"""Every five minutes: bids that nobody decided on expire."""

from __future__ import annotations

from typing import Any

from coachway.bids import expiry_job
from coachway.core.entrypoints import cold_start
from coachway.core.runtime.logging import logger

cold_start.warm_up()


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """One run of the timer."""
    done = expiry_job.run().model_dump()
    logger.info("timer", **done)
    return done
