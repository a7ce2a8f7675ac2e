"""Draws each issued invoice once and lays it in the bucket; then it can be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coachway.billing import invoices
from coachway.billing.invoice import Invoice
from coachway.billing.invoice_events import InvoiceFiled
from coachway.billing.invoice_rules import InvoiceStatus
from coachway.billing.invoices import ChangedMeanwhile, insisting
from coachway.core import files, store
from coachway.core.answers import File
from coachway.core.caller import Caller
from coachway.core.consuming import Consumer, Delivery
from coachway.core.ops import Update
from coachway.identity import organizations

PDF: Final = "application/pdf"


def key_of(invoice: Invoice) -> str:
    """Where an invoice's paper lies."""
    return f"invoices/{invoice.org_id}/{invoice.id}/{invoice.number}.pdf"


def file(caller: Caller, delivery: Delivery) -> None:
    """Draw and file an invoice that was issued. One that is filed, or void since, is left as it is."""
    insisting(lambda: _file(caller, delivery.aggregate_id))


def _file(caller: Caller, invoice_id: str) -> None:
    before = invoices.get(caller, invoice_id)
    if before.pdf_key is not None or before.status in {InvoiceStatus.DRAFT, InvoiceStatus.VOID}:
        return
    after = before.model_copy(update={"pdf_key": key_of(before)})
    files.put(key_of(before), _drawn(before), PDF)
    told = InvoiceFiled(**invoices.told(after), pdf_key=key_of(before), link_nonce=after.link_nonce)
    store.commit(caller, Update(before, after, [told], lost=ChangedMeanwhile()))


def _drawn(invoice: Invoice) -> bytes:
    # ReportLab comes when something is drawn: most invocations draw nothing.
    from coachway.billing import invoice_paper

    return invoice_paper.pdf(invoice, organizations.get(invoice.org_id))


def paper(caller: Caller, invoice_id: str) -> File:
    """The invoice's PDF: as it was issued; a draft, a void one or one not filed yet as it is now. Raises Missing."""
    return paper_of(invoices.get(caller, invoice_id))


def paper_of(invoice: Invoice) -> File:
    """The same, of an invoice that its reader may see."""
    stands = invoice.pdf_key is not None and invoice.status is not InvoiceStatus.VOID
    content = files.get(invoice.pdf_key) if stands and invoice.pdf_key else _drawn(invoice)
    return File(content, PDF, f"{invoice.number or 'draft'}.pdf", inline=True)


CONSUMERS: Final[Mapping[str, Consumer]] = {"invoice.issued": file}
