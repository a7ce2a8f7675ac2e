"""Events of invoices. `link_nonce` recreates the link to the invoice page."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import ConfigDict

from coachway.core.persistence.domain_events import Event
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import ERASED, Personal


class _Invoice(Event):
    """Fields common to all events of an invoice."""

    invoice_id: str
    number: str
    client_id: str
    client_name: Annotated[str, Personal(blank=ERASED)]
    client_email: Annotated[str, Personal()]
    currency: str
    total: StoredAmount
    balance_due: StoredAmount
    issue_date: date | None
    due_date: date | None


class InvoiceDrafted(_Invoice):
    """An invoice was drafted."""

    TYPE: ClassVar[str] = "invoice.drafted"


class InvoiceDraftUpdated(_Invoice):
    """A draft was updated."""

    TYPE: ClassVar[str] = "invoice.draft_updated"


class InvoiceDraftDeleted(_Invoice):
    """A draft was deleted, so its trips can be invoiced again."""

    TYPE: ClassVar[str] = "invoice.draft_deleted"

    charter_ids: list[str]


class InvoiceIssued(_Invoice):
    """An invoice was issued with a number."""

    TYPE: ClassVar[str] = "invoice.issued"


class InvoicePdfStored(_Invoice):
    """The PDF of an issued invoice was stored at `pdf_key`, so the invoice can be sent.

    It is published again with a new `link_nonce` if the email of the client changes while the invoice is unpaid.
    """

    TYPE: ClassVar[str] = "invoice.filed"

    pdf_key: Annotated[str, Personal()]
    link_nonce: str


class InvoicePaymentRecorded(_Invoice):
    """An invoice was partially paid."""

    TYPE: ClassVar[str] = "invoice.payment_recorded"

    payment_id: str
    amount: StoredAmount


class InvoicePaid(_Invoice):
    """An invoice was paid in full."""

    TYPE: ClassVar[str] = "invoice.paid"

    payment_id: str
    amount: StoredAmount


class InvoiceReopened(_Invoice):
    """A payment of an invoice was reversed."""

    TYPE: ClassVar[str] = "invoice.reopened"

    payment_id: str
    amount: StoredAmount


class InvoiceRefunded(_Invoice):
    """A payment of an invoice was refunded, fully or partially."""

    TYPE: ClassVar[str] = "invoice.refunded"

    refund_id: str
    amount: StoredAmount


class InvoiceRefundReturned(_Invoice):
    """A refund on an invoice was returned by the bank."""

    TYPE: ClassVar[str] = "invoice.refund_bounced"

    refund_id: str
    amount: StoredAmount


class InvoiceOverdue(_Invoice):
    """An invoice was not paid by its due date."""

    TYPE: ClassVar[str] = "invoice.overdue"

    link_nonce: str


class InvoiceVoided(_Invoice):
    """An invoice was voided. It keeps its number."""

    TYPE: ClassVar[str] = "invoice.voided"

    reason: Annotated[str, Personal()]
    message_to_client: Annotated[str, Personal()] = ""


class RunFailure(BaseSchema):
    """A client that could not be invoiced, and the reason."""

    model_config = ConfigDict(frozen=True)

    client_id: str
    client_name: Annotated[str, Personal(blank=ERASED)]
    reason: Annotated[str, Personal()]


class InvoicingFinished(Event):
    """An invoicing run finished: all clients with terms were invoiced, except for the failures."""

    TYPE: ClassVar[str] = "invoicing.finished"

    month: str
    currency: str
    invoices: int
    total: StoredAmount
    failures: list[RunFailure]
