"""What we write about money: invoices, payments, refunds, and what vendors are paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from coachway.core.auth import signed_links
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.messaging import message_builder
from coachway.messaging.message_builder import Occasion
from coachway.messaging.model import Attachment, Channel, Message
from coachway.messaging.payloads import invoices, payments, payouts, refunds
from coachway.messaging.rendering.sender import Letterhead

INVOICE: Final = "invoice"
"""The purpose of an invoice's link."""
QUOTE: Final = "quote"
"""That of a quote's."""


def _invoice_link(delivery: Delivery, said: invoices.Filed | invoices.Overdue) -> str:
    return message_builder.page(
        "invoices", signed_links.create_link_token(INVOICE, delivery.org_id, said.invoice_id, said.link_nonce)
    )


def _invoice(template: str, delivery: Delivery, said: invoices.Invoice, **more: object) -> Message | None:
    """A mail to the client whose invoice it is."""
    if not said.client_email:
        return None
    values = {"said": said, **more}
    until = message_builder.expires_at(delivery)
    return Message(template, Channel.EMAIL, said.client_email, said.invoice_id, until, said.client_name, values)


def _invoice_filed(delivery: Delivery, _: Letterhead) -> Message | None:
    said = message_builder.parse_event(invoices.Filed, delivery)
    made = _invoice("invoice", delivery, said, link=_invoice_link(delivery, said))
    return made and replace(made, attachment=Attachment(said.pdf_key, f"{said.number}.pdf"))


def _invoice_overdue(delivery: Delivery, _: Letterhead) -> Message | None:
    said = message_builder.parse_event(invoices.Overdue, delivery)
    return _invoice("invoice-overdue", delivery, said, link=_invoice_link(delivery, said))


def _invoice_voided(delivery: Delivery, _: Letterhead) -> Message | None:
    """Not about a draft, which nobody was sent."""
    said = message_builder.parse_event(invoices.Voided, delivery)
    return _invoice("invoice-voided", delivery, said) if said.number else None


def _payment_received(delivery: Delivery, _: Letterhead) -> Message | None:
    said = message_builder.parse_event(payments.Succeeded, delivery)
    if not said.client_email:
        return None
    until, values = message_builder.expires_at(delivery), {"said": said}
    return Message(
        "payment-received", Channel.EMAIL, said.client_email, said.payment_id, until, said.client_name, values
    )


def _payment_failed(delivery: Delivery, _: Letterhead) -> Message | None:
    said = message_builder.parse_event(payments.Failed, delivery)
    if not said.client_email or said.was_replaced:
        return None
    until, values = message_builder.expires_at(delivery), {"said": said, "link": _link_to_pay(delivery, said)}
    return Message("payment-failed", Channel.EMAIL, said.client_email, said.payment_id, until, said.client_name, values)


def _link_to_pay(delivery: Delivery, said: payments.Failed) -> str:
    """The page of the invoice, or of the trip's quote, on which its client can pay; empty when there is none."""
    if not said.link_nonce:
        return ""
    if said.invoice_id:
        return message_builder.page(
            "invoices", signed_links.create_link_token(INVOICE, delivery.org_id, said.invoice_id, said.link_nonce)
        )
    if said.charter_id:
        return message_builder.page(
            "quotes", signed_links.create_link_token(QUOTE, delivery.org_id, said.charter_id, said.link_nonce)
        )
    return ""


def _payout_made(delivery: Delivery, _: Letterhead) -> Message | None:
    said = message_builder.parse_event(payouts.Remittance, delivery)
    if not said.vendor_email:
        return None
    about, until = delivery.aggregate_id, message_builder.expires_at(delivery)
    return Message("remittance", Channel.EMAIL, said.vendor_email, about, until, said.vendor_name, {"said": said})


def _refund_completed(delivery: Delivery, _: Letterhead) -> Message | None:
    said = message_builder.parse_event(refunds.Completed, delivery)
    if not said.client_email:
        return None
    about, until = delivery.aggregate_id, message_builder.expires_at(delivery)
    return Message("refund-completed", Channel.EMAIL, said.client_email, about, until, said.client_name, {"said": said})


OCCASIONS: Final[Mapping[str, Occasion]] = {
    "invoice.filed": _invoice_filed,
    "invoice.overdue": _invoice_overdue,
    "invoice.voided": _invoice_voided,
    "invoicing.finished": message_builder.to_office("invoicing-finished", invoices.RunFinished),
    "payment.dispute_ended": message_builder.to_office("payment-dispute-ended", payments.Disputed),
    "payment.disputed": message_builder.to_office("payment-disputed", payments.Disputed),
    "payment.failed": _payment_failed,
    "payment.succeeded": _payment_received,
    "payment.unplaced": message_builder.to_office("payment-unplaced", payments.Unplaced),
    "payout.made": _payout_made,
    "payment.uncollected": message_builder.to_office("payment-uncollected", refunds.Uncollected),
    "refund.approval_needed": message_builder.to_office("refund-approval", refunds.ApprovalNeeded),
    "refund.completed": _refund_completed,
    "refund.failed": message_builder.to_office("refund-failed", refunds.Failed),
}
