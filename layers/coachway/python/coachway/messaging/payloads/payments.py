"""What events about payments by card say, as far as a mail tells of it.

Billing stands on a higher floor, so its classes are not imported here; a test compares these fields with theirs.
"""

from __future__ import annotations

from pydantic import AwareDatetime, ConfigDict

from coachway.core.documents.formatting import Formatter
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import Amount


class Paid(BaseSchema):
    """A payment, as its client is told of it."""

    model_config = ConfigDict(extra="ignore")

    payment_id: str
    client_name: str
    client_email: str
    number: str
    invoice_id: str | None
    amount: Amount
    currency: str
    card: str | None

    def said_amount(self, words: Formatter) -> str:
        """`$181.63`."""
        return words.money(self.amount, self.currency)

    def subject(self) -> str:
        """`invoice INV-2027-HARBOR-00001`, or `trip CH-2027-000001`."""
        return f"{'invoice' if self.invoice_id else 'trip'} {self.number}"


class Succeeded(Paid):
    """Money came."""

    succeeded_at: AwareDatetime
    open_balance: Amount
    booked: bool

    def rows(self, words: Formatter) -> list[tuple[str, str]]:
        """The receipt."""
        rows = [("Invoice" if self.invoice_id else "Trip", self.number), ("Paid", self.said_amount(words))]
        if self.card:
            rows.append(("Card", self.card))
        rows.append(("On", words.moment(self.succeeded_at)))
        if self.open_balance:
            rows.append(("Still to pay", words.money(self.open_balance, self.currency)))
        return [*rows, ("Reference", self.payment_id)]


class Failed(Paid):
    """A card was not charged."""

    charter_id: str | None
    failure_code: str
    failure_message: str
    link_nonce: str

    @property
    def wants_payer(self) -> bool:
        """Whether it goes well with the same card, once its payer is there to confirm it."""
        return self.failure_code == "authentication_required"

    @property
    def was_replaced(self) -> bool:
        """Whether its payer has begun another instead."""
        return self.failure_code == "replaced"


class Unplaced(Paid):
    """Money came that could not be counted towards what it was for."""

    trouble: str


class Disputed(Paid):
    """A payer told the bank that a payment is not right, or the bank has decided about that."""

    dispute_id: str
    status: str
    reason: str

    @property
    def why(self) -> str:
        """The bank's reason, in words: `product not received`."""
        return self.reason.replace("_", " ")
