"""Invoices as papers."""

from __future__ import annotations

from coachway.billing import filing
from coachway.billing.model import InvoiceId
from coachway.core.answers import File
from coachway.core.caller import Caller
from coachway.core.http import Api

api = Api("billing", "Invoices, payments, refunds, payables, and the ledger.", health=False)
app = api.app


@api.get("/invoices/{invoice_id}/pdf", needs="billing:read", media="application/pdf", outside=("client",))
def invoice_pdf(caller: Caller, invoice_id: InvoiceId) -> File:
    """Get an invoice as a PDF.

    Once it was issued it is the paper that the client was sent; a draft says that it is one.
    """
    return filing.paper(caller, invoice_id)
