"""Every hour: in each organization's morning, papers that run out are reminded of, and those that did are marked."""

from __future__ import annotations

from typing import Any

from coachway.compliance import expiry_job
from coachway.core.runtime.logging import logger


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """One run of the timer."""
    done = expiry_job.run().model_dump()
    logger.info("timer", **done)
    return done
