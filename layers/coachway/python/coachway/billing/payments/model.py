"""Payments: records, access patterns, requests and queries."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Self

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue, model_validator

from coachway.billing.ids import InvoiceId
from coachway.billing.payments.dispute import Dispute
from coachway.bookings.charters.model import CharterId
from coachway.bookings.charters.trip_model import ClientId
from coachway.core.documents import card_consent
from coachway.core.persistence.records import AccessPattern, Entity, Key, Record, stored_as
from coachway.core.schemas import BaseSchema, PageQuery, RequestSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import Day, sortable, sortable_hour
from coachway.core.types.money import NonNegativeApiAmount, StoredAmount
from coachway.core.types.personal import Personal
from coachway.core.types.text import Note, OptionalText, Text

PAYMENT = AccessPattern("a payment", pk="ORG#{org}#PAYMENT#{id}", sk="HEAD")
BY_MONTH = AccessPattern(
    "payments by the month they were created, newest first",
    index="gsi1",
    pk="ORG#{org}#PAYMENTS#{month}",
    sk="{id}",
)
OF_CLIENT = AccessPattern(
    "payments of a client, newest first",
    index="gsi2",
    pk="ORG#{org}#PAYMENTS_OF#{client}",
    sk="{id}",
)
OF_SUBJECT = AccessPattern(
    "payments of an invoice or a charter, newest first",
    index="gsi3",
    pk="ORG#{org}#PAYMENTS_FOR#{subject}",
    sk="{id}",
)
PENDING = AccessPattern(
    "pending payments of all organizations by the hour they were created",
    index="gsi4",
    pk="PAYMENTS_PENDING#{hour}",
    sk="{begun}#{id}",
)
PAYMENT_HOLD = AccessPattern(
    "the payment in progress of an invoice or a charter",
    pk="ORG#{org}#PAYMENT_UNDER_WAY#{subject}",
    sk="HOLD",
)

REQUEST_KEY: Final = "payment-request"
"""The name of the unique value by which a repeated request finds its payment."""


class PaymentStatus(StrEnum):
    """The status of a payment."""

    PENDING = "pending"
    """The outcome is not known yet."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REVERSED = "reversed"
    """A manual payment that was reversed, such as a bounced check."""


class PaymentMethod(StrEnum):
    """The payment method."""

    CARD = "card"
    CASH = "cash"
    CHECK = "check"
    TRANSFER = "transfer"


MethodToken = Annotated[str, Field(pattern=r"^pm_[A-Za-z0-9_]{1,100}$", examples=["pm_card_visa"])]
"""A payment method ID of Stripe. Card numbers never reach this API."""

PAYMENT_EXAMPLE: Final[dict[str, JsonValue]] = {
    "invoice_id": "ivc_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "amount": 726.5,
    "payment_method_id": "pm_card_visa",
}


class CardConsent(BaseSchema):
    """The payer's consent to keep the card and charge it later, as it was given on a payment page."""

    version: Annotated[str, Field(examples=[card_consent.VERSION])]
    text: Annotated[str, Field(description="The text beside the checkbox.")]
    given_at: AwareDatetime
    page: Annotated[str, Field(description="Path of the page.", examples=["/pages/invoices"])]


class PaymentInput(RequestSchema):
    """A card payment of an invoice or a charter."""

    model_config = ConfigDict(json_schema_extra={"examples": [PAYMENT_EXAMPLE]})

    invoice_id: InvoiceId | None = None
    charter_id: CharterId | None = None
    amount: Annotated[
        NonNegativeApiAmount | None,
        Field(
            gt=0, description="Defaults to the invoice's balance, or to the charter's instalments that are due today."
        ),
    ] = None
    payment_method_id: Annotated[
        MethodToken | None,
        Field(description="Clients can omit it to use their saved card. Staff cannot charge a saved card."),
    ] = None

    @model_validator(mode="after")
    def _check_subject(self) -> Self:
        if (self.invoice_id is None) == (self.charter_id is None):
            raise ValueError("invoice_id, charter_id: exactly one is required")
        return self


class RecordPaymentInput(RequestSchema):
    """A payment of an invoice by cash, check or transfer."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": 1, "method": "check", "reference": "No. 1047"}]}
    )

    amount: Annotated[NonNegativeApiAmount, Field(gt=0)]
    method: PaymentMethod
    reference: OptionalText = ""
    received_on: Annotated[Day | None, Field(description="Defaults to today.")] = None
    notes: Note = ""


class ReversePaymentInput(RequestSchema):
    """Why a recorded payment is reversed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The check came back unpaid"}]})

    reason: Text


