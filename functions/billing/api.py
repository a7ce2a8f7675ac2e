"""Routes of invoices, recorded payments, collections and the ledger."""

from coachway.billing.aging import AgingReport
from coachway.billing.collections import service as collections
from coachway.billing.collections.model import Collection, CollectionId, CollectionQuery
from coachway.billing.errors import (
    AmountExceedsBalance,
    AmountExceedsPayment,
    CharterAlreadyInvoiced,
    CharterNotBillable,
    CharterNotCompleted,
    CollectionNotFailed,
    InvoiceHasPayments,
    InvoiceNotDraft,
    InvoiceNotPayable,
    InvoiceOutdated,
    PaymentNotReversible,
    SeveralClients,
)
from coachway.billing.ids import InvoiceId, PaymentId
from coachway.billing.invoices import lifecycle as invoice_lifecycle
from coachway.billing.invoices import queries as invoice_queries
from coachway.billing.invoices import receivables
from coachway.billing.invoices import service as invoices
from coachway.billing.invoices.model import DraftInput, Invoice, InvoiceInput, InvoiceQuery, VoidInput
from coachway.billing.ledger import export as ledger_export
from coachway.billing.ledger import journal
from coachway.billing.ledger.export import ExportQuery
from coachway.billing.ledger.journal import JournalEntry, LedgerQuery
from coachway.billing.payments import manual_payments
from coachway.billing.payments.model import Payment, RecordPaymentInput, ReversePaymentInput
from coachway.billing.reports import reconciliation
from coachway.billing.reports.reconciliation import Reconciliation, ReconciliationQuery
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.http.response_types import FileResponse
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page, PartialUpdate

api = ApiRouter("billing", "Invoices, payments, refunds, payables, and the ledger.")
app = api.app

CLIENTS = ("client",)


@api.post(
    "/invoices",
    permission="billing:write",
    status=201,
    errors=(errors.NotFound, CharterAlreadyInvoiced, CharterNotBillable, CharterNotCompleted, SeveralClients),
)
def create_invoice(caller: Caller, body: InvoiceInput) -> Invoice:
    """Create an invoice.

    Creates a draft for one booked charter, or for several completed charters of one client. Amounts are taken from the
    charters' quotes.
    """
    return invoices.create_invoice(caller, body)


@api.get("/invoices", permission="billing:read", external_roles=CLIENTS, errors=(errors.NotFound,))
def list_invoices(caller: Caller, query: InvoiceQuery) -> Page[Invoice]:
    """List invoices.

    Newest first. With a due date filter, only issued invoices are listed, earliest due date first. `q` finds numbers,
    and words of the client's name. Drafts have the billing address with which they were stored; get a draft for the
    current one. Clients see their own issued invoices.
    """
    return invoice_queries.list_invoices(caller, query)


@api.get("/invoices/{invoice_id}", permission="billing:read", external_roles=CLIENTS)
def get_invoice(caller: Caller, invoice_id: InvoiceId) -> Invoice:
    """Get an invoice.

    A draft is shown as it would be issued now, with the client's current billing address and the deposits paid.
    """
    return invoice_queries.show_invoice(caller, invoice_id)


@api.put("/invoices/{invoice_id}", permission="billing:write", errors=(InvoiceNotDraft, CharterNotBillable))
def update_invoice(
    caller: Caller, invoice_id: InvoiceId, body: PartialUpdate[DraftInput], if_match: int | None
) -> Invoice:
    """Update a draft of an invoice.

    Omitted fields keep their values. The lines of charters are taken from their quotes again. Issued invoices cannot be
    updated.
    """
    return invoices.update_draft(caller, invoice_id, body, if_match)


@api.delete("/invoices/{invoice_id}", permission="billing:write", errors=(InvoiceNotDraft,))
def delete_invoice(caller: Caller, invoice_id: InvoiceId, if_match: int | None) -> None:
    """Delete a draft of an invoice.

    Its charters can be invoiced again. Issued invoices are voided instead, because they keep their number.
    """
    invoices.delete_draft(caller, invoice_id, if_match)


