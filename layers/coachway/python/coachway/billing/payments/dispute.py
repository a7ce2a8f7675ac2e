"""Disputes (chargebacks) of payments: their status and amounts. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from coachway.core.persistence.records import stored_as
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import Personal


class DisputeStatus(StrEnum):
    """The status of a dispute."""

    INQUIRY = "inquiry"
    """The bank asks for information, and nothing is withheld. A refund ends the inquiry."""
    OPEN = "open"
    WON = "won"
    """The payment stays with the organization."""
    LOST = "lost"
    """The bank has returned the payment to the payer."""

    @property
    def is_over(self) -> bool:
        """Whether the bank has decided."""
        return self in {DisputeStatus.WON, DisputeStatus.LOST}

    @property
    def blocks_refunds(self) -> bool:
        """Whether the disputed amount cannot be refunded, because the bank withholds or has returned it."""
        return self in {DisputeStatus.OPEN, DisputeStatus.LOST}


_STRIPE_STATUSES: Final[Mapping[str, DisputeStatus]] = {
    "warning_needs_response": DisputeStatus.INQUIRY,
    "warning_under_review": DisputeStatus.INQUIRY,
    "warning_closed": DisputeStatus.WON,
    "prevented": DisputeStatus.WON,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}


def status_from_stripe(stripe_status: str) -> DisputeStatus:
    """Map a status of Stripe. `needs_response`, `under_review` and unknown statuses are open."""
    return _STRIPE_STATUSES.get(stripe_status, DisputeStatus.OPEN)


class Dispute(BaseSchema):
    """A dispute of a payment. `id` is the dispute's ID at Stripe."""

    id: str
    status: DisputeStatus
    reason: Annotated[str, Field(description="Stripe's reason code.", examples=["product_not_received"]), Personal()]
    amount: StoredAmount
    withheld_amount: Annotated[
        StoredAmount,
        Field(description="Amount withheld by the bank until it decides."),
        stored_as("withheld", "withheld_amount"),
    ] = 0
    refund_hold: Annotated[
        StoredAmount,
        Field(description="Amount that cannot be refunded because of the dispute."),
        stored_as("held", "refund_hold"),
    ] = 0
    fee: StoredAmount = 0
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None = None
    refund_id: Annotated[str | None, Field(description="ID of the refund that records a lost dispute.")] = None
