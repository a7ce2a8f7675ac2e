"""Says of what we owe vendors that its day has come, hour by hour; nothing is scanned."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from coachway.billing import payables
from coachway.billing.payable import FALLING_DUE, Payable
from coachway.billing.payable_events import PayableDue
from coachway.billing.payable_rules import PayableStatus, require_step
from coachway.bookings.model import sortable
from coachway.core import errors, store, timers
from coachway.core.caller import Caller
from coachway.core.listing import page
from coachway.core.log import logger
from coachway.core.ops import Update
from coachway.core.schemas import PageQuery, Shape

_TIMER: Final = "payables-due"


class FallingDue(Shape):
    """What one run did: payables that are due now, and those left for the next run."""

    due: int = 0
    failed: int = 0


def run() -> FallingDue:
    """Go through what falls due. An hour that went wrong is gone through again; twice does nothing twice."""
    work, result = timers.begin(_TIMER), FallingDue()
    for at in work.hours():
        _go_through(at, work.now, result)
    if not result.failed:
        work.finish()
    return result


def _go_through(at: datetime, now: datetime, result: FallingDue) -> None:
    query: PageQuery | None = PageQuery(limit=100)
    while query is not None:
        partition = FALLING_DUE.partition(hour=sortable(at)[:13])
        due = page(Payable, FALLING_DUE, [partition], query, between=("0", f"{sortable(now)}~"))
        for payable in due.items:
            try:
                result.due += _fall_due(payable.org_id, payable.id, now)
            except errors.LostRace:
                result.failed += 1
                logger.warning("a payable changed while it fell due; it is looked at again", payable_id=payable.id)
        query = PageQuery(limit=100, cursor=due.next_cursor) if due.next_cursor else None


def _fall_due(org_id: str, payable_id: str, now: datetime) -> bool:
    """By the payable itself: what an index says may be old."""
    caller = Caller.system(_TIMER, org_id)
    payable = payables.get(caller, payable_id)
    if payable.status is not PayableStatus.OPEN or payable.falls_due_at > now:
        return False
    require_step(payable.status, PayableStatus.DUE)
    after = payable.model_copy(update={"status": PayableStatus.DUE})
    store.commit(caller, Update(payable, after, [PayableDue(**payables.about(after))]))
    return True
