"""Refunds: records, access patterns, requests and queries."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, ConfigDict, Field

from coachway.billing.ids import PaymentId
from coachway.billing.payments.model import PaymentMethod
from coachway.billing.refunds.rules import RefundStatus
from coachway.bookings.charters.model import CharterId
from coachway.bookings.charters.trip_model import ClientId
from coachway.core.persistence.records import AccessPattern, Entity, Key, Record, stored_as
from coachway.core.schemas import PageQuery, RequestSchema
from coachway.core.types.datetimes import sortable
from coachway.core.types.money import NonNegativeApiAmount, StoredAmount
from coachway.core.types.personal import ERASED, Personal
from coachway.core.types.text import MessageToClient, ShortNote, Text
from coachway.core.workflows.failure import WorkflowFailure

REFUND = AccessPattern("a refund", pk="ORG#{org}#REFUND#{id}", sk="HEAD")
BY_MONTH = AccessPattern(
    "refunds by the month they were requested, newest first",
    index="gsi1",
    pk="ORG#{org}#REFUNDS#{month}",
    sk="{made}#{id}",
)
OF_CLIENT = AccessPattern(
    "refunds of a client, newest first",
    index="gsi2",
    pk="ORG#{org}#REFUNDS_OF#{client}",
    sk="{made}#{id}",
)
OF_PAYMENT = AccessPattern(
    "refunds of a payment, newest first",
    index="gsi3",
    pk="ORG#{org}#REFUNDS_OF_PAYMENT#{payment}",
    sk="{made}#{id}",
)
CANCELLATION_SETTLEMENT = AccessPattern(
    "the settlement of a cancelled charter: the amounts refunded and kept",
    pk="ORG#{org}#CANCELLATION#{charter}",
    sk="HEAD",
)


class RefundInput(RequestSchema):
    """The payment to refund, the amount, the reason, for staff, and a message to the client."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"payment_id": "pay_01K3ZV8N6Y3T5G7H9J1M2P4R6S", "amount": 100, "reason": "The coach had no wifi"}
            ]
        }
    )

    payment_id: PaymentId
    amount: Annotated[NonNegativeApiAmount | None, Field(gt=0, description="Defaults to all that can be refunded.")] = (
        None
    )
    reason: Text
    message_to_client: MessageToClient = ""


class DecisionInput(RequestSchema):
    """The reason of a decision."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "As agreed on the phone"}]})

    reason: ShortNote = ""


class RefundCause(StrEnum):
    """Why a payment is refunded."""

    REQUEST = "request"
    CANCELLATION = "cancellation"
    DISPUTE = "dispute"
    """The payer won a dispute, so the bank returned the payment."""


class Refund(Entity):
    """A refund of a payment, or of a part of it, by the method of the payment."""

    KIND: ClassVar[str] = "refund"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {
            "client_name",
            "client_email",
            "attempt",
            "refunds_cancellation_fee",
            "booked_invoice_amount",
            "booked_invoice_id",
        }
    )

    INTERNAL_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"reason", "requested_by", "decided_by", "decision_reason", "failure"}
    )

    payment_id: str
    client_id: str
    client_name: Annotated[str, Personal(blank=ERASED)] = Field(default="", repr=False)
    client_email: Annotated[str, Personal()] = Field(default="", repr=False)
    charter_id: str | None = None
    invoice_id: str | None = None
    number: Annotated[str, Field(description="Number of the invoice or charter that was paid.")] = ""
    amount: StoredAmount
    currency: str
    method: PaymentMethod
    cause: RefundCause = RefundCause.REQUEST
    reason: Annotated[str, Personal()]
    message_to_client: Annotated[str, Personal()] = ""
    status: RefundStatus = RefundStatus.PENDING
    needs_approval: bool = False
    requested_by: Annotated[
        str, Field(description="User who requested the refund, or who cancelled the charter. They cannot approve it.")
    ] = ""
    decided_by: str | None = None
    decided_at: AwareDatetime | None = None
    decision_reason: Annotated[str, Personal()] = ""
    completed_at: AwareDatetime | None = None
    stripe_refund_id: str | None = None
    failure: Annotated[WorkflowFailure | None, Field(description="Why the refund failed.")] = None
    round: Annotated[int, Field(description="Number of times the refund was started.")] = 1
    attempt: int = 0
    """Part of the idempotency key at Stripe. Incremented only when Stripe has certainly not made the refund."""
    sent_at: Annotated[
        AwareDatetime | None, Field(description="Time of the request to Stripe. Null before the request.")
    ] = None
    refunds_cancellation_fee: Annotated[bool, stored_as("of_fee", "refunds_cancellation_fee")] = False
    booked_invoice_id: Annotated[str | None, stored_as("taken_of", "booked_invoice_id")] = None
    """The invoice that the completed refund was booked on."""
    booked_invoice_amount: Annotated[StoredAmount, stored_as("of_invoice", "booked_invoice_amount")] = 0
    """The part of the refund that was booked on the invoice."""

    def key(self) -> Key:
        return REFUND.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        created = sortable(self.created_at)
        return {
            "gsi1": BY_MONTH.key(org=self.org_id, month=created[:7], made=created, id=self.id),
            "gsi2": OF_CLIENT.key(org=self.org_id, client=self.client_id, made=created, id=self.id),
            "gsi3": OF_PAYMENT.key(org=self.org_id, payment=self.payment_id, made=created, id=self.id),
        }

    def attributes(self) -> Mapping[str, str | int | bool]:
        references = {"client_id": self.client_id, "payment_id": self.payment_id, "charter_id": self.charter_id}
        return {"status": self.status.value} | {name: value for name, value in references.items() if value is not None}


class RefundQuery(PageQuery):
    """Filters of the list of refunds."""

    payment_id: PaymentId | None = None
    client_id: ClientId | None = None
    charter_id: CharterId | None = None
    status: RefundStatus | None = None


class CancellationSettlement(Record):
    """The amounts refunded and kept of a cancelled charter's payments, in cents."""

    KIND: ClassVar[str] = "cancellation_settlement"

    org_id: str
    charter_id: str
    refund: int
    fee: int
    refund_ids: list[str]
    payment_ids: list[str]
    """The settled payments. Later payments are deposits."""

    def key(self) -> Key:
        return CANCELLATION_SETTLEMENT.key(org=self.org_id, charter=self.charter_id)
