"""Events of payments. `link_nonce` recreates the link to the payment page."""

from datetime import datetime
from typing import Annotated, ClassVar

from coachway.core.persistence.domain_events import Event
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import ERASED, Personal


class _Payment(Event):
    """Fields common to the events of a card payment. `number` is of the invoice or charter."""

    payment_id: str
    client_id: str
    client_name: Annotated[str, Personal(blank=ERASED)]
    client_email: Annotated[str, Personal()]
    number: str
    invoice_id: str | None
    charter_id: str | None
    amount: StoredAmount
    currency: str
    card: Annotated[str | None, Personal()]


class PaymentSucceeded(_Payment):
    """A card payment succeeded. `open_balance` remains to be paid; `booked` is true if it booked the charter."""

    TYPE: ClassVar[str] = "payment.succeeded"

    succeeded_at: datetime
    open_balance: StoredAmount
    booked: bool = False


class PaymentUnapplied(_Payment):
    """A successful payment could not be applied to its invoice or charter. Staff decide about a refund."""

    TYPE: ClassVar[str] = "payment.unplaced"

    trouble: str


class UnknownChargeFound(Event):
    """A charge at Stripe belongs to the organization, but no payment was recorded for it. Staff are notified."""

    TYPE: ClassVar[str] = "charge.unknown"

    payment_intent_id: str
    amount: StoredAmount
    currency: str


class PaymentFailed(_Payment):
    """A card payment failed. `notifies_client` is false if the client had an email about another failure before."""

    TYPE: ClassVar[str] = "payment.failed"

    failure_code: str
    failure_message: str
    link_nonce: str = ""
    notifies_client: bool = True


class PaymentDisputed(_Payment):
    """A payment was disputed, or the status of its dispute changed. `amount` is the disputed amount."""

    TYPE: ClassVar[str] = "payment.disputed"

    dispute_id: str
    status: str
    reason: Annotated[str, Personal()]


class PaymentDisputeEnded(PaymentDisputed):
    """The bank decided a dispute: `status` is `won`, or `lost` when the payer gets the payment back."""

    TYPE: ClassVar[str] = "payment.dispute_ended"


class PaymentReversed(Event):
    """A recorded payment was reversed, so its invoice is due again."""

    TYPE: ClassVar[str] = "payment.reversed"

    payment_id: str
    client_id: str
    invoice_id: str | None
    number: str
    amount: StoredAmount
    currency: str
    method: str
    reason: Annotated[str, Personal()]
