"""Invoices: records, access patterns, requests and queries."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, ClassVar, Final

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue

from coachway.billing.invoices.rules import InvoiceStatus
from coachway.bookings.charters.model import CharterId
from coachway.bookings.charters.trip_model import ClientId
from coachway.clients.rules import PaymentTerms
from coachway.core.persistence.records import SLIM_COPY, AccessPattern, Entity, Key, Record, stored_as
from coachway.core.schemas import BaseSchema, PageQuery, RequestSchema, SearchWords
from coachway.core.types import ids
from coachway.core.types.datetimes import Day, sortable, sortable_hour
from coachway.core.types.money import ApiAmount, StoredAmount
from coachway.core.types.personal import ERASED, Personal
from coachway.core.types.search_text import SearchText
from coachway.core.types.text import MessageToClient, Note, PoNumber, ShortNote, Text

MAX_CHARTERS: Final = 80
"""The transaction that issues an invoice writes each of its charters, and a transaction has at most 100 items."""

INVOICE = AccessPattern("an invoice", pk="ORG#{org}#INVOICE#{id}", sk="HEAD")
BY_MONTH = AccessPattern(
    "invoices by the month they were drafted, newest first",
    index="gsi1",
    pk="ORG#{org}#INVOICES#{month}",
    sk="{id}",
)
OF_CLIENT = AccessPattern(
    "invoices of a client, newest first",
    index="gsi2",
    pk="ORG#{org}#INVOICES_OF#{client}",
    sk="{id}",
)
BY_DUE_DATE = AccessPattern(
    "issued invoices by the month they are due, earliest first",
    index="gsi3",
    pk="ORG#{org}#INVOICES_DUE#{month}",
    sk="{due}#{id}",
)
FALLING_DUE = AccessPattern(
    "unpaid invoices of all organizations by the hour in which they become overdue, for the timer",
    index="gsi4",
    pk="INVOICES_FALLING_DUE#{hour}",
    sk="{at}#{id}",
)
OVERDUE = AccessPattern(
    "overdue invoices, oldest first",
    index="gsi4",
    pk="ORG#{org}#INVOICES_OVERDUE",
    sk="{due}#{id}",
)
RECEIVABLE = AccessPattern(
    "the slim copy of an open invoice: its balance",
    pk="ORG#{org}#INVOICE#{id}",
    sk=SLIM_COPY,
)
RECEIVABLES = AccessPattern(
    "the balances of all open invoices, earliest due date first",
    index="gsi1",
    pk="ORG#{org}#RECEIVABLES",
    sk="{due}#{id}",
)

INVOICE_EXAMPLE: Final[dict[str, JsonValue]] = {"charter_id": "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S"}


class ExtraInput(RequestSchema):
    """An extra line, such as waiting time or cleaning, or a discount (negative)."""

    description: Text
    amount: Annotated[ApiAmount, Field(description="Amount before tax. Negative for a discount.")]
    taxable: Annotated[bool, Field(description="Whether the organization's tax rate applies to this line.")] = True


class InvoiceInput(RequestSchema):
    """The charters to invoice: one booked charter, or several completed charters of one client."""

    model_config = ConfigDict(json_schema_extra={"examples": [INVOICE_EXAMPLE]})

    charter_id: CharterId | None = None
    charter_ids: Annotated[list[CharterId], Field(max_length=MAX_CHARTERS)] = Field(default_factory=list)
    extras: Annotated[list[ExtraInput], Field(max_length=20)] = Field(default_factory=list)
    notes: Annotated[Note, Field(description="Printed on the invoice.")] = ""
    po_number: Annotated[
        PoNumber | None, Field(description="The client's purchase order. Defaults to that of the charters.")
    ] = None


class DraftInput(RequestSchema):
    """The fields of a draft that can change. To change its trips, delete the draft and create another."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"extras": [{"description": "Waiting time", "amount": 50}]}]}
    )

    extras: Annotated[list[ExtraInput], Field(max_length=20)] = Field(default_factory=list)
    notes: Annotated[Note, Field(description="Printed on the invoice.")] = ""
    po_number: Annotated[PoNumber | None, Field(description="The client's purchase order.")] = None


class PriceLine(BaseSchema):
    """A component of a trip's price."""

    label: str
    amount: StoredAmount


class InvoiceLine(BaseSchema):
    """A line of an invoice: a trip or an extra. `amount` is before tax and after discounts."""

    description: str
    detail: Annotated[str, Personal()] = ""
    charter_id: str | None = None
    charter_number: str = ""
    charter_revision: int = 0
    trip_date: Day | None = None
    amount: StoredAmount
    tax: StoredAmount
    tax_note: Annotated[str, Field(description="Why the trip is not taxed, if the client is exempt.")] = ""
    price: Annotated[list[PriceLine], Field(description="Components of the amount.")] = Field(default_factory=list)


class Receivable(Record):
    """The balance of an open invoice: the slim copy of the invoice."""

    KIND: ClassVar[str] = "receivable"

    org_id: str
    invoice_id: str
    client_id: str
    client_name: Annotated[str, Personal(blank=ERASED)]
    due_date: date
    balance_due: StoredAmount

    def key(self) -> Key:
        return RECEIVABLE.key(org=self.org_id, id=self.invoice_id)

    def indexes(self) -> Mapping[str, Key]:
        return {"gsi1": RECEIVABLES.key(org=self.org_id, due=self.due_date, id=self.invoice_id)}


