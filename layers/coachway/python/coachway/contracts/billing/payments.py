"""What happens to payments by card, with what a mail about them needs; the link is made again from its nonce."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from coachway.core.persistence.domain_events import Event
from coachway.core.types.money import Amount


class _Payment(Event):
    """Which payment, whose, how much, and for what: the invoice or charter with this number."""

    payment_id: str
    client_id: str
    client_name: str
    client_email: str
    number: str
    invoice_id: str | None
    charter_id: str | None
    amount: Amount
    currency: str
    card: str | None


class PaymentSucceeded(_Payment):
    """Money came by card; `open_balance` is left to be paid for the same thing, which it may have booked."""

    TYPE: ClassVar[str] = "payment.succeeded"

    succeeded_at: datetime
    open_balance: Amount
    booked: bool = False


class PaymentUnplaced(_Payment):
    """Money that came could not be counted towards what it was for: staff decide whether it is given back."""

    TYPE: ClassVar[str] = "payment.unplaced"

    trouble: str


class PaymentFailed(_Payment):
    """A card was not charged, for this reason. `link_nonce`, of an invoice, makes its link again."""

    TYPE: ClassVar[str] = "payment.failed"

    failure_code: str
    failure_message: str
    link_nonce: str = ""


class PaymentDisputed(_Payment):
    """Its payer told the bank that it is not right, or that stands otherwise now. `amount` is what is disputed."""

    TYPE: ClassVar[str] = "payment.disputed"

    dispute_id: str
    status: str
    reason: str


class PaymentDisputeEnded(PaymentDisputed):
    """The bank has decided: `status` is `won` when the money is ours, `lost` when its payer has it back."""

    TYPE: ClassVar[str] = "payment.dispute_ended"


class PaymentReversed(Event):
    """A payment that staff had recorded turned out to be none: what it was for is due again."""

    TYPE: ClassVar[str] = "payment.reversed"

    payment_id: str
    client_id: str
    invoice_id: str | None
    number: str
    amount: Amount
    currency: str
    method: str
    reason: str