@api.post(
    "/invoices/{invoice_id}/issue",
    permission="billing:write",
    errors=(InvoiceNotDraft, InvoiceOutdated, CharterNotBillable),
)
def issue_invoice(caller: Caller, invoice_id: InvoiceId, if_match: int | None) -> Invoice:
    """Issue an invoice.

    Assigns the next number of the year, without gaps, and sets the due date by the client's payment terms. Deposits
    for its charters are applied. The client receives the invoice by email.
    """
    return invoice_lifecycle.issue_invoice(caller, invoice_id, if_match)


@api.post(
    "/invoices/{invoice_id}/void",
    permission="billing:write",
    errors=(InvoiceHasPayments, errors.InvalidStatusTransition),
)
def void_invoice(caller: Caller, invoice_id: InvoiceId, body: VoidInput, if_match: int | None) -> Invoice:
    """Void an invoice.

    The invoice keeps its number, and its charters can be invoiced again. Reverse or refund payments made after the
    invoice was issued first.
    """
    return invoice_lifecycle.void_invoice(caller, invoice_id, body.reason, if_match, message=body.message_to_client)


@api.post(
    "/invoices/{invoice_id}/record-payment",
    permission="billing:write",
    errors=(InvoiceNotPayable, AmountExceedsBalance),
)
def record_payment(caller: Caller, invoice_id: InvoiceId, body: RecordPaymentInput, if_match: int | None) -> Invoice:
    """Record a payment.

    Records a payment by cash, check or bank transfer, of the whole balance or a part of it.
    """
    return manual_payments.record_payment(caller, invoice_id, body, if_match)


@api.post(
    "/payments/{payment_id}/reverse",
    permission="billing:write",
    errors=(PaymentNotReversible, AmountExceedsPayment),
)
def reverse_payment(caller: Caller, payment_id: PaymentId, body: ReversePaymentInput, if_match: int | None) -> Payment:
    """Reverse a payment.

    Use this for recorded payments that did not clear, such as a bounced check. The invoice is due again and can be
    voided. Card payments are refunded instead.
    """
    return manual_payments.reverse_payment(caller, payment_id, body.reason, if_match)


@api.get("/billing/ledger", permission="billing:read")
def list_journal_entries(caller: Caller, query: LedgerQuery) -> Page[JournalEntry]:
    """List journal entries.

    Newest first. In each entry, debits are positive, credits negative, and they add up to zero.
    """
    return journal.list_entries(caller, query)


@api.get("/billing/aging/receivable", permission="billing:read")
def get_receivables_aging(caller: Caller) -> AgingReport:
    """Get the receivables aging report.

    Open amounts of clients by the number of days past due.
    """
    return receivables.get_aging_report(caller)


@api.get("/billing/reconciliation", permission="billing:read")
def get_reconciliation(caller: Caller, query: ReconciliationQuery) -> Reconciliation:
    """Get a monthly reconciliation report.

    The totals of each account, and a comparison of the ledger with open invoices and payables.
    """
    return reconciliation.reconcile_month(caller, query)


@api.get("/billing/export", permission="billing:read", media="text/csv, text/plain, application/json")
def export_journal(caller: Caller, query: ExportQuery) -> FileResponse:
    """Export the journal.

    Exports IIF for QuickBooks Desktop, JSON journal entries for QuickBooks Online, or CSV. The export includes the
    names of clients and vendors, which these programs require.
    """
    return ledger_export.export_journal(caller, query)


@api.get("/billing/collections", permission="billing:read")
def list_collections(caller: Caller, query: CollectionQuery) -> Page[Collection]:
    """List collections.

    Collections charge a client's saved card when an instalment or invoice is due, if the client has agreed to that. An
    email announces each charge. Latest due date first.
    """
    return collections.list_collections(caller, query)


@api.get("/billing/collections/{collection_id}", permission="billing:read")
def get_collection(caller: Caller, collection_id: CollectionId) -> Collection:
    """Get a collection.

    Includes all attempts to charge the card.
    """
    return collections.get_collection(caller, collection_id)


@api.post(
    "/billing/collections/{collection_id}/retry",
    permission="billing:write",
    errors=(CollectionNotFailed, errors.InvalidStatusTransition),
)
def retry_collection(caller: Caller, collection_id: CollectionId, if_match: int | None) -> Collection:
    """Retry a collection.

    Announces a failed collection to the client again. The card is charged some days later, with all attempts.
    """
    return collections.retry_collection(caller, collection_id, if_match)
