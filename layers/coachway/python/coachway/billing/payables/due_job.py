"""Timer job: mark payables as due on their due date."""

from datetime import datetime
from typing import Final

from coachway.billing.payables import service
from coachway.billing.payables.model import FALLING_DUE, Payable
from coachway.billing.payables.rules import TRANSITIONS, PayableStatus
from coachway.contracts.billing.payables import PayableDue
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.hourly_sweep import sweep
from coachway.core.persistence.operations import Update
from coachway.core.schemas import BaseSchema

_JOB: Final = "payables-due"


class DueResult(BaseSchema):
    """Counts of one run: payables marked as due, and payables left for the next run."""

    due: int = 0
    failed: int = 0


def run() -> DueResult:
    """Mark all payables that have become due. Safe to repeat."""
    return DueResult(**sweep(_JOB, Payable, FALLING_DUE, _mark_due))


def _mark_due(indexed_payable: Payable, now: datetime) -> str:
    caller = Caller.system(_JOB, indexed_payable.org_id)
    before = service.get_payable(caller, indexed_payable.id)
    if before.status is not PayableStatus.OPEN or before.falls_due_at > now:
        return ""
    TRANSITIONS.require(before.status, PayableStatus.DUE)
    after = before.model_copy(update={"status": PayableStatus.DUE})
    store.commit(caller, Update(before, after, [PayableDue(**service.event_fields(after))]))
    return "due"
