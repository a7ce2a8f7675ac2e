"""Draws each issued invoice once and lays it in the bucket; then it can be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coachway.billing.invoices import service
from coachway.billing.invoices.model import Invoice
from coachway.billing.invoices.rules import InvoiceStatus
from coachway.billing.invoices.service import InvoiceChanged, retry_on_invoice_change
from coachway.contracts.billing.invoices import InvoiceFiled
from coachway.core import file_storage, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.http.response_types import FileResponse
from coachway.core.persistence.operations import Update
from coachway.identity import organization_queries

PDF: Final = "application/pdf"


def key_of(invoice: Invoice) -> str:
    """Where an invoice's paper lies."""
    return f"invoices/{invoice.org_id}/{invoice.id}/{invoice.number}.pdf"


def store_pdf(caller: Caller, delivery: Delivery) -> None:
    """Draw and file an invoice that was issued. One that is filed, or void since, is left as it is."""
    retry_on_invoice_change(lambda: _file(caller, delivery.aggregate_id))


def _file(caller: Caller, invoice_id: str) -> None:
    before = service.get(caller, invoice_id)
    if before.pdf_key is not None or before.status in {InvoiceStatus.DRAFT, InvoiceStatus.VOID}:
        return
    after = before.model_copy(update={"pdf_key": key_of(before)})
    file_storage.put(key_of(before), _drawn(before), PDF)
    told = InvoiceFiled(**service.event_fields(after), pdf_key=key_of(before), link_nonce=after.link_nonce)
    store.commit(caller, Update(before, after, [told], lost=InvoiceChanged()))


def _drawn(invoice: Invoice) -> bytes:
    # ReportLab comes when something is drawn: most invocations draw nothing.
    from coachway.billing.invoices import pdf

    return pdf.pdf(invoice, organization_queries.get(invoice.org_id))


def get_pdf(caller: Caller, invoice_id: str) -> FileResponse:
    """The invoice's PDF: as it was issued; a draft, a void one or one not filed yet as it is now. Raises Missing."""
    return paper_of(service.get(caller, invoice_id))


def paper_of(invoice: Invoice) -> FileResponse:
    """The same, of an invoice that its reader may see."""
    stands = invoice.pdf_key is not None and invoice.status is not InvoiceStatus.VOID
    content = file_storage.get(invoice.pdf_key) if stands and invoice.pdf_key else _drawn(invoice)
    return FileResponse(content, PDF, f"{invoice.number or 'draft'}.pdf", inline=True)


CONSUMERS: Final[Mapping[str, Consumer]] = {"invoice.issued": store_pdf}
