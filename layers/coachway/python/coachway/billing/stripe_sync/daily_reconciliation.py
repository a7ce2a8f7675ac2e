"""The daily reconciliation with Stripe: finds pending payments without an outcome and charges without a payment.

Differences are corrected as if the webhook had arrived. Pending payments are read from an index by hour, charges from
Stripe's list of events. A run with failures is repeated by the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from coachway.billing.payments import card_payments, settlement
from coachway.billing.payments.model import PAYMENT, PENDING, Payment, PaymentStatus
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe import webhook_events
from coachway.billing.stripe.webhook_events import StripeEvent
from coachway.billing.stripe_sync import restore_payment, webhook_handler
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

    `mended` payments got their outcome, `restored` ones were missing in the table, `returned` refunds and disputes had
    not been processed, `foreign` charges are not ours, `failed` ones are left for the next run.
    """

    pending: int = 0
    mended: int = 0
    charges: int = 0
    restored: int = 0
    returned: int = 0
    foreign: int = 0
    failed: int = 0


def run() -> ReconciliationResult:
    """Reconcile payments with Stripe. Safe to repeat."""
    timer_run = hourly_sweep.begin(_JOB)
    # Payments that can still be in progress are left for the next run.
    pending_run = replace(timer_run, now=timer_run.now - card_payments.CONFIRMATION_TIMEOUT)
    result = ReconciliationResult(**hourly_sweep.handle_due_records(pending_run, Payment, PENDING, _reconcile_pending))
    since = (timer_run.done.until - _OVERLAP) if timer_run.done else timer_run.now - _FIRST_PERIOD
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
    count("PaymentsMended", result.mended)
    count("PaymentsRestored", result.restored)
    if not result.failed:
        pending_run.finish()
    return result


def _reconcile_pending(payment: Payment, _now: datetime) -> Mapping[str, int]:
    after = card_payments.refresh_from_stripe(Caller.system(_JOB, payment.org_id), payment)
    logger.warning("payment was pending", payment_id=payment.id, status=after.status.value)
    is_pending = after.status is PaymentStatus.PENDING
    return {"pending": 1, "failed" if is_pending else "mended": 1}


def _reconcile_charge(event: StripeEvent, result: ReconciliationResult) -> None:
    org_id, payment_id = event.metadata.get("org_id", ""), event.metadata.get("payment_id", "")
    if not ids.is_id(org_id, "org") or not ids.is_id(payment_id, "pay"):
        result.foreign += 1
        return
    payment = store.find(Payment, PAYMENT.key(org=org_id, id=payment_id))
    if payment is not None and payment.status is PaymentStatus.SUCCEEDED:
        return
    caller = Caller.system(_JOB, org_id)
    outcome = stripe_client.get_charge(event.object_id)
    if payment is None:
        if not restore_payment.restore_payment(caller, payment_id, outcome):
            result.foreign += 1
            return
        result.restored += 1
    settlement.record_outcome(caller, payment_id, outcome)
    result.mended += payment is not None
    logger.warning("charge was not recorded", payment_id=payment_id, org_id=org_id)
