"""What happens to invoices, with what a mail about them needs; the link is made again from its nonce."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from pydantic import ConfigDict

from coachway.core.persistence.domain_events import Event
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import Amount


class _Invoice(Event):
    """Which invoice, whose, for how much."""

    invoice_id: str
    number: str
    client_id: str
    client_name: str
    client_email: str
    currency: str
    total: Amount
    balance_due: Amount
    issue_date: date | None
    due_date: date | None


class InvoiceDrafted(_Invoice):
    """An invoice was drafted."""

    TYPE: ClassVar[str] = "invoice.drafted"


class InvoiceIssued(_Invoice):
    """An invoice got its number, and is owed."""

    TYPE: ClassVar[str] = "invoice.issued"


class InvoiceFiled(_Invoice):
    """An issued invoice's PDF lies at `pdf_key` in the bucket: it can be sent. `link_nonce` makes its link."""

    TYPE: ClassVar[str] = "invoice.filed"

    pdf_key: str
    link_nonce: str


class InvoicePaymentRecorded(_Invoice):
    """A payment was taken for an invoice, which is not paid in full yet."""

    TYPE: ClassVar[str] = "invoice.payment_recorded"

    payment_id: str
    amount: Amount


class InvoicePaid(_Invoice):
    """Nothing is due on an invoice any more."""

    TYPE: ClassVar[str] = "invoice.paid"

    payment_id: str
    amount: Amount


class InvoiceReopened(_Invoice):
    """A payment of an invoice turned out to be none."""

    TYPE: ClassVar[str] = "invoice.reopened"

    payment_id: str
    amount: Amount


class InvoiceRefunded(_Invoice):
    """Something that was paid on an invoice was given back."""

    TYPE: ClassVar[str] = "invoice.refunded"

    refund_id: str
    amount: Amount


class InvoiceRefundBounced(_Invoice):
    """Something that was given back of an invoice did not arrive: it is here again."""

    TYPE: ClassVar[str] = "invoice.refund_bounced"

    refund_id: str
    amount: Amount


class InvoiceOverdue(_Invoice):
    """The last day on which an invoice could be paid in time is over."""

    TYPE: ClassVar[str] = "invoice.overdue"

    link_nonce: str


class InvoiceVoided(_Invoice):
    """An invoice is not owed; it keeps its number."""

    TYPE: ClassVar[str] = "invoice.voided"

    reason: str


class RunFailure(BaseSchema):
    """A client that could not be invoiced, and why."""

    model_config = ConfigDict(frozen=True)

    client_id: str
    client_name: str
    reason: str


class InvoicingFinished(Event):
    """A month's trips were invoiced to every client with terms, but for the failures."""

    TYPE: ClassVar[str] = "invoicing.finished"

    month: str
    currency: str
    invoices: int
    total: Amount
    failures: list[RunFailure]