class Payment(Entity):
    """A payment by a client. `failure_code` is the decline code of the bank or of Stripe."""

    KIND: ClassVar[str] = "payment"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"payment_method_id", "off_session", "request_key", "request_body"}
    )
    INTERNAL_FIELDS: ClassVar[frozenset[str]] = frozenset({"notes", "reverse_reason"})

    client_id: str
    invoice_id: str | None = None
    charter_id: str | None = None
    number: Annotated[str, Field(description="Number of the invoice or charter.")] = ""
    amount: StoredAmount
    currency: str
    method: PaymentMethod = PaymentMethod.CARD
    status: PaymentStatus = PaymentStatus.PENDING
    payment_method_id: Annotated[str | None, Personal()] = None
    stripe_payment_intent_id: str | None = None
    stripe_charge_id: str | None = None
    card: Annotated[str | None, Field(examples=["Visa ending in 4242"]), Personal()] = None
    card_consent: Annotated[
        CardConsent | None,
        Field(description="The payer's consent to later charges of this card. Without it, the card is not kept."),
    ] = None
    fee: StoredAmount = 0
    requires_confirmation: Annotated[
        bool,
        Field(description="Whether the payer must confirm the payment at the bank."),
        stored_as("awaits_payer", "requires_confirmation"),
    ] = False
    failure_code: str | None = None
    failure_message: str | None = None
    amount_refunded: StoredAmount = 0
    is_unapplied: Annotated[
        bool,
        Field(description="Whether the payment could not be applied and is kept as a deposit of the client."),
        stored_as("kept_as_deposit", "is_unapplied"),
    ] = False
    disputes: list[Dispute] = Field(default_factory=list)
    reference: Annotated[str, Field(description="Reference of a check or transfer."), Personal()] = ""
    notes: Annotated[str, Personal()] = ""
    received_on: Annotated[Day | None, Field(description="Date of a recorded payment.")] = None
    created_by: Annotated[
        str, Field(description="User or link that made the payment."), stored_as("taken_by", "created_by")
    ] = ""
    succeeded_at: AwareDatetime | None = None
    failed_at: AwareDatetime | None = None
    reversed_at: AwareDatetime | None = None
    reverse_reason: Annotated[str, Personal()] = ""
    off_session: bool = False
    request_key: str = ""
    request_body: str = ""
    """Digests of the request's Idempotency-Key and body."""

    @property
    def is_disputed(self) -> bool:
        """Whether the bank withholds the payment in an open dispute."""
        return any(dispute.status.blocks_refunds and not dispute.status.is_over for dispute in self.disputes)

    @property
    def subject_id(self) -> str:
        """The id of the invoice or charter."""
        subject = self.invoice_id or self.charter_id
        if subject is None:
            raise ValueError("a payment needs an invoice_id or a charter_id")
        return subject

    def key(self) -> Key:
        return PAYMENT.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        month = f"{ids.get_created_at(self.id):%Y-%m}"
        keys = {
            "gsi1": BY_MONTH.key(org=self.org_id, month=month, id=self.id),
            "gsi2": OF_CLIENT.key(org=self.org_id, client=self.client_id, id=self.id),
            "gsi3": OF_SUBJECT.key(org=self.org_id, subject=self.subject_id, id=self.id),
        }
        if self.status is PaymentStatus.PENDING:
            keys["gsi4"] = pending_key(self.created_at, self.id)
        return keys

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status.value, "client_id": self.client_id, "method": self.method.value}

    def unique_values(self) -> Mapping[str, str]:
        return {REQUEST_KEY: self.request_key} if self.request_key else {}


def pending_key(created_at: datetime, payment_id: str = "") -> Key:
    """Return the index key of a pending payment."""
    return PENDING.key(hour=sortable_hour(created_at), begun=sortable(created_at), id=payment_id)


class PaymentHold(Record):
    """The lock of an invoice or charter while a payment is in progress."""

    KIND: ClassVar[str] = "payment_under_way"

    org_id: str
    subject_id: str
    payment_id: str

    def key(self) -> Key:
        return PAYMENT_HOLD.key(org=self.org_id, subject=self.subject_id)


STRIPE_CUSTOMER = AccessPattern(
    "a client's customer ID at Stripe, and the saved card",
    pk="ORG#{org}#CLIENT#{client}",
    sk="STRIPE_CUSTOMER",
)


class StripeCustomer(Record):
    """A client's customer at Stripe. `card` is a readable label of the saved card.

    Cards that were saved before consents were recorded have none, and are not charged.
    """

    KIND: ClassVar[str] = "stripe_customer"

    org_id: str
    client_id: str
    customer_id: str
    payment_method_id: Annotated[str | None, Personal()] = None
    card: Annotated[str | None, Personal()] = None
    consent: CardConsent | None = None

    @property
    def chargeable_card(self) -> str | None:
        """The payment method ID of the saved card if the client has agreed to later charges."""
        return self.payment_method_id if self.consent is not None else None

    def key(self) -> Key:
        return STRIPE_CUSTOMER.key(org=self.org_id, client=self.client_id)


class PaymentQuery(PageQuery):
    """Filters of the list of payments."""

    client_id: ClientId | None = None
    invoice_id: InvoiceId | None = None
    charter_id: CharterId | None = None
    status: PaymentStatus | None = None
    method: PaymentMethod | None = None


REFUND_HOLDS = AccessPattern(
    "the amount of a payment that is refunded or reserved for refunds, in cents",
    pk="ORG#{org}#PAYMENT#{payment}",
    sk="REFUNDED",
)

REFUND_HOLDS_KIND: Final = "payment_refunds"
"""The kind of these counters in the table."""
