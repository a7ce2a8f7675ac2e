"""Events of refunds and of settled cancellations."""

from typing import Annotated, ClassVar

from coachway.core.persistence.domain_events import Event
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import ERASED, Personal


class _Refund(Event):
    """Fields common to all events of a refund."""

    refund_id: str
    payment_id: str
    client_id: str
    client_name: Annotated[str, Personal(blank=ERASED)]
    client_email: Annotated[str, Personal()]
    charter_id: str | None
    invoice_id: str | None
    number: str
    amount: StoredAmount
    currency: str
    reason: Annotated[str, Personal()]
    message_to_client: Annotated[str, Personal()] = ""


class RefundRequested(_Refund):
    """A refund was requested or retried, and its workflow starts. `round` counts the starts."""

    TYPE: ClassVar[str] = "refund.requested"

    needs_approval: bool
    round: int


class RefundApprovalNeeded(_Refund):
    """A refund needs a manager's approval. `escalated` is true for the second request."""

    TYPE: ClassVar[str] = "refund.approval_needed"

    escalated: bool


class RefundApproved(_Refund):
    """A manager approved a refund."""

    TYPE: ClassVar[str] = "refund.approved"


class RefundRejected(_Refund):
    """A manager rejected a refund."""

    TYPE: ClassVar[str] = "refund.rejected"

    decision_reason: Annotated[str, Personal()]


class RefundCompleted(_Refund):
    """A refund was completed."""

    TYPE: ClassVar[str] = "refund.completed"

    method: str


class RefundFailed(_Refund):
    """A refund failed. It can be retried or rejected."""

    TYPE: ClassVar[str] = "refund.failed"

    state: str
    error: str


class RefundResumed(_Refund):
    """A failed refund was resumed."""

    TYPE: ClassVar[str] = "refund.resumed"


class CancellationSettled(Event):
    """A cancelled charter was settled: the amounts refunded and kept, in `currency`."""

    TYPE: ClassVar[str] = "cancellation.settled"

    charter_id: str
    client_id: str
    number: str
    refund: StoredAmount
    fee: StoredAmount
    currency: str
    refund_ids: list[str]
    invoice_id: str | None
