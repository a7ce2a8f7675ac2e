"""What events about payments to vendors say, as far as a mail tells of it.

Billing stands on a higher floor, so its classes are not imported here; a test compares these fields with theirs.
"""

from __future__ import annotations

from datetime import date

from pydantic import ConfigDict

from coachway.core.documents.formatting import Formatter
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import Amount


class PaidLine(BaseSchema):
    """One thing that was paid."""

    model_config = ConfigDict(extra="ignore")

    description: str
    amount: Amount


class Remittance(BaseSchema):
    """A vendor was paid."""

    model_config = ConfigDict(extra="ignore")

    vendor_name: str
    vendor_email: str
    total: Amount
    currency: str
    method: str
    reference: str
    paid_on: date
    lines: list[PaidLine]

    def how(self) -> str:
        """`Bank transfer (ACH)`, as people call it."""
        return {"ach": "Bank transfer (ACH)", "wire": "Wire transfer"}.get(self.method, self.method.capitalize())

    def rows(self, words: Formatter) -> list[tuple[str, str]]:
        """What it was for, line by line."""
        return [(line.description, words.money(line.amount, self.currency)) for line in self.lines]
