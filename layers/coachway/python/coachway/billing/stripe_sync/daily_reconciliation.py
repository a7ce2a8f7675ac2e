"""The daily comparison with Stripe: payments whose outcome was never written, and charges that we do not know of.

What is found is put right as if it had been written in time. Nothing is scanned: pending payments lie in hours, and
Stripe lists its events. A round that could not ask Stripe about everything is made again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from coachway.billing.payments import card_payments, settlement
from coachway.billing.payments.model import PAYMENT, PENDING, Payment, PaymentStatus, pending_since
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe import webhook_events
from coachway.billing.stripe.webhook_events import Notice
from coachway.billing.stripe_sync import restore_payment, webhook_handler
from coachway.core import errors, hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.persistence.queries import query_page
from coachway.core.runtime.logging import logger
from coachway.core.runtime.metrics import count
from coachway.core.schemas import BaseSchema, PageQuery
from coachway.core.types import ids
from coachway.core.types.datetimes import sortable

_TIMER: Final = "stripe-comparison"
_OVERLAP: Final = timedelta(hours=2)
_FIRST_LOOK_BACK: Final = timedelta(days=7)


class ReconciliationResult(BaseSchema):
    """What one run found: payments mended, charges written down again, refunds that did not arrive and disputes that
    nobody had told of, charges that are not ours, what is left.
    """

    pending: int = 0
    mended: int = 0
    charges: int = 0
    restored: int = 0
    returned: int = 0
    foreign: int = 0
    failed: int = 0


def run() -> ReconciliationResult:
    """Compare. Twice does nothing twice."""
    begun = hourly_sweep.begin(_TIMER)
    # What may still be under way is left to the next run.
    work, result = replace(begun, now=begun.now - card_payments.CONFIRMING), ReconciliationResult()
    for at in work.hours():
        _go_through(at, work.now, result)
    since = (begun.done.until - _OVERLAP) if begun.done else begun.now - _FIRST_LOOK_BACK
    for notice in webhook_events.list_events_since(since):
        try:
            if notice.type == webhook_events.SUCCEEDED:
                result.charges += 1
                _compare(notice, result)
            else:
                result.returned += webhook_handler.handle_event(notice) == webhook_handler.TAKEN
        except (errors.ConcurrentUpdate, errors.UpstreamUnavailable) as failure:
            result.failed += 1
            logger.warning("an event could not be compared", reason=type(failure).__name__, object_id=notice.object_id)
    count("PaymentsMended", result.mended)
    count("PaymentsRestored", result.restored)
    if not result.failed:
        work.finish()
    return result


def _go_through(at: datetime, now: datetime, result: ReconciliationResult) -> None:
    query: PageQuery | None = PageQuery(limit=100)
    while query is not None:
        hour = PENDING.partition(hour=pending_since(at).sk[:13])
        found = query_page(Payment, PENDING, [hour], query, between=("0", f"{sortable(now)}~"))
        for payment in found.items:
            result.pending += 1
            after = card_payments.refresh_from_stripe(Caller.system(_TIMER, payment.org_id), payment)
            result.mended += after.status is not PaymentStatus.PENDING
            result.failed += after.status is PaymentStatus.PENDING
            logger.warning("a payment was pending", payment_id=payment.id, status=after.status.value)
        query = PageQuery(limit=100, cursor=found.next_cursor) if found.next_cursor else None


def _compare(notice: Notice, result: ReconciliationResult) -> None:
    org_id, payment_id = notice.metadata.get("org_id", ""), notice.metadata.get("payment_id", "")
    if not ids.is_id(org_id, "org") or not ids.is_id(payment_id, "pay"):
        result.foreign += 1
        return
    known = store.find(Payment, PAYMENT.key(org=org_id, id=payment_id))
    if known is not None and known.status is PaymentStatus.SUCCEEDED:
        return
    caller = Caller.system(_TIMER, org_id)
    outcome = stripe_client.get_charge(notice.object_id)
    if known is None:
        if not restore_payment.restore_payment(caller, payment_id, outcome):
            result.foreign += 1
            return
        result.restored += 1
    settlement.record_outcome(caller, payment_id, outcome)
    result.mended += known is not None
    logger.warning("a charge was not written down", payment_id=payment_id, org_id=org_id)
