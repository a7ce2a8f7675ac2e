"""Once a day: our payments are compared with Stripe's."""

from __future__ import annotations

from typing import Any

from coachway.billing.stripe_sync import daily_reconciliation
from coachway.core.entrypoints import cold_start
from coachway.core.runtime.logging import logger
from coachway.core.runtime.metrics import metrics

cold_start.warm_up()


@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """One run of the comparison; raises when something is left, so that it is run again."""
    done = daily_reconciliation.run().model_dump()
    logger.info("compared with stripe", **done)
    if done["failed"]:
        raise RuntimeError("not all could be compared: it is done again")
    return done
