"""What happens while a payment that is due is collected, with what a mail to staff needs."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from coachway.core.persistence.domain_events import Event
from coachway.core.types.money import Amount


class _Collection(Event):
    """What is due, of whom, for what."""

    collection_id: str
    client_id: str
    client_name: str
    charter_id: str | None
    invoice_id: str | None
    number: str
    due_on: date


class PaymentDue(_Collection):
    """The day has come on which something is to be paid by card: a flow starts. `round` counts how often."""

    TYPE: ClassVar[str] = "payment.due"

    round: int


class PaymentCollected(_Collection):
    """Nothing more is due now."""

    TYPE: ClassVar[str] = "payment.collected"


class PaymentUncollected(_Collection):
    """A card was declined each time, or none is known: staff are told, and talk to the client."""

    TYPE: ClassVar[str] = "payment.uncollected"

    amount: Amount
    currency: str
    tries: int
    reason: str


class CollectionFailed(_Collection):
    """A step of the flow failed for good; it can be taken up again."""

    TYPE: ClassVar[str] = "collection.failed"

    state: str
    error: str
