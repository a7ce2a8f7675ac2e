"""Once a day: our payments are compared with Stripe's."""

from __future__ import annotations

from typing import Any

from coachway.billing import mending
from coachway.core import starting
from coachway.core.log import logger
from coachway.core.metrics import metrics

starting.connect()


@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """One run of the comparison; raises when something is left, so that it is run again."""
    done = mending.run().model_dump()
    logger.info("compared with stripe", **done)
    if done["failed"]:
        raise RuntimeError("not all could be compared: it is done again")
    return done
