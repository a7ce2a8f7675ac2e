"""Refunds: what they say, how callers ask for them, and where they lie in the table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, ConfigDict, Field

from coachway.billing.ids import PaymentId
from coachway.billing.payments.model import PaymentMethod
from coachway.billing.refunds.rules import RefundStatus
from coachway.bookings.charters.model import CharterId, ClientId
from coachway.core.persistence.records import AccessPattern, Entity, Key, Record
from coachway.core.schemas import PageQuery, RequestSchema, Text
from coachway.core.types.datetimes import sortable
from coachway.core.types.money import Amount, PositiveAmount
from coachway.core.workflows.failure import FlowFailure

REFUND = AccessPattern("a refund", pk="ORG#{org}#REFUND#{id}", sk="HEAD")
BY_MONTH = AccessPattern(
    "refunds, newest first, by the month they were asked for",
    index="gsi1",
    pk="ORG#{org}#REFUNDS#{month}",
    sk="{made}#{id}",
)
OF_CLIENT = AccessPattern(
    "the refunds of a client, newest first",
    index="gsi2",
    pk="ORG#{org}#REFUNDS_OF#{client}",
    sk="{made}#{id}",
)
OF_PAYMENT = AccessPattern(
    "the refunds of a payment, newest first",
    index="gsi3",
    pk="ORG#{org}#REFUNDS_OF_PAYMENT#{payment}",
    sk="{made}#{id}",
)
SETTLED = AccessPattern(
    "what a cancelled charter gave back, and what was kept",
    pk="ORG#{org}#CANCELLATION#{charter}",
    sk="HEAD",
)


class RefundInput(RequestSchema):
    """How much of which payment is given back, and why; the client is told."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"payment_id": "pay_01K3ZV8N6Y3T5G7H9J1M2P4R6S", "amount": 100, "reason": "The coach had no wifi"}
            ]
        }
    )

    payment_id: PaymentId
    amount: Annotated[PositiveAmount | None, Field(gt=0, description="left out: all that is left of the payment")] = (
        None
    )
    reason: Text


class DecisionInput(RequestSchema):
    """Why; it is kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "As agreed on the phone"}]})

    reason: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] = ""


class RefundCause(StrEnum):
    """Why money is given back."""

    REQUEST = "request"
    CANCELLATION = "cancellation"
    DISPUTE = "dispute"
    """The bank has given it back to a payer who disputed the payment."""


class Refund(Entity):
    """Something that is given back of a payment, the way it was paid."""

    KIND: ClassVar[str] = "refund"
    PRIVATE: ClassVar[frozenset[str]] = frozenset(
        {"client_name", "client_email", "attempt", "of_fee", "of_invoice", "taken_of"}
    )

    payment_id: str
    client_id: str
    client_name: str = Field(default="", repr=False)
    client_email: str = Field(default="", repr=False)
    charter_id: str | None = None
    invoice_id: str | None = None
    number: Annotated[str, Field(description="of the invoice or charter that was paid")] = ""
    amount: Amount
    currency: str
    method: PaymentMethod
    cause: RefundCause = RefundCause.REQUEST
    reason: str
    status: RefundStatus = RefundStatus.PENDING
    needs_approval: bool = False
    requested_by: str = ""
    decided_by: str | None = None
    decided_at: AwareDatetime | None = None
    decision_reason: str = ""
    completed_at: AwareDatetime | None = None
    stripe_refund_id: str | None = None
    failure: Annotated[FlowFailure | None, Field(description="what keeps it from going on")] = None
    round: Annotated[int, Field(description="how often it was taken up")] = 1
    attempt: int = 0
    """Under which key Stripe is asked: the next only after a clear no."""
    sent_at: Annotated[AwareDatetime | None, Field(description="when Stripe was asked; none while it was not")] = None
    of_fee: bool = False
    """Whether it is given back of what was kept when the trip was cancelled."""
    of_invoice: Amount = 0
    taken_of: str | None = None
    """How much of it was taken of what was paid on which invoice, once it was given back."""

    def key(self) -> Key:
        return REFUND.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        made = sortable(self.created_at)
        return {
            "gsi1": BY_MONTH.key(org=self.org_id, month=made[:7], made=made, id=self.id),
            "gsi2": OF_CLIENT.key(org=self.org_id, client=self.client_id, made=made, id=self.id),
            "gsi3": OF_PAYMENT.key(org=self.org_id, payment=self.payment_id, made=made, id=self.id),
        }

    def attributes(self) -> Mapping[str, str | int | bool]:
        named = {"client_id": self.client_id, "payment_id": self.payment_id, "charter_id": self.charter_id}
        return {"status": self.status.value} | {name: value for name, value in named.items() if value is not None}


class RefundQuery(PageQuery):
    """Which refunds, newest first: of a payment, a client or a charter, in a status."""

    payment_id: PaymentId | None = None
    client_id: ClientId | None = None
    charter_id: CharterId | None = None
    status: RefundStatus | None = None


class Settlement(Record):
    """How a cancelled charter's money was parted. In cents."""

    KIND: ClassVar[str] = "cancellation_settlement"

    org_id: str
    charter_id: str
    refund: int
    fee: int
    refund_ids: list[str]
    payment_ids: list[str]
    """Those that were parted; what came later is a deposit."""

    def key(self) -> Key:
        return SETTLED.key(org=self.org_id, charter=self.charter_id)
