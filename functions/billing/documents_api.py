"""Routes of invoice PDFs and client data exports."""

from coachway.billing import client_export
from coachway.billing.client_export import ClientExport, ClientExportQuery
from coachway.billing.ids import InvoiceId
from coachway.billing.invoices import pdf_storage
from coachway.bookings.charters.trip_model import ClientId
from coachway.core import errors
from coachway.core.auth.signed_links import Token
from coachway.core.caller import Caller
from coachway.core.http.response_types import FileResponse
from coachway.core.http.routing import PUBLIC, ApiRouter

api = ApiRouter("billing", "Invoices, payments, refunds, payables, and the ledger.", health=False)
app = api.app


@api.get("/invoices/{invoice_id}/pdf", permission="billing:read", media="application/pdf", external_roles=("client",))
def get_invoice_pdf(caller: Caller, invoice_id: InvoiceId) -> FileResponse:
    """Get the PDF of an invoice.

    Returns the PDF that was sent to the client. The PDF of an invoice that is not issued is marked as a draft.
    A character that no font has is shown as its code point; for a draft, the header `X-Missing-Characters` lists these.
    """
    return pdf_storage.get_pdf(caller, invoice_id)


@api.get(
    "/pages/invoices/{invoice_token}/invoice.pdf",
    permission=PUBLIC,
    media="application/pdf",
    base="",
    errors=(errors.NotFound,),
)
def download_invoice_from_page(caller: Caller, invoice_token: Token) -> FileResponse:
    """Download the PDF of an invoice from its page.

    For the client who was sent the link.
    """
    return pdf_storage.get_pdf_by_link(caller, invoice_token)


@api.get("/clients/{client_id}/export", permission="clients:write")
def export_client(caller: Caller, client_id: ClientId, query: ClientExportQuery) -> ClientExport:
    """Export all data about a client.

    Use this when a client asks for a copy of its data. The first page includes the client with contacts, addresses,
    preferences, credit and history. All pages list charters, invoices, payments, refunds, collections, messages,
    leads and proposals, newest first, up to 100 per page.
    """
    return client_export.export_client(caller, client_id, query)
