"""Reconciles payments with Stripe. Runs once a day."""

from coachway.billing.stripe_sync import daily_reconciliation
from coachway.billing.stripe_sync.daily_reconciliation import ReconciliationResult
from coachway.core.entrypoints import timer
from coachway.core.runtime.metrics import metrics


def reconcile_payments() -> ReconciliationResult:
    """Reconcile payments. Raises if some could not be reconciled, so that Lambda repeats the run."""
    result = daily_reconciliation.run()
    if result.failed:
        raise RuntimeError(f"some payments could not be reconciled with Stripe, the run is repeated: {result}")
    return result


handler = metrics.log_metrics(timer.timer_handler({"payments": reconcile_payments}))
