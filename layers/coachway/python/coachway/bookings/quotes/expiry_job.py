"""Expires quotes that nobody answered, hour by hour of their expiry; nothing is scanned."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from coachway.bookings.charters import lifecycle
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import Status
from coachway.bookings.quotes.links import DUE, QuoteLink, expiry_hour
from coachway.core import errors, hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.queries import query_page
from coachway.core.runtime import clock
from coachway.core.runtime.logging import logger
from coachway.core.schemas import BaseSchema, PageQuery
from coachway.core.types.datetimes import sortable

_TIMER: Final = "quote-expiry"


class ExpiryResult(BaseSchema):
    """What one run did: quotes expired, links put away, links left for the next run."""

    expired: int = 0
    put_away: int = 0
    failed: int = 0


def run() -> ExpiryResult:
    """Expire what is due. An hour that went wrong is gone through again; twice does nothing twice."""
    work, result = hourly_sweep.begin(_TIMER), ExpiryResult()
    for at in work.hours():
        _go_through(at, work.now, result)
    if not result.failed:
        work.finish()
    return result


def _go_through(at: datetime, now: datetime, result: ExpiryResult) -> None:
    query: PageQuery | None = PageQuery(limit=100)
    while query is not None:
        # Only what is due: an upper bound that sorts after every key of this second.
        due = query_page(
            QuoteLink, DUE, [DUE.partition(hour=expiry_hour(at))], query, between=("0", f"{sortable(now)}~")
        )
        for link in due.items:
            _expire_link(link, result)
        query = PageQuery(limit=100, cursor=due.next_cursor) if due.next_cursor else None


def _expire_link(link: QuoteLink, result: ExpiryResult) -> None:
    caller = _system(link.org_id)
    try:
        charter = store.find(Charter, CHARTER.key(org=link.org_id, id=link.charter_id))
        if charter is not None and _is_due(charter, clock.now()):
            lifecycle.expire(caller, charter)
            result.expired += 1
        store.commit(caller, Update(link, link.model_copy(update={"open": False})))
        result.put_away += 1
    except errors.ConcurrentUpdate:
        result.failed += 1
        logger.warning("a quote changed while it expired; it is looked at again", charter_id=link.charter_id)


def _is_due(charter: Charter, now: datetime) -> bool:
    """By the charter itself: what an index says may be old."""
    expires = charter.quote_expires_at
    return charter.status is Status.QUOTE and expires is not None and expires <= now


def _system(org_id: str) -> Caller:
    return Caller.system(_TIMER, org_id)
