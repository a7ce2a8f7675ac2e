"""Timer job: mark invoices as overdue after their due date."""

from datetime import datetime
from typing import Final

from coachway.billing.invoices import queries, service
from coachway.billing.invoices.model import FALLING_DUE, Invoice
from coachway.billing.invoices.rules import TRANSITIONS, InvoiceStatus
from coachway.contracts.billing.invoices import InvoiceOverdue
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.hourly_sweep import sweep
from coachway.core.persistence.operations import Update
from coachway.core.schemas import BaseSchema

_JOB: Final = "overdue-invoices"


class OverdueResult(BaseSchema):
    """Counts of one run: invoices marked as overdue, and invoices left for the next run."""

    overdue: int = 0
    failed: int = 0


def run() -> OverdueResult:
    """Mark all invoices that have become overdue. Safe to repeat."""
    return OverdueResult(**sweep(_JOB, Invoice, FALLING_DUE, _mark_overdue))


def _mark_overdue(indexed_invoice: Invoice, now: datetime) -> str:
    caller = Caller.system(_JOB, indexed_invoice.org_id)
    before = queries.get_invoice(caller, indexed_invoice.id)
    if not before.status.is_open or before.status is InvoiceStatus.OVERDUE:
        return ""
    if before.overdue_at is None or before.overdue_at > now:
        return ""
    TRANSITIONS.require(before.status, InvoiceStatus.OVERDUE)
    after = before.model_copy(update={"status": InvoiceStatus.OVERDUE})
    event = InvoiceOverdue(**service.event_fields(after), link_nonce=after.link_nonce)
    store.commit(caller, Update(before, after, [event]))
    return "overdue"
