"""Render the PDF of each issued invoice once and store it in S3."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from coachway.billing.errors import InvoiceChanged
from coachway.billing.invoices import links, queries, service
from coachway.billing.invoices.model import Invoice
from coachway.billing.invoices.rules import InvoiceStatus
from coachway.contracts.billing.invoices import InvoicePdfStored
from coachway.core import file_storage, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.http.response_types import FileResponse
from coachway.core.persistence.operations import Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.identity import organization_queries

if TYPE_CHECKING:
    from coachway.core.documents.pdf import Pdf

CONTENT_TYPE: Final = "application/pdf"


def build_object_key(invoice: Invoice) -> str:
    """Return the S3 key of an invoice's PDF."""
    return f"invoices/{invoice.org_id}/{invoice.id}/{invoice.number}.pdf"


def store_pdf(caller: Caller, delivery: Delivery) -> None:
    """Render and store the PDF of an issued invoice, unless it is stored already or the invoice is void."""
    _store_pdf(caller, delivery.aggregate_id)


@retry_on_conflict
def _store_pdf(caller: Caller, invoice_id: str) -> None:
    before = queries.get_invoice(caller, invoice_id)
    if before.pdf_key is not None or before.status in {InvoiceStatus.DRAFT, InvoiceStatus.VOID}:
        return
    pdf_key = build_object_key(before)
    after = before.model_copy(update={"pdf_key": pdf_key})
    file_storage.put_file(pdf_key, _render(before).content, CONTENT_TYPE)
    event = InvoicePdfStored(**service.event_fields(after), pdf_key=pdf_key, link_nonce=after.link_nonce)
    store.commit(caller, Update(before, after, [event], on_stale=InvoiceChanged()))


def _render(invoice: Invoice) -> "Pdf":
    # Imported here because most invocations render nothing, and the layer `pdf` is large.
    from coachway.billing.invoices import pdf

    return pdf.render_pdf(invoice, organization_queries.get_organization(invoice.org_id))


def get_pdf(caller: Caller, invoice_id: str) -> FileResponse:
    """Get the PDF of an invoice: the stored one, or a new one for drafts and void invoices. Raises NotFound."""
    return _build_response(queries.get_invoice(caller, invoice_id))


def get_pdf_by_link(caller: Caller, token: str) -> FileResponse:
    """Get the PDF of the invoice of a link. Raises NotFound for an invalid or revoked token."""
    return _build_response(links.open_invoice_link(caller, token).invoice)


def _build_response(invoice: Invoice) -> FileResponse:
    filename = f"{invoice.number or 'draft'}.pdf"
    if invoice.pdf_key is None or invoice.status is InvoiceStatus.VOID:
        return _render(invoice).build_response(filename)
    return FileResponse(file_storage.get_file(invoice.pdf_key), CONTENT_TYPE, filename, inline=True)


CONSUMERS: Final[Mapping[str, Consumer]] = {"invoice.issued": store_pdf}
