"""The daily reconciliation with Stripe: record the outcomes of pending payments, and charges that are not recorded.

Pending payments are read from an index by hour, charges from Stripe's list of events. Each event is processed as if its
webhook request had arrived. After a run with failures, the next run starts from the same time.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from coachway.billing.payments import outcome_recording, outcome_refresh
from coachway.billing.payments.model import PAYMENT, PENDING, Payment, PaymentStatus
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe import webhook_events
from coachway.billing.stripe.client import ChargeOutcome
from coachway.billing.stripe.webhook_events import StripeEvent
from coachway.billing.stripe_sync import missing_payments, webhook_handler
from coachway.core import errors, hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.runtime.logging import logger
from coachway.core.runtime.metrics import count
from coachway.core.schemas import BaseSchema
from coachway.core.types import ids

_JOB: Final = "stripe-comparison"
_OVERLAP: Final = timedelta(hours=2)
_FIRST_PERIOD: Final = timedelta(days=7)


class ReconciliationResult(BaseSchema):
    """Counts of one run.

    pending: payments that were pending
    corrected: payments whose outcome is recorded now
    charges: successful charges at Stripe
    restored: charges whose payment was missing in the table
    returned: events of refunds and disputes that were not processed before
    unknown: charges of an organization that have no payment; the organization is notified
    foreign: charges that do not belong to CoachWay
    failed: payments and events left for the next run
    """

    pending: int = 0
    corrected: int = 0
    charges: int = 0
    restored: int = 0
    returned: int = 0
    unknown: int = 0
    foreign: int = 0
    failed: int = 0


def run() -> ReconciliationResult:
    """Reconcile payments with Stripe. Safe to repeat."""
    timer_run = hourly_sweep.begin_timer_run(_JOB)
    # Leave payments that can still be in progress for the next run.
    pending_run = replace(timer_run, started_at=timer_run.started_at - outcome_refresh.CONFIRMATION_TIMEOUT)
    result = ReconciliationResult(**hourly_sweep.handle_due_records(pending_run, Payment, PENDING, _reconcile_pending))
    since = (timer_run.last_run.until - _OVERLAP) if timer_run.last_run else timer_run.started_at - _FIRST_PERIOD
    for event in webhook_events.list_events_since(since):
        try:
            if event.type == webhook_events.SUCCEEDED:
                result.charges += 1
                _reconcile_charge(event, result)
            else:
                result.returned += webhook_handler.handle_event(event) == webhook_handler.PROCESSED
        except (errors.ConcurrentUpdate, errors.UpstreamUnavailable) as error:
            result.failed += 1
            logger.warning("event could not be reconciled", reason=type(error).__name__, object_id=event.object_id)
    count("PaymentsCorrected", result.corrected)
    count("PaymentsRestored", result.restored)
    if not result.failed:
        pending_run.finish()
    return result


def _reconcile_pending(payment: Payment, _now: datetime) -> Mapping[str, int]:
    after = outcome_refresh.refresh_from_stripe(Caller.system(_JOB, payment.org_id), payment)
    logger.warning("payment was pending", payment_id=payment.id, status=after.status.value)
    is_pending = after.status is PaymentStatus.PENDING
    return {"pending": 1, "failed" if is_pending else "corrected": 1}


def _reconcile_charge(event: StripeEvent, result: ReconciliationResult) -> None:
    org_id, payment_id = event.metadata.get("org_id", ""), event.metadata.get("payment_id", "")
    if not ids.is_id(org_id, "org") or not ids.is_id(payment_id, "pay"):
        _report_charge(stripe_client.get_charge(event.object_id), result)
        return
    payment = store.find(Payment, PAYMENT.key(org=org_id, id=payment_id))
    if payment is not None and payment.status is PaymentStatus.SUCCEEDED:
        return
    caller = Caller.system(_JOB, org_id)
    outcome = stripe_client.get_charge(event.object_id)
    if payment is None:
        if not missing_payments.restore_payment(caller, payment_id, outcome):
            _report_charge(outcome, result)
            return
        result.restored += 1
    outcome_recording.record_outcome(caller, payment_id, outcome)
    result.corrected += payment is not None
    logger.warning("charge was not recorded", payment_id=payment_id, org_id=org_id)


def _report_charge(outcome: ChargeOutcome, result: ReconciliationResult) -> None:
    if missing_payments.report_unknown_charge(outcome):
        result.unknown += 1
        logger.warning("charge has no payment", payment_intent_id=outcome.payment_intent_id)
    else:
        result.foreign += 1
