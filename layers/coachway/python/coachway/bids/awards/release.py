"""Takes back what a bid won, so that somebody else can run it: its vendor cannot come, or may not any more."""

from __future__ import annotations

from typing import Final

from coachway.bids import context, event_payloads, service, visibility
from coachway.bids.errors import AwardNotReleasable
from coachway.bids.model import BidView
from coachway.bids.rules import BidStatus
from coachway.bookings.charters import coverage
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import Status
from coachway.contracts.bids import BidCalledOff
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock

_AHEAD: Final = frozenset({Status.QUOTE, Status.BOOKED, Status.CONFIRMED})


def release(caller: Caller, bid_id: str, reason: str) -> BidView:
    """Take it back: its vehicles can be given to others, its vendor is told, and owed nothing for it.

    Raises NotFound, Conflict when it has won nothing, its trip has begun, or one of its vehicles has its driver.
    """
    return retry_on_conflict(lambda: _release(caller, bid_id, reason))()


def _release(caller: Caller, bid_id: str, reason: str) -> BidView:
    bid = service.get(caller, bid_id)
    if bid.status is not BidStatus.ACCEPTED or bid.called_off_at is not None:
        state = "was released before" if bid.called_off_at is not None else f"is {bid.status.value}"
        raise AwardNotReleasable(f"This bid {state}.")
    charter = store.get(Charter, CHARTER.key(org=caller.org_id, id=bid.charter_id))
    if charter.status not in _AHEAD:
        raise AwardNotReleasable(f"This charter is {charter.status.value}.")
    after = bid.model_copy(update={"called_off_at": clock.now(), "called_off_reason": reason})
    event = BidCalledOff(**event_payloads.bid_event_fields(after), reason=reason)
    request = context.request_of(caller.org_id, bid.bid_request_id)
    answer = visibility.build_bid_view(caller, after, request, version=bid.version + 1)
    store.commit(caller, Update(bid, after, [event]), *coverage.release_vendor_ops(charter, bid.id), answer=answer)
    return answer
