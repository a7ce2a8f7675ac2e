"""What events about invoices say, as far as a mail tells of it.

Billing stands on a higher floor, so its classes are not imported here; a test compares these fields with theirs.
"""

from __future__ import annotations

from datetime import date

from pydantic import ConfigDict, Field

from coachway.core.documents.formatting import Formatter
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import Amount


class Invoice(BaseSchema):
    """An invoice, as its client is told of it."""

    model_config = ConfigDict(extra="ignore")

    invoice_id: str
    number: str
    client_name: str
    client_email: str
    currency: str
    total: Amount
    balance_due: Amount
    issue_date: date | None
    due_date: date | None

    def due(self, words: Formatter) -> str:
        """`$526.50`: what is still to be paid."""
        return words.money(self.balance_due, self.currency)

    def rows(self, words: Formatter) -> list[tuple[str, str]]:
        """Number, total, what is due and until when."""
        rows = [("Invoice", self.number), ("Total", words.money(self.total, self.currency))]
        if self.balance_due != self.total:
            rows.append(("Still due", self.due(words)))
        if self.due_date is not None and self.balance_due:
            rows.append(("Due on", words.day(self.due_date)))
        return rows


class Filed(Invoice):
    """An issued invoice goes out, with its PDF."""

    pdf_key: str
    link_nonce: str


class Overdue(Invoice):
    """An invoice should have been paid."""

    link_nonce: str


class Voided(Invoice):
    """An invoice is not owed any more."""

    reason: str


class RunFailure(BaseSchema):
    """A client that a run could not invoice."""

    model_config = ConfigDict(extra="ignore")

    client_id: str
    client_name: str
    reason: str


class RunFinished(BaseSchema):
    """What an invoicing run did."""

    model_config = ConfigDict(extra="ignore")

    month: str
    currency: str
    invoices: int
    total: Amount
    failures: list[RunFailure] = Field(default_factory=list)

    def called(self) -> str:
        """`January 2027`."""
        return f"{date.fromisoformat(f'{self.month}-01'):%B %Y}"

    def rows(self, words: Formatter) -> list[tuple[str, str]]:
        """How many, how much, and how many went wrong."""
        rows = [("Invoices", words.number(self.invoices)), ("Total", words.money(self.total, self.currency))]
        return [*rows, *([("Not invoiced", words.number(len(self.failures)))] if self.failures else [])]

    def wrong(self) -> list[tuple[str, str]]:
        """Who was not invoiced, and why."""
        return [(each.client_name or each.client_id, each.reason) for each in self.failures]
