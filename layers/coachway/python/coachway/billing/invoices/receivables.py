"""Receivables: the balances of open invoices, and their aging report."""

from collections.abc import Iterator
from datetime import date, timedelta

from coachway.billing.aging import AgingReport, OpenAmount, build_aging_report
from coachway.billing.invoices.model import BY_DUE_DATE, BY_MONTH, OVERDUE, RECEIVABLES, Invoice, Receivable
from coachway.billing.invoices.rules import InvoiceStatus
from coachway.billing.ledger import journal
from coachway.clients.rules import TERM_DAYS
from coachway.core.caller import Caller
from coachway.core.persistence.data_version import DataVersion
from coachway.core.persistence.queries import iterate_by_month, months_between, query_all
from coachway.core.record_refresh import refresh_records
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization

_LONGEST_TERMS = timedelta(days=max(TERM_DAYS.values()))
_MAX_TIMER_DELAY = timedelta(days=35)
"""Longer than the longest outage of the timer that marks overdue invoices."""
_MAX_OPEN = 100_000


def list_receivables(organization: Organization, today: date) -> list[Receivable]:
    """List the balances of all open invoices. One query.

    One query for each month in an organization whose invoices were not rebuilt.
    """
    if organization.has_data(DataVersion.RECEIVABLES):
        partition = RECEIVABLES.partition(org=organization.org_id)
        return query_all(Receivable, partition, index=RECEIVABLES.index, limit=_MAX_OPEN)
    copies = (invoice.slim_copy() for invoice in _iter_open_invoices(organization.org_id, today))
    return [copy for copy in copies if copy is not None]


def refresh_receivables(org_id: str) -> int:
    """Write all invoices again with their slim copies; return how many."""
    return refresh_records(org_id, iterate_by_month(Invoice, BY_MONTH, org_id))


def _iter_open_invoices(org_id: str, today: date) -> Iterator[Invoice]:
    """Iterate over issued invoices that are not paid: overdue ones first, then the others by due date."""
    yield from query_all(Invoice, OVERDUE.partition(org=org_id), index=OVERDUE.index, limit=_MAX_OPEN)
    months = months_between(
        journal.get_day_start(today - _MAX_TIMER_DELAY), journal.get_day_start(today + _LONGEST_TERMS)
    )
    for month in months:
        partition = BY_DUE_DATE.partition(org=org_id, month=month)
        for invoice in query_all(Invoice, partition, index=BY_DUE_DATE.index, limit=_MAX_OPEN):
            if invoice.status.is_open and invoice.status is not InvoiceStatus.OVERDUE:
                yield invoice


def get_aging_report(caller: Caller) -> AgingReport:
    """Get the aging report of receivables, as of today."""
    organization = organization_queries.get_organization(caller.org_id)
    today = journal.local_date(organization)
    open_amounts = (
        OpenAmount(receivable.client_id, receivable.client_name, receivable.due_date, receivable.balance_due)
        for receivable in list_receivables(organization, today)
    )
    return build_aging_report(open_amounts, today, organization.currency)
