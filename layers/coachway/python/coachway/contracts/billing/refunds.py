"""What happens to refunds, with what a mail about them needs."""

from __future__ import annotations

from typing import ClassVar

from coachway.core.persistence.domain_events import Event
from coachway.core.types.money import Amount


class _Refund(Event):
    """Which refund, of what, to whom."""

    refund_id: str
    payment_id: str
    client_id: str
    client_name: str
    client_email: str
    charter_id: str | None
    invoice_id: str | None
    number: str
    amount: Amount
    currency: str
    reason: str


class RefundRequested(_Refund):
    """Something is to be given back: a flow starts. `round` counts how often it was taken up."""

    TYPE: ClassVar[str] = "refund.requested"

    needs_approval: bool
    round: int


class RefundApprovalNeeded(_Refund):
    """A manager has to agree; `escalated` when nobody answered the first time."""

    TYPE: ClassVar[str] = "refund.approval_needed"

    escalated: bool


class RefundApproved(_Refund):
    """A manager agreed."""

    TYPE: ClassVar[str] = "refund.approved"


class RefundRejected(_Refund):
    """It is not given back, and why."""

    TYPE: ClassVar[str] = "refund.rejected"

    decision_reason: str


class RefundCompleted(_Refund):
    """It was given back."""

    TYPE: ClassVar[str] = "refund.completed"

    method: str


class RefundFailed(_Refund):
    """It could not be given back, and stands still until somebody takes it up again."""

    TYPE: ClassVar[str] = "refund.failed"

    state: str
    error: str


class RefundResumed(_Refund):
    """One that stood still goes on."""

    TYPE: ClassVar[str] = "refund.resumed"


class CancellationSettled(Event):
    """What a cancelled charter gives back, and what is kept of it. Amounts in `currency`."""

    TYPE: ClassVar[str] = "cancellation.settled"

    charter_id: str
    client_id: str
    number: str
    refund: Amount
    fee: Amount
    currency: str
    refund_ids: list[str]
    invoice_id: str | None
