"""Receivables: open invoices and their aging report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from coachway.billing.aging import AgingReport, OpenAmount, build_aging_report
from coachway.billing.invoices.model import BY_DUE_DATE, OVERDUE, Invoice
from coachway.billing.invoices.rules import InvoiceStatus
from coachway.billing.ledger import journal
from coachway.clients.rules import TERM_DAYS
from coachway.core.caller import Caller
from coachway.core.persistence.queries import months_between, query_all
from coachway.identity import organization_queries

_LONGEST_TERMS = timedelta(days=max(TERM_DAYS.values()))
_MAX_TIMER_DELAY = timedelta(days=35)
"""Longer than the longest outage of the timer that marks overdue invoices."""


def iter_open_invoices(org_id: str, today: date) -> Iterator[Invoice]:
    """Iterate over issued invoices that are not paid: overdue ones first, then the others by due date."""
    yield from query_all(Invoice, OVERDUE.partition(org=org_id), index=OVERDUE.index, most=100_000)
    months = months_between(
        journal.start_of_day(today - _MAX_TIMER_DELAY), journal.start_of_day(today + _LONGEST_TERMS)
    )
    for month in months:
        partition = BY_DUE_DATE.partition(org=org_id, month=month)
        for invoice in query_all(Invoice, partition, index=BY_DUE_DATE.index, most=100_000):
            if invoice.status.is_open and invoice.status is not InvoiceStatus.OVERDUE:
                yield invoice


def get_aging_report(caller: Caller) -> AgingReport:
    """Get the aging report of receivables, as of today."""
    organization = organization_queries.get(caller.org_id)
    today = journal.local_date(organization)
    open_amounts = (
        OpenAmount(invoice.client_id, invoice.client_name, invoice.due_date, invoice.balance_due)
        for invoice in iter_open_invoices(caller.org_id, today)
        if invoice.due_date is not None
    )
    return build_aging_report(open_amounts, today, organization.currency)
