"""Wakes the flow of a refund once a manager has decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coachway.billing.refunds import service
from coachway.billing.refunds.rules import RefundStatus
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.workflows import executions


def wake(caller: Caller, delivery: Delivery) -> None:
    """A refund was agreed to, or rejected."""
    refund_id = str(delivery.data["refund_id"])
    waiting = executions.find(caller, refund_id)
    if waiting is not None and service.get(caller, refund_id).status is not RefundStatus.AWAITING_APPROVAL:
        executions.send_task_success(caller, waiting)


CONSUMERS: Final[Mapping[str, Consumer]] = {"refund.approved": wake, "refund.rejected": wake}
"""By event type. The queue receives these events and no others."""
