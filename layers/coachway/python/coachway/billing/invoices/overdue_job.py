"""Says of invoices that they are overdue once their day is over, hour by hour; nothing is scanned."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from coachway.billing.invoices import service
from coachway.billing.invoices.model import FALLING_DUE, Invoice
from coachway.billing.invoices.rules import InvoiceStatus, require_step
from coachway.contracts.billing.invoices import InvoiceOverdue
from coachway.core import errors, hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.queries import query_page
from coachway.core.runtime.logging import logger
from coachway.core.schemas import BaseSchema, PageQuery
from coachway.core.types.datetimes import sortable

_TIMER: Final = "overdue-invoices"


class Overdue(BaseSchema):
    """What one run did: invoices that are overdue now, and those to be looked at again."""

    overdue: int = 0
    failed: int = 0


def run() -> Overdue:
    """Mark what is overdue. An hour that went wrong is gone through again; twice does nothing twice."""
    work, result = hourly_sweep.begin(_TIMER), Overdue()
    for at in work.hours():
        _go_through(at, work.now, result)
    if not result.failed:
        work.finish()
    return result


def _go_through(at: datetime, now: datetime, result: Overdue) -> None:
    query: PageQuery | None = PageQuery(limit=100)
    while query is not None:
        partition = FALLING_DUE.partition(hour=sortable(at)[:13])
        due = query_page(Invoice, FALLING_DUE, [partition], query, between=("0", f"{sortable(now)}~"))
        for invoice in due.items:
            try:
                _mark(Caller.system(_TIMER, invoice.org_id), invoice.id, now, result)
            except errors.ConcurrentUpdate:
                result.failed += 1
                logger.warning("an invoice changed while it fell overdue", invoice_id=invoice.id)
        query = PageQuery(limit=100, cursor=due.next_cursor) if due.next_cursor else None


def _mark(caller: Caller, invoice_id: str, now: datetime, result: Overdue) -> None:
    """By the invoice itself: what an index says may be old."""
    before = service.get(caller, invoice_id)
    if not before.status.is_open or before.status is InvoiceStatus.OVERDUE:
        return
    if before.overdue_at is None or before.overdue_at > now:
        return
    require_step(before.status, InvoiceStatus.OVERDUE)
    after = before.model_copy(update={"status": InvoiceStatus.OVERDUE})
    told = InvoiceOverdue(**service.event_fields(after), link_nonce=after.link_nonce)
    store.commit(caller, Update(before, after, [told]))
    result.overdue += 1
