"""Event consumer: resume the refund workflow after a manager's decision."""

from collections.abc import Mapping
from typing import Final

from coachway.billing.refunds import service
from coachway.billing.refunds.rules import RefundStatus
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.workflows import executions


def resume_workflow(caller: Caller, delivery: Delivery) -> None:
    """Resume the workflow of a refund that was approved or rejected."""
    refund_id = str(delivery.data["refund_id"])
    execution = executions.find(caller, refund_id)
    if execution is not None and service.get_refund(caller, refund_id).status is not RefundStatus.AWAITING_APPROVAL:
        executions.send_task_success(caller, execution)


CONSUMERS: Final[Mapping[str, Consumer]] = {"refund.approved": resume_workflow, "refund.rejected": resume_workflow}
"""By event type. The queue receives these events and no others."""
