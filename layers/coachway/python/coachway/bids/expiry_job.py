"""Expires bids that nobody decided on, hour by hour of their expiry; nothing is scanned."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from coachway.bids import context, event_payloads, service
from coachway.bids.model import DUE, Bid
from coachway.bids.rules import BIDS, BidStatus, valid_until
from coachway.contracts.bids import BidExpired
from coachway.core import errors, hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.queries import query_page
from coachway.core.runtime.logging import logger
from coachway.core.schemas import BaseSchema, PageQuery
from coachway.core.types.datetimes import sortable

_TIMER: Final = "bid-expiry"


class Expiry(BaseSchema):
    """What one run did: bids expired, bids that hold longer since their request was extended, bids left."""

    expired: int = 0
    prolonged: int = 0
    failed: int = 0


def run() -> Expiry:
    """Expire what is due. An hour that went wrong is gone through again; twice does nothing twice."""
    ops, result = hourly_sweep.begin(_TIMER), Expiry()
    for at in ops.hours():
        _go_through(at, ops.now, result)
    if not result.failed:
        ops.finish()
    return result


def _go_through(at: datetime, now: datetime, result: Expiry) -> None:
    query: PageQuery | None = PageQuery(limit=100)
    while query is not None:
        hour = sortable(at)[:13]
        due = query_page(Bid, DUE, [DUE.partition(hour=hour)], query, between=("0", f"{sortable(now)}~"))
        for bid in due.items:
            try:
                _expire(_system(bid.org_id), bid.id, now, result)
            except errors.ConcurrentUpdate:
                result.failed += 1
                logger.warning("a bid changed while it expired; it is looked at again", bid_id=bid.id)
        query = PageQuery(limit=100, cursor=due.next_cursor) if due.next_cursor else None


def _expire(caller: Caller, bid_id: str, now: datetime, result: Expiry) -> None:
    """By the bid itself: what an index says may be old."""
    bid = service.get(caller, bid_id)
    if not bid.status.is_live or bid.submitted_at is None:
        return
    request = context.request_of(caller.org_id, bid.bid_request_id)
    until = valid_until(bid.submitted_at, request.deadline if request else None)
    if until > now:
        store.commit(caller, Update(bid, bid.model_copy(update={"valid_until": until})))
        result.prolonged += 1
        return
    BIDS.require(bid.status, BidStatus.EXPIRED)
    after = bid.model_copy(update={"status": BidStatus.EXPIRED, "decided_at": now})
    store.commit(caller, Update(bid, after, [BidExpired(**event_payloads.bid_event_fields(after))]))
    result.expired += 1


def _system(org_id: str) -> Caller:
    return Caller.system(_TIMER, org_id)
