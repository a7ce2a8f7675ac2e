"""What happens to what we owe vendors."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from pydantic import ConfigDict

from coachway.core.persistence.domain_events import Event
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import Amount


class _Payable(Event):
    """What is owed, to whom, for what, until when."""

    payable_id: str
    vendor_id: str
    vendor_name: str
    charter_id: str | None
    number: str
    bid_id: str | None
    amount: Amount
    currency: str
    due_date: date


class PayableCreated(_Payable):
    """A vendor is owed something: its bid was accepted, or somebody entered it."""

    TYPE: ClassVar[str] = "payable.created"


class PayableDue(_Payable):
    """The day has come on which a vendor was promised its money."""

    TYPE: ClassVar[str] = "payable.due"


class PayablePaid(_Payable):
    """A vendor was paid; `payout.made` tells it, once for all that was paid together."""

    TYPE: ClassVar[str] = "payable.paid"

    payout_id: str
    method: str
    reference: str


class PayableVoided(_Payable):
    """A vendor is not owed it any more, and why."""

    TYPE: ClassVar[str] = "payable.voided"

    reason: str


class PaidLine(BaseSchema):
    """One thing that a payout pays."""

    model_config = ConfigDict(frozen=True)

    payable_id: str
    number: str
    description: str
    amount: Amount


class PayoutMade(Event):
    """A vendor was paid, for one thing or for several: the remittance."""

    TYPE: ClassVar[str] = "payout.made"

    payout_id: str
    vendor_id: str
    vendor_name: str
    vendor_email: str
    total: Amount
    currency: str
    method: str
    reference: str
    paid_on: date
    lines: list[PaidLine]
