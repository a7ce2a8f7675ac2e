"""Payments that their payers dispute at the bank: how that stands, and what it means for the money. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from coachway.core.schemas import BaseSchema
from coachway.core.types.money import Amount


class DisputeStatus(StrEnum):
    """How a dispute stands."""

    INQUIRY = "inquiry"
    """The bank asks, and has taken nothing: giving the money back ends it."""
    OPEN = "open"
    WON = "won"
    """The money is ours, or was never taken."""
    LOST = "lost"
    """The bank has given it back to the payer, for good."""

    @property
    def is_over(self) -> bool:
        """Whether the bank has decided."""
        return self in {DisputeStatus.WON, DisputeStatus.LOST}

    @property
    def holds(self) -> bool:
        """Whether nothing of it can be given back, as the bank has it, or decides about it."""
        return self in {DisputeStatus.OPEN, DisputeStatus.LOST}


_OF_STRIPE: Final[Mapping[str, DisputeStatus]] = {
    "warning_needs_response": DisputeStatus.INQUIRY,
    "warning_under_review": DisputeStatus.INQUIRY,
    "warning_closed": DisputeStatus.WON,
    "prevented": DisputeStatus.WON,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}


def status_of(word: str) -> DisputeStatus:
    """What Stripe's word for it means; `needs_response`, `under_review` and words of tomorrow: it is open."""
    return _OF_STRIPE.get(word, DisputeStatus.OPEN)


class Dispute(BaseSchema):
    """A payer told the bank that a payment is not right. `id` is Stripe's."""

    id: str
    status: DisputeStatus
    reason: Annotated[str, Field(description="Stripe's word for it", examples=["product_not_received"])]
    amount: Amount
    withheld: Annotated[Amount, Field(description="what the bank keeps until it has decided")] = 0
    held: Annotated[Amount, Field(description="what cannot be given back because of it")] = 0
    fee: Amount = 0
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None = None
    refund_id: Annotated[str | None, Field(description="by which it is in the books that it was lost")] = None
