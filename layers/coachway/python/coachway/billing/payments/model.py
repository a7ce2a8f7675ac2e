"""Payments: what they say, how callers ask for them, and where they lie in the table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Self

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue, model_validator

from coachway.billing.ids import InvoiceId
from coachway.billing.payments.dispute import Dispute
from coachway.bookings.charters.model import CharterId, ClientId
from coachway.core.persistence.records import AccessPattern, Entity, Key, Record
from coachway.core.schemas import Note, PageQuery, RequestSchema, Text
from coachway.core.types import ids
from coachway.core.types.datetimes import Day, sortable
from coachway.core.types.money import Amount, PositiveAmount

PAYMENT = AccessPattern("a payment", pk="ORG#{org}#PAYMENT#{id}", sk="HEAD")
BY_MONTH = AccessPattern(
    "payments, newest first, by the month they were begun",
    index="gsi1",
    pk="ORG#{org}#PAYMENTS#{month}",
    sk="{id}",
)
OF_CLIENT = AccessPattern(
    "the payments of a client, newest first",
    index="gsi2",
    pk="ORG#{org}#PAYMENTS_OF#{client}",
    sk="{id}",
)
OF_SUBJECT = AccessPattern(
    "the payments for an invoice, or ahead for a charter, newest first",
    index="gsi3",
    pk="ORG#{org}#PAYMENTS_FOR#{subject}",
    sk="{id}",
)
PENDING = AccessPattern(
    "payments whose outcome is not written yet, by the hour they were begun, of all organizations",
    index="gsi4",
    pk="PAYMENTS_PENDING#{hour}",
    sk="{begun}#{id}",
)
UNDER_WAY = AccessPattern(
    "that a card is being charged for an invoice or a charter: one at a time",
    pk="ORG#{org}#PAYMENT_UNDER_WAY#{subject}",
    sk="HOLD",
)


REQUEST: Final = "payment-request"
"""The unique value by which a request that is sent again finds its payment."""


class PaymentStatus(StrEnum):
    """What became of a payment."""

    PENDING = "pending"
    """It was begun; whether the money moved is not written yet."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REVERSED = "reversed"
    """Staff had recorded it, and it turned out to be none."""


class PaymentMethod(StrEnum):
    """How money came."""

    CARD = "card"
    CASH = "cash"
    CHECK = "check"
    TRANSFER = "transfer"


MethodToken = Annotated[str, Field(pattern=r"^pm_[A-Za-z0-9_]{1,100}$", examples=["pm_card_visa"])]
"""Stripe's name for a card: numbers of cards never come here."""

PAYMENT_EXAMPLE: Final[dict[str, JsonValue]] = {
    "invoice_id": "ivc_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "amount": 726.5,
    "payment_method_id": "pm_card_visa",
}


class PaymentInput(RequestSchema):
    """What is paid by card: an invoice, or ahead for a charter."""

    model_config = ConfigDict(json_schema_extra={"examples": [PAYMENT_EXAMPLE]})

    invoice_id: InvoiceId | None = None
    charter_id: CharterId | None = None
    amount: Annotated[
        PositiveAmount | None,
        Field(gt=0, description="left out: all that is due, of a charter the deposit or what is due by today"),
    ] = None
    payment_method_id: Annotated[MethodToken | None, Field(description="left out: the card used last")] = None

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.invoice_id is None) == (self.charter_id is None):
            raise ValueError("invoice_id, charter_id: give one of them")
        return self


class RecordedInput(RequestSchema):
    """A payment of an invoice that came otherwise than by card."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": 1, "method": "check", "reference": "No. 1047"}]}
    )

    amount: Annotated[PositiveAmount, Field(gt=0)]
    method: PaymentMethod
    reference: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = ""
    received_on: Annotated[Day | None, Field(description="left out: today")] = None
    notes: Note = ""


class ReverseInput(RequestSchema):
    """Why a payment that was recorded is none."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The check came back unpaid"}]})

    reason: Text


