"""Papers: invoices, and all that is kept about a client."""

from __future__ import annotations

from coachway.billing.ids import InvoiceId
from coachway.billing.invoices import pdf_storage
from coachway.billing.privacy import client_export
from coachway.billing.privacy.client_export import ClientExport, ClientExportQuery
from coachway.bookings.charters.model import ClientId
from coachway.core.caller import Caller
from coachway.core.http.response_types import FileResponse
from coachway.core.http.routing import ApiRouter

api = ApiRouter("billing", "Invoices, payments, refunds, payables, and the ledger.", health=False)
app = api.app


@api.get("/invoices/{invoice_id}/pdf", permission="billing:read", media="application/pdf", external_roles=("client",))
def get_invoice_pdf(caller: Caller, invoice_id: InvoiceId) -> FileResponse:
    """Get an invoice as a PDF.

    Once it was issued it is the paper that the client was sent; a draft says that it is one.
    """
    return pdf_storage.get_pdf(caller, invoice_id)


@api.get("/clients/{client_id}/export", permission="clients:write")
def export_client(caller: Caller, client_id: ClientId, query: ClientExportQuery) -> ClientExport:
    """Export everything kept about a client.

    For the client itself, who may ask for it: master data with contacts, addresses, preferences, credit and history,
    and then charters, invoices, payments, refunds, collections and messages, newest first, a hundred in a page.
    """
    return client_export.export(caller, client_id, query)
