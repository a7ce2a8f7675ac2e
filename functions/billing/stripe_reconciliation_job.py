"""Reconciles payments with Stripe. Runs once a day."""

from coachway.billing.stripe_sync import reconciliation_job
from coachway.billing.stripe_sync.reconciliation_job import ReconciliationResult
from coachway.core.entrypoints import timer
from coachway.core.runtime.metrics import metrics


def reconcile_payments() -> ReconciliationResult:
    """Reconcile payments. Raises if some could not be reconciled, so that Lambda repeats the run."""
    result = reconciliation_job.run()
    if result.failed:
        raise RuntimeError(f"some payments could not be reconciled with Stripe, the run is repeated: {result}")
    return result


handler = metrics.log_metrics(timer.timer_handler({"payments": reconcile_payments}))