class Payment(Entity):
    """A payment by a client. `failure_code` is the card's or Stripe's own word for why it failed."""

    KIND: ClassVar[str] = "payment"
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"payment_method_id", "off_session", "request_key", "request_body"})

    client_id: str
    invoice_id: str | None = None
    charter_id: str | None = None
    number: Annotated[str, Field(description="of the invoice or charter it is for")] = ""
    amount: Amount
    currency: str
    method: PaymentMethod = PaymentMethod.CARD
    status: PaymentStatus = PaymentStatus.PENDING
    payment_method_id: str | None = None
    stripe_payment_intent_id: str | None = None
    stripe_charge_id: str | None = None
    card: Annotated[str | None, Field(examples=["Visa ending in 4242"])] = None
    fee: Amount = 0
    awaits_payer: Annotated[bool, Field(description="the bank wants its payer to confirm it")] = False
    failure_code: str | None = None
    failure_message: str | None = None
    amount_refunded: Amount = 0
    kept_as_deposit: Annotated[
        bool, Field(description="what it was for did not take it any more: it is the client's until it is given back")
    ] = False
    disputes: list[Dispute] = Field(default_factory=list)
    reference: Annotated[str, Field(description="of a check or transfer")] = ""
    notes: str = ""
    received_on: Annotated[Day | None, Field(description="where staff recorded it")] = None
    taken_by: Annotated[str, Field(description="who took it: a user, or a link")] = ""
    succeeded_at: AwareDatetime | None = None
    failed_at: AwareDatetime | None = None
    reversed_at: AwareDatetime | None = None
    reverse_reason: str = ""
    off_session: bool = False
    request_key: str = ""
    request_body: str = ""
    """Digests of the Idempotency-Key that it was asked for with, and of that request."""

    @property
    def is_disputed(self) -> bool:
        """Whether a bank has not decided yet whose it is."""
        return any(each.status.holds and not each.status.is_over for each in self.disputes)

    @property
    def subject_id(self) -> str:
        """The invoice or the charter that it is for."""
        subject = self.invoice_id or self.charter_id
        if subject is None:
            raise ValueError("a payment is for something")
        return subject

    def key(self) -> Key:
        return PAYMENT.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        month = f"{ids.created_at_of(self.id):%Y-%m}"
        found = {
            "gsi1": BY_MONTH.key(org=self.org_id, month=month, id=self.id),
            "gsi2": OF_CLIENT.key(org=self.org_id, client=self.client_id, id=self.id),
            "gsi3": OF_SUBJECT.key(org=self.org_id, subject=self.subject_id, id=self.id),
        }
        if self.status is PaymentStatus.PENDING:
            found["gsi4"] = pending_since(self.created_at, self.id)
        return found

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status.value, "client_id": self.client_id, "method": self.method.value}

    def uniques(self) -> Mapping[str, str]:
        return {REQUEST: self.request_key} if self.request_key else {}


def pending_since(at: datetime, payment_id: str = "") -> Key:
    """Where a payment lies that was begun at a moment and has no outcome yet."""
    begun = sortable(at)
    return PENDING.key(hour=begun[:13], begun=begun, id=payment_id)


class UnderWay(Record):
    """The payment by which something is being paid at this moment."""

    KIND: ClassVar[str] = "payment_under_way"

    org_id: str
    subject_id: str
    payment_id: str

    def key(self) -> Key:
        return UNDER_WAY.key(org=self.org_id, subject=self.subject_id)


STRIPE_CUSTOMER = AccessPattern(
    "by which name Stripe knows a client, and the card that it used last",
    pk="ORG#{org}#CLIENT#{client}",
    sk="STRIPE_CUSTOMER",
)


class StripeCustomer(Record):
    """A client at Stripe. `card` is what a person knows the card by."""

    KIND: ClassVar[str] = "stripe_customer"

    org_id: str
    client_id: str
    customer_id: str
    payment_method_id: str | None = None
    card: str | None = None

    def key(self) -> Key:
        return STRIPE_CUSTOMER.key(org=self.org_id, client=self.client_id)


class PaymentQuery(PageQuery):
    """Which payments, newest first."""

    client_id: ClientId | None = None
    invoice_id: InvoiceId | None = None
    charter_id: CharterId | None = None
    status: PaymentStatus | None = None
    method: PaymentMethod | None = None


PROMISED = AccessPattern(
    "what was or will be given back of a payment, in cents (`refunded`), bounded by what was paid",
    pk="ORG#{org}#PAYMENT#{payment}",
    sk="REFUNDED",
)


PROMISES: Final = "payment_refunds"
"""What such a number is called in the table."""
