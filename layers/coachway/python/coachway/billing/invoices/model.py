"""Invoices: what they say, how callers ask for them, and where they lie in the table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar, Final

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue

from coachway.billing.invoices.rules import InvoiceStatus
from coachway.bookings.charters.model import CharterId, ClientId
from coachway.clients.rules import PaymentTerms
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import BaseSchema, Note, PageQuery, RequestSchema, Text
from coachway.core.types import ids
from coachway.core.types.datetimes import Day, sortable
from coachway.core.types.money import Amount

MOST_CHARTERS: Final = 80
"""On one invoice: each is written in the transaction that issues it."""

INVOICE = AccessPattern("an invoice", pk="ORG#{org}#INVOICE#{id}", sk="HEAD")
BY_MONTH = AccessPattern(
    "invoices, newest first, by the month they were drafted",
    index="gsi1",
    pk="ORG#{org}#INVOICES#{month}",
    sk="{id}",
)
OF_CLIENT = AccessPattern(
    "the invoices of a client, newest first",
    index="gsi2",
    pk="ORG#{org}#INVOICES_OF#{client}",
    sk="{id}",
)
BY_DUE_DATE = AccessPattern(
    "issued invoices, soonest due first, by the month they are due",
    index="gsi3",
    pk="ORG#{org}#INVOICES_DUE#{month}",
    sk="{due}#{id}",
)
FALLING_DUE = AccessPattern(
    "unpaid invoices by the hour in which they become overdue, of all organizations: only the timer reads it",
    index="gsi4",
    pk="INVOICES_FALLING_DUE#{hour}",
    sk="{at}#{id}",
)
OVERDUE = AccessPattern(
    "overdue invoices, the oldest first",
    index="gsi4",
    pk="ORG#{org}#INVOICES_OVERDUE",
    sk="{due}#{id}",
)

INVOICE_EXAMPLE: Final[dict[str, JsonValue]] = {"charter_id": "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S"}


class ExtraInput(RequestSchema):
    """Something besides trips: waiting time, cleaning, a discount (negative). The organization's tax comes on top."""

    description: Text
    amount: Annotated[Amount, Field(description="before tax")]
    taxable: bool = True


class InvoiceInput(RequestSchema):
    """What is invoiced: one charter, or several of one client, that are booked or over."""

    model_config = ConfigDict(json_schema_extra={"examples": [INVOICE_EXAMPLE]})

    charter_id: CharterId | None = None
    charter_ids: Annotated[list[CharterId], Field(max_length=MOST_CHARTERS)] = Field(default_factory=list)
    extras: Annotated[list[ExtraInput], Field(max_length=20)] = Field(default_factory=list)
    notes: Note = ""


class PriceLine(BaseSchema):
    """What a trip's price is made of."""

    label: str
    amount: Amount


class InvoiceLine(BaseSchema):
    """A trip, or something else. `amount` is before tax, less its discount."""

    description: str
    detail: str = ""
    charter_id: str | None = None
    charter_number: str = ""
    charter_revision: int = 0
    trip_date: Day | None = None
    amount: Amount
    tax: Amount
    price: Annotated[list[PriceLine], Field(description="what the amount is made of")] = Field(default_factory=list)


class Invoice(Entity):
    """An invoice. `paid_ahead` is what of `amount_paid` was paid before it was issued.

    What was given back stays paid: it lowers what was earned, not what was settled.
    """

    KIND: ClassVar[str] = "invoice"
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"link_nonce", "credit_booked"})

    number: Annotated[str, Field(description="empty while it is a draft", examples=["INV-2026-HARBOR-00001"])] = ""
    status: InvoiceStatus = InvoiceStatus.DRAFT
    client_id: str
    client_name: str
    client_email: str
    billing_address: list[str] = Field(default_factory=list)
    payment_terms: PaymentTerms
    currency: str
    lines: list[InvoiceLine]
    subtotal: Amount
    tax: Amount
    total: Amount
    paid_ahead: Amount = 0
    amount_paid: Amount = 0
    amount_refunded: Amount = 0
    balance_due: Amount
    issue_date: Annotated[Day | None, Field(description="in the organization's time zone")] = None
    due_date: Day | None = None
    overdue_at: AwareDatetime | None = None
    issued_at: AwareDatetime | None = None
    paid_at: AwareDatetime | None = None
    voided_at: AwareDatetime | None = None
    void_reason: str = ""
    notes: str = ""
    month: Annotated[str | None, Field(description="of the invoicing run that made it", examples=["2027-01"])] = None
    pdf_key: Annotated[str | None, Field(description="where its PDF lies, once it was filed")] = None
    link_nonce: str = ""
    credit_booked: dict[str, int] = Field(default_factory=dict)
    """What its trips had been booked for on credit, by charter: voiding gives it back."""

    @property
    def charter_ids(self) -> list[str]:
        """The trips on it."""
        return [line.charter_id for line in self.lines if line.charter_id is not None]

    @property
    def paid_since(self) -> int:
        """Cents paid after it was issued, and not taken back."""
        return int(self.amount_paid - self.paid_ahead)

    def key(self) -> Key:
        return INVOICE.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        found = {
            "gsi1": BY_MONTH.key(org=self.org_id, month=f"{ids.created_at_of(self.id):%Y-%m}", id=self.id),
            "gsi2": OF_CLIENT.key(org=self.org_id, client=self.client_id, id=self.id),
        }
        if self.due_date is not None:
            month = f"{self.due_date:%Y-%m}"
            found["gsi3"] = BY_DUE_DATE.key(org=self.org_id, month=month, due=self.due_date, id=self.id)
        if self.status is InvoiceStatus.OVERDUE:
            found["gsi4"] = OVERDUE.key(org=self.org_id, due=self.due_date, id=self.id)
        elif self.status.is_open and self.overdue_at is not None:
            found["gsi4"] = falling_due(self.overdue_at, self.id)
        return found

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status.value, "client_id": self.client_id}


def falling_due(at: datetime, invoice_id: str = "") -> Key:
    """Where an invoice lies that becomes overdue at a moment."""
    moment = sortable(at)
    return FALLING_DUE.key(hour=moment[:13], at=moment, id=invoice_id)


class InvoiceQuery(PageQuery):
    """Which invoices. With a due date those that were issued, soonest due first; else all, newest first."""

    client_id: ClientId | None = None
    status: InvoiceStatus | None = None
    due_from: Annotated[Day | None, Field(description="alone: and half a year after")] = None
    due_to: Annotated[Day | None, Field(description="alone: and half a year before")] = None


class VoidInput(RequestSchema):
    """Why an invoice is not owed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Billed to the wrong department"}]})

    reason: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] = ""
