"""Says of what we owe vendors that its day has come, hour by hour; nothing is scanned."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from coachway.billing.payables import service
from coachway.billing.payables.model import FALLING_DUE, Payable
from coachway.billing.payables.rules import PayableStatus, require_step
from coachway.contracts.billing.payables import PayableDue
from coachway.core import errors, hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.queries import query_page
from coachway.core.runtime.logging import logger
from coachway.core.schemas import BaseSchema, PageQuery
from coachway.core.types.datetimes import sortable

_TIMER: Final = "payables-due"


class FallingDue(BaseSchema):
    """What one run did: payables that are due now, and those left for the next run."""

    due: int = 0
    failed: int = 0


def run() -> FallingDue:
    """Go through what falls due. An hour that went wrong is gone through again; twice does nothing twice."""
    work, result = hourly_sweep.begin(_TIMER), FallingDue()
    for at in work.hours():
        _go_through(at, work.now, result)
    if not result.failed:
        work.finish()
    return result


def _go_through(at: datetime, now: datetime, result: FallingDue) -> None:
    query: PageQuery | None = PageQuery(limit=100)
    while query is not None:
        partition = FALLING_DUE.partition(hour=sortable(at)[:13])
        due = query_page(Payable, FALLING_DUE, [partition], query, between=("0", f"{sortable(now)}~"))
        for payable in due.items:
            try:
                result.due += _fall_due(payable.org_id, payable.id, now)
            except errors.ConcurrentUpdate:
                result.failed += 1
                logger.warning("a payable changed while it fell due; it is looked at again", payable_id=payable.id)
        query = PageQuery(limit=100, cursor=due.next_cursor) if due.next_cursor else None


def _fall_due(org_id: str, payable_id: str, now: datetime) -> bool:
    """By the payable itself: what an index says may be old."""
    caller = Caller.system(_TIMER, org_id)
    payable = service.get(caller, payable_id)
    if payable.status is not PayableStatus.OPEN or payable.falls_due_at > now:
        return False
    require_step(payable.status, PayableStatus.DUE)
    after = payable.model_copy(update={"status": PayableStatus.DUE})
    store.commit(caller, Update(payable, after, [PayableDue(**service.about(after))]))
    return True
