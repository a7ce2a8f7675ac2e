"""Messages about invoices, payments, refunds and payouts to vendors."""

from typing import Any, Final

from coachway.contracts.billing.collections import PaymentAnnounced, PaymentCollectionFailed
from coachway.contracts.billing.invoices import InvoiceOverdue, InvoicePdfStored, InvoiceVoided, InvoicingFinished
from coachway.contracts.billing.payables import PayoutMade
from coachway.contracts.billing.payments import (
    PaymentDisputed,
    PaymentDisputeEnded,
    PaymentFailed,
    PaymentSucceeded,
    PaymentUnapplied,
    UnknownChargeFound,
)
from coachway.contracts.billing.refunds import RefundApprovalNeeded, RefundCompleted, RefundFailed
from coachway.messaging.message_rule import MessageContext, MessageRule, Recipient, organization_email
from coachway.messaging.model import Attachment
from coachway.messaging.notifications.bookings import QUOTE_LINK

INVOICE_LINK: Final = "invoice"
"""The purpose of the signed link to an invoice."""


def _get_client_recipient(
    event: InvoicePdfStored
    | InvoiceOverdue
    | InvoiceVoided
    | PaymentAnnounced
    | PaymentSucceeded
    | PaymentFailed
    | RefundCompleted,
    _context: MessageContext,
) -> Recipient:
    return Recipient(event.client_email, event.client_name, event.client_id)


def _get_vendor_recipient(event: PayoutMade, _context: MessageContext) -> Recipient:
    return Recipient(event.vendor_email, event.vendor_name)


def _invoice_id(event: InvoicePdfStored | InvoiceOverdue | InvoiceVoided, _context: MessageContext) -> str:
    return event.invoice_id


def _payment_id(event: PaymentSucceeded | PaymentFailed, _context: MessageContext) -> str:
    return event.payment_id


def _invoice_link(event: InvoicePdfStored | InvoiceOverdue, context: MessageContext) -> dict[str, str]:
    return {"link": context.page_url("invoices", INVOICE_LINK, event.invoice_id, event.link_nonce)}


def _payment_link(event: PaymentFailed | PaymentAnnounced, context: MessageContext) -> dict[str, str]:
    """Return the link to the page of the invoice or quote where the client can pay, or an empty link."""
    if not event.link_nonce:
        return {"link": ""}
    if event.invoice_id:
        return {"link": context.page_url("invoices", INVOICE_LINK, event.invoice_id, event.link_nonce)}
    if event.charter_id:
        return {"link": context.page_url("quotes", QUOTE_LINK, event.charter_id, event.link_nonce)}
    return {"link": ""}


RULES: Final[tuple[MessageRule[Any], ...]] = (
    MessageRule(
        event=InvoicePdfStored,
        template="invoice",
        recipient=_get_client_recipient,
        values=_invoice_link,
        subject_id=_invoice_id,
        attachment=lambda event: Attachment(event.pdf_key, f"{event.number}.pdf"),
    ),
    MessageRule(
        event=InvoiceOverdue,
        template="invoice-overdue",
        recipient=_get_client_recipient,
        values=_invoice_link,
        subject_id=_invoice_id,
    ),
    MessageRule(
        event=InvoiceVoided,
        template="invoice-voided",
        recipient=_get_client_recipient,
        subject_id=_invoice_id,
        applies=lambda event: bool(event.number),  # drafts are never sent
    ),
    organization_email(InvoicingFinished, "invoicing-finished"),
    MessageRule(
        event=PaymentAnnounced,
        template="payment-announced",
        recipient=_get_client_recipient,
        values=_payment_link,
        subject_id=lambda event, _context: event.collection_id,
    ),
    MessageRule(
        event=PaymentSucceeded, template="payment-received", recipient=_get_client_recipient, subject_id=_payment_id
    ),
    MessageRule(
        event=PaymentFailed,
        template="payment-failed",
        recipient=_get_client_recipient,
        values=_payment_link,
        subject_id=_payment_id,
        # Not if the payer started another payment.
        applies=lambda event: event.notifies_client and event.failure_code != "replaced",
    ),
    organization_email(PaymentUnapplied, "payment-unplaced"),
    organization_email(UnknownChargeFound, "charge-unknown"),
    organization_email(PaymentCollectionFailed, "payment-uncollected"),
    organization_email(PaymentDisputed, "payment-disputed"),
    organization_email(PaymentDisputeEnded, "payment-dispute-ended"),
    MessageRule(event=PayoutMade, template="remittance", recipient=_get_vendor_recipient),
    organization_email(RefundApprovalNeeded, "refund-approval"),
    MessageRule(event=RefundCompleted, template="refund-completed", recipient=_get_client_recipient),
    organization_email(RefundFailed, "refund-failed"),
)
