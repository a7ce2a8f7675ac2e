"""What clients owe us, by age."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from coachway.billing import ledger
from coachway.billing.aging import Aging, Owed, aged
from coachway.billing.invoice import BY_DUE_DATE, OVERDUE, Invoice
from coachway.billing.invoice_rules import InvoiceStatus
from coachway.clients.rules import TERM_DAYS
from coachway.core.caller import Caller
from coachway.core.listing import everything, months
from coachway.identity import organizations

_LONGEST_TERMS = timedelta(days=max(TERM_DAYS.values()))
_LATE = timedelta(days=35)
"""Longer than the timer that finds overdue invoices is ever late."""


def owed(org_id: str, today: date) -> Iterator[Invoice]:
    """Every invoice of which something is due: overdue ones lie together, others fall due within the longest terms."""
    yield from everything(Invoice, OVERDUE.partition(org=org_id), index=OVERDUE.index, most=100_000)
    span = months(ledger.midnight(today - _LATE), ledger.midnight(today + _LONGEST_TERMS))
    for month in span:
        partition = BY_DUE_DATE.partition(org=org_id, month=month)
        for invoice in everything(Invoice, partition, index=BY_DUE_DATE.index, most=100_000):
            if invoice.status.is_open and invoice.status is not InvoiceStatus.OVERDUE:
                yield invoice


def aging(caller: Caller) -> Aging:
    """What clients owe today, by how long it is past due."""
    organization = organizations.get(caller.org_id)
    today = ledger.today(organization)
    items = (
        Owed(each.client_id, each.client_name, each.due_date, each.balance_due)
        for each in owed(caller.org_id, today)
        if each.due_date is not None
    )
    return aged(items, today, organization.currency)
