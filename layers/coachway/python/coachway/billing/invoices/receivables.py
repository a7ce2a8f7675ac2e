"""What clients owe us, by age."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from coachway.billing.aging import Aging, Owed, aged
from coachway.billing.invoices.model import BY_DUE_DATE, OVERDUE, Invoice
from coachway.billing.invoices.rules import InvoiceStatus
from coachway.billing.ledger import journal as ledger_journal
from coachway.clients.rules import TERM_DAYS
from coachway.core.caller import Caller
from coachway.core.persistence.queries import months_between, query_all
from coachway.identity import organization_queries

_LONGEST_TERMS = timedelta(days=max(TERM_DAYS.values()))
_LATE = timedelta(days=35)
"""Longer than the timer that finds overdue invoices is ever late."""


def owed(org_id: str, today: date) -> Iterator[Invoice]:
    """Every invoice of which something is due: overdue ones lie together, others fall due within the longest terms."""
    yield from query_all(Invoice, OVERDUE.partition(org=org_id), index=OVERDUE.index, most=100_000)
    span = months_between(ledger_journal.midnight(today - _LATE), ledger_journal.midnight(today + _LONGEST_TERMS))
    for month in span:
        partition = BY_DUE_DATE.partition(org=org_id, month=month)
        for invoice in query_all(Invoice, partition, index=BY_DUE_DATE.index, most=100_000):
            if invoice.status.is_open and invoice.status is not InvoiceStatus.OVERDUE:
                yield invoice


def aging(caller: Caller) -> Aging:
    """What clients owe today, by how long it is past due."""
    organization = organization_queries.get(caller.org_id)
    today = ledger_journal.today(organization)
    items = (
        Owed(each.client_id, each.client_name, each.due_date, each.balance_due)
        for each in owed(caller.org_id, today)
        if each.due_date is not None
    )
    return aged(items, today, organization.currency)
