"""The daily comparison with Stripe: payments whose outcome was never written, and charges that we do not know of.

What is found is put right as if it had been written in time. Nothing is scanned: pending payments lie in hours, and
Stripe lists its events. A round that could not ask Stripe about everything is made again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from coachway.billing import paying, restoring, settling, stripe_events, stripe_notices, stripe_port
from coachway.billing.payment import PAYMENT, PENDING, Payment, PaymentStatus, pending_since
from coachway.billing.stripe_events import Notice
from coachway.bookings.model import sortable
from coachway.core import errors, ids, store, timers
from coachway.core.caller import Caller
from coachway.core.listing import page
from coachway.core.log import logger
from coachway.core.metrics import count
from coachway.core.schemas import PageQuery, Shape

_TIMER: Final = "stripe-comparison"
_OVERLAP: Final = timedelta(hours=2)
_FIRST_LOOK_BACK: Final = timedelta(days=7)


class Comparison(Shape):
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


def run() -> Comparison:
    """Compare. Twice does nothing twice."""
    begun = timers.begin(_TIMER)
    # What may still be under way is left to the next run.
    work, result = replace(begun, now=begun.now - paying.CONFIRMING), Comparison()
    for at in work.hours():
        _go_through(at, work.now, result)
    since = (begun.done.until - _OVERLAP) if begun.done else begun.now - _FIRST_LOOK_BACK
    for notice in stripe_events.told_since(since):
        try:
            if notice.type == stripe_events.SUCCEEDED:
                result.charges += 1
                _compare(notice, result)
            else:
                result.returned += stripe_notices.take(notice) == stripe_notices.TAKEN
        except (errors.LostRace, errors.Upstream) as failure:
            result.failed += 1
            logger.warning("an event could not be compared", reason=type(failure).__name__, object_id=notice.object_id)
    count("PaymentsMended", result.mended)
    count("PaymentsRestored", result.restored)
    if not result.failed:
        work.finish()
    return result


def _go_through(at: datetime, now: datetime, result: Comparison) -> None:
    query: PageQuery | None = PageQuery(limit=100)
    while query is not None:
        hour = PENDING.partition(hour=pending_since(at).sk[:13])
        found = page(Payment, PENDING, [hour], query, between=("0", f"{sortable(now)}~"))
        for payment in found.items:
            result.pending += 1
            after = paying.resolved(Caller.system(_TIMER, payment.org_id), payment)
            result.mended += after.status is not PaymentStatus.PENDING
            result.failed += after.status is PaymentStatus.PENDING
            logger.warning("a payment was pending", payment_id=payment.id, status=after.status.value)
        query = PageQuery(limit=100, cursor=found.next_cursor) if found.next_cursor else None


def _compare(notice: Notice, result: Comparison) -> None:
    org_id, payment_id = notice.metadata.get("org_id", ""), notice.metadata.get("payment_id", "")
    if not ids.is_id(org_id, "org") or not ids.is_id(payment_id, "pay"):
        result.foreign += 1
        return
    known = store.find(Payment, PAYMENT.key(org=org_id, id=payment_id))
    if known is not None and known.status is PaymentStatus.SUCCEEDED:
        return
    caller = Caller.system(_TIMER, org_id)
    outcome = stripe_port.fetched(notice.object_id)
    if known is None:
        if not restoring.restored(caller, payment_id, outcome):
            result.foreign += 1
            return
        result.restored += 1
    settling.settle(caller, payment_id, outcome)
    result.mended += known is not None
    logger.warning("a charge was not written down", payment_id=payment_id, org_id=org_id)
