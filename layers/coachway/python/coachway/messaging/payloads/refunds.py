"""What events about refunds and payments that are due say, as far as a mail tells of it.

Billing stands on a higher floor, so its classes are not imported here; a test compares these fields with theirs.
"""

from __future__ import annotations

from datetime import date

from pydantic import ConfigDict

from coachway.core.documents.formatting import Formatter
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import Amount


class Refund(BaseSchema):
    """Something that is given back to a client."""

    model_config = ConfigDict(extra="ignore")

    number: str
    client_name: str
    client_email: str
    amount: Amount
    currency: str
    reason: str

    def rows(self, words: Formatter) -> list[tuple[str, str]]:
        """How much, of what, and why."""
        rows = [("Amount", words.money(self.amount, self.currency))]
        rows += [("For", self.number)] if self.number else []
        return [*rows, ("Reason", self.reason)]


class ApprovalNeeded(Refund):
    """A manager has to agree."""

    escalated: bool


class Completed(Refund):
    """It was given back."""

    method: str


class Failed(Refund):
    """It could not be given back."""

    error: str


class Uncollected(BaseSchema):
    """A card was declined each time, or none is known."""

    model_config = ConfigDict(extra="ignore")

    client_name: str
    number: str
    due_on: date
    amount: Amount
    currency: str
    tries: int
    reason: str