class Invoice(Entity):
    """An invoice. `paid_in_advance` is the part of `amount_paid` that was paid before the invoice was issued.

    A refund does not lower `amount_paid`: it reduces revenue and does not reopen the invoice.
    """

    KIND: ClassVar[str] = "invoice"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"link_nonce", "credit_booked"})
    INTERNAL_FIELDS: ClassVar[frozenset[str]] = frozenset({"void_reason"})
    ETAG_IS_VERSION: ClassVar[bool] = False  # the terms of a draft follow its client and trips

    number: Annotated[str, Field(description="Empty for a draft.", examples=["INV-2026-HARBOR-00001"])] = ""
    status: InvoiceStatus = InvoiceStatus.DRAFT
    client_id: str
    client_name: Annotated[str, Personal(blank=ERASED)]
    client_email: Annotated[str, Personal()]
    billing_address: Annotated[list[str], Personal()] = Field(default_factory=list)
    payment_terms: PaymentTerms
    currency: str
    lines: list[InvoiceLine]
    subtotal: StoredAmount
    tax: StoredAmount
    total: StoredAmount
    paid_in_advance: Annotated[StoredAmount, stored_as("paid_ahead", "paid_in_advance")] = 0
    amount_paid: StoredAmount = 0
    amount_refunded: StoredAmount = 0
    balance_due: StoredAmount
    issue_date: Annotated[Day | None, Field(description="Date in the organization's time zone.")] = None
    due_date: Day | None = None
    overdue_at: AwareDatetime | None = None
    issued_at: AwareDatetime | None = None
    paid_at: AwareDatetime | None = None
    voided_at: AwareDatetime | None = None
    void_reason: Annotated[str, Personal()] = ""
    notes: Annotated[str, Personal()] = ""
    po_number: Annotated[str | None, Field(description="The client's purchase order."), Personal()] = None
    month: Annotated[
        str | None, Field(description="Month of the invoicing run that created it.", examples=["2027-01"])
    ] = None
    pdf_key: Annotated[
        str | None,
        Field(description="Storage key of the PDF. Download the PDF with `GET /invoices/{invoice_id}/pdf`."),
        Personal(),
    ] = None
    link_nonce: str = ""
    credit_booked: dict[str, int] = Field(default_factory=dict)
    """Client credit reserved by each charter before the invoice was issued. Voiding the invoice reserves it again."""

    @property
    def tax_notes(self) -> list[str]:
        """Why trips are not taxed: `Tax exempt, NY certificate EX-204417`."""
        return list(dict.fromkeys(line.tax_note for line in self.lines if line.tax_note))

    @property
    def charter_ids(self) -> list[str]:
        """The charters on the invoice."""
        return [line.charter_id for line in self.lines if line.charter_id is not None]

    @property
    def paid_since(self) -> int:
        """Cents paid after the invoice was issued, without reversed payments."""
        return int(self.amount_paid - self.paid_in_advance)

    def key(self) -> Key:
        return INVOICE.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        keys = {
            "gsi1": BY_MONTH.key(org=self.org_id, month=f"{ids.get_created_at(self.id):%Y-%m}", id=self.id),
            "gsi2": OF_CLIENT.key(org=self.org_id, client=self.client_id, id=self.id),
        }
        if self.due_date is not None:
            month = f"{self.due_date:%Y-%m}"
            keys["gsi3"] = BY_DUE_DATE.key(org=self.org_id, month=month, due=self.due_date, id=self.id)
        if self.status is InvoiceStatus.OVERDUE:
            keys["gsi4"] = OVERDUE.key(org=self.org_id, due=self.due_date, id=self.id)
        elif self.status.is_open and self.overdue_at is not None:
            keys["gsi4"] = falling_due_key(self.overdue_at, self.id)
        return keys

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status.value, "client_id": self.client_id}

    def search_text(self) -> SearchText:
        # Issuing an invoice of 80 charters writes 89 items and its entries, and deletes those of the client's old name.
        return SearchText(
            self.number or "Draft invoice",
            self.client_name,
            numbers=(self.number,),
            codes=(self.po_number,),
            names=(self.client_name,),
            max_entries=5,
            client_id=self.client_id,
        )

    def slim_copy(self) -> Receivable | None:
        if not self.status.is_open or self.due_date is None:
            return None
        return Receivable(
            org_id=self.org_id,
            invoice_id=self.id,
            client_id=self.client_id,
            client_name=self.client_name,
            due_date=self.due_date,
            balance_due=self.balance_due,
        )


def falling_due_key(overdue_at: datetime, invoice_id: str = "") -> Key:
    """Return the index key of an invoice that becomes overdue at `overdue_at`."""
    return FALLING_DUE.key(hour=sortable_hour(overdue_at), at=sortable(overdue_at), id=invoice_id)


class InvoiceQuery(PageQuery):
    """Filters of the list of invoices. With a due date filter: issued invoices, earliest due date first."""

    client_id: ClientId | None = None
    status: InvoiceStatus | None = None
    due_from: Annotated[
        Day | None, Field(description="Earliest due date. Without `due_to`, the range is half a year.")
    ] = None
    due_to: Annotated[
        Day | None, Field(description="Latest due date. Without `due_from`, the range is half a year.")
    ] = None
    q: SearchWords | None = None


class VoidInput(RequestSchema):
    """Why an invoice is voided, for staff, and a message to the client."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Billed to the wrong department"}]})

    reason: ShortNote = ""
    message_to_client: MessageToClient = ""
