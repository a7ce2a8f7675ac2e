"""Fields of the events of card payments."""

from typing import Any

from coachway.billing.payments.model import Payment
from coachway.clients.model import Client


def payment_event_fields(payment: Payment, client: Client | None) -> dict[str, Any]:
    """Return the fields common to all events of a payment. They do not include the name of an erased client."""
    return {
        "payment_id": payment.id,
        "client_id": payment.client_id,
        "client_name": client.name if client else "",
        "client_email": client.email if client else "",
        "number": payment.number,
        "invoice_id": payment.invoice_id,
        "charter_id": payment.charter_id,
        "amount": payment.amount,
        "currency": payment.currency,
        "card": payment.card,
    }
