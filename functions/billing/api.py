"""Routes of invoices and of the ledger."""

from __future__ import annotations

from coachway.billing.aging import Aging
from coachway.billing.collections import schedule as collection_schedule
from coachway.billing.collections.model import Collection, CollectionId, CollectionQuery
from coachway.billing.ids import InvoiceId, PaymentId
from coachway.billing.invoices import issue_and_void, receivables
from coachway.billing.invoices import service as invoices
from coachway.billing.invoices.model import Invoice, InvoiceInput, InvoiceQuery, VoidInput
from coachway.billing.ledger import export as ledger_export
from coachway.billing.ledger import journal as ledger_journal
from coachway.billing.ledger.export import ExportQuery
from coachway.billing.ledger.journal import Entry, LedgerQuery
from coachway.billing.payments import manual_payments
from coachway.billing.payments import manual_payments as billing_recording
from coachway.billing.payments.model import Payment, RecordedInput, ReverseInput
from coachway.billing.reports import reconciliation
from coachway.billing.reports.reconciliation import Reconciliation, ReconciliationQuery
from coachway.core.caller import Caller
from coachway.core.http.response_types import FileResponse
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page

api = ApiRouter("billing", "Invoices, payments, refunds, payables, and the ledger.")
app = api.app

CLIENTS = ("client",)


@api.post("/invoices", permission="billing:write", status=201, errors=(404,))
def create_invoice(caller: Caller, body: InvoiceInput) -> Invoice:
    """Draft an invoice.

    Of one charter that is booked, or of several of one client that are over. Its amounts are those of their quotes.
    """
    return invoices.create(caller, body)


@api.get("/invoices", permission="billing:read", external_roles=CLIENTS, errors=(404,))
def list_invoices(caller: Caller, query: InvoiceQuery) -> Page[Invoice]:
    """List invoices, newest first; with a due date those that were issued, soonest due first.

    Clients see their own, once they were issued.
    """
    return invoices.listed(caller, query)


@api.get("/invoices/{invoice_id}", permission="billing:read", external_roles=CLIENTS)
def get_invoice(caller: Caller, invoice_id: InvoiceId) -> Invoice:
    """Get an invoice."""
    return invoices.get(caller, invoice_id)


@api.post("/invoices/{invoice_id}/issue", permission="billing:write")
def issue_invoice(caller: Caller, invoice_id: InvoiceId, if_match: int | None) -> Invoice:
    """Issue a draft.

    It gets the next number of the year, without a gap, and is due by the client's terms. What was paid ahead for its
    trips is taken off. The client gets it by mail.
    """
    return issue_and_void.issue(caller, invoice_id, if_match)


@api.post("/invoices/{invoice_id}/void", permission="billing:write")
def void_invoice(caller: Caller, invoice_id: InvoiceId, body: VoidInput, if_match: int | None) -> Invoice:
    """Void an invoice on which nothing was paid since it was issued.

    It keeps its number; its trips can be invoiced again.
    """
    return issue_and_void.void(caller, invoice_id, body.reason, if_match)


@api.post("/invoices/{invoice_id}/record-payment", permission="billing:write")
def record_payment(caller: Caller, invoice_id: InvoiceId, body: RecordedInput, if_match: int | None) -> Invoice:
    """Record a payment that came by cash, check or transfer, of all that is due or of a part."""
    return manual_payments.record(caller, invoice_id, body, if_match)


@api.post("/payments/{payment_id}/reverse", permission="billing:write")
def reverse_payment(caller: Caller, payment_id: PaymentId, body: ReverseInput, if_match: int | None) -> Payment:
    """Take back a payment that was recorded and turned out to be none, such as a check that came back.

    Its invoice is due again, and can be voided. What came by card is given back by a refund.
    """
    return billing_recording.reverse(caller, payment_id, body.reason, if_match)


@api.get("/billing/ledger", permission="billing:read")
def list_ledger(caller: Caller, query: LedgerQuery) -> Page[Entry]:
    """List journal entries, newest first.

    In each, a debit is positive and a credit negative, and they add up to zero.
    """
    return ledger_journal.listed(caller, query)


@api.get("/billing/aging/receivable", permission="billing:read")
def get_receivables_aging(caller: Caller) -> Aging:
    """What clients owe, by how long it is past due."""
    return receivables.aging(caller)


@api.get("/billing/reconciliation", permission="billing:read")
def reconcile_month(caller: Caller, query: ReconciliationQuery) -> Reconciliation:
    """What a month did to each account, and whether the books agree with it."""
    return reconciliation.month(caller, query)


@api.get("/billing/export", permission="billing:read", media="text/csv, text/plain, application/json")
def export_journal(caller: Caller, query: ExportQuery) -> FileResponse:
    """Export the journal: QuickBooks Desktop (IIF), QuickBooks Online (journal entries as JSON), or CSV.

    The clients' and vendors' names are in it, as those programs want them.
    """
    return ledger_export.export(caller, query)


@api.get("/billing/collections", permission="billing:read")
def list_collections(caller: Caller, query: CollectionQuery) -> Page[Collection]:
    """List what is and was collected by card when it was due, the latest due first."""
    return collection_schedule.listed(caller, query)


@api.get("/billing/collections/{collection_id}", permission="billing:read")
def get_collection(caller: Caller, collection_id: CollectionId) -> Collection:
    """Get what is collected for a charter or an invoice, with each try."""
    return collection_schedule.get(caller, collection_id)


@api.post("/billing/collections/{collection_id}/retry", permission="billing:write")
def retry_collection(caller: Caller, collection_id: CollectionId, if_match: int | None) -> Collection:
    """Begin again what was given up, with as many tries."""
    return collection_schedule.retry(caller, collection_id, if_match)
