"""Events of payables and payouts to vendors."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import ConfigDict

from coachway.core.persistence.domain_events import Event
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import Personal


class _Payable(Event):
    """Fields common to all events of a payable."""

    payable_id: str
    vendor_id: str
    vendor_name: Annotated[str, Personal("vendor")]
    charter_id: str | None
    number: str
    bid_id: str | None
    amount: StoredAmount
    currency: str
    due_date: date


class PayableCreated(_Payable):
    """A payable was created, for an awarded bid or by a user."""

    TYPE: ClassVar[str] = "payable.created"


class PayableDue(_Payable):
    """A payable became due."""

    TYPE: ClassVar[str] = "payable.due"


class PayablePaid(_Payable):
    """A payable was paid. `payout.made` is sent once per payout."""

    TYPE: ClassVar[str] = "payable.paid"

    payout_id: str
    method: str
    reference: Annotated[str, Personal("vendor")]


class PayableVoided(_Payable):
    """A payable was voided."""

    TYPE: ClassVar[str] = "payable.voided"

    reason: Annotated[str, Personal("vendor")]


class PaidLine(BaseSchema):
    """A payable that a payout pays."""

    model_config = ConfigDict(frozen=True)

    payable_id: str
    number: str
    description: Annotated[str, Personal("vendor")]
    amount: StoredAmount


class PayoutMade(Event):
    """A vendor was paid for one or several payables."""

    TYPE: ClassVar[str] = "payout.made"

    payout_id: str
    vendor_id: str
    vendor_name: Annotated[str, Personal("vendor")]
    vendor_email: Annotated[str, Personal("vendor")]
    total: StoredAmount
    currency: str
    method: str
    reference: Annotated[str, Personal("vendor")]
    paid_on: date
    lines: list[PaidLine]
