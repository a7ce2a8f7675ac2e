"""Wakes the flow of a refund once a manager has decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coachway.billing import refunds
from coachway.billing.refund_rules import RefundStatus
from coachway.core import executions
from coachway.core.caller import Caller
from coachway.core.consuming import Consumer, Delivery


def wake(caller: Caller, delivery: Delivery) -> None:
    """A refund was agreed to, or rejected."""
    refund_id = str(delivery.data["refund_id"])
    waiting = executions.find(caller, refund_id)
    if waiting is not None and refunds.get(caller, refund_id).status is not RefundStatus.AWAITING_APPROVAL:
        executions.answer(caller, waiting)


CONSUMERS: Final[Mapping[str, Consumer]] = {"refund.approved": wake, "refund.rejected": wake}
"""By the event's type; `template.yaml` lets just these reach the queue."""
