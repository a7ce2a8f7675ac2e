"""Timer job: expire bids that were not decided on in time."""

from datetime import datetime
from typing import Final

from coachway.bids import bidding_context, event_payloads, service
from coachway.bids.model.bid import DUE, Bid
from coachway.bids.rules import BID_TRANSITIONS, BidStatus, bid_expiry
from coachway.contracts.bids import BidExpired
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.hourly_sweep import sweep
from coachway.core.persistence.operations import Update
from coachway.core.schemas import BaseSchema

_TIMER: Final = "bid-expiry"


class ExpiryResult(BaseSchema):
    """Counts of one run: bids expired, bids valid for longer because their request was extended, and failures."""

    expired: int = 0
    extended: int = 0
    failed: int = 0


def run() -> ExpiryResult:
    """Expire the bids that are due. Safe to repeat."""
    return ExpiryResult(**sweep(_TIMER, Bid, DUE, _expire_bid))


def _expire_bid(indexed_bid: Bid, now: datetime) -> str:
    caller = Caller.system(_TIMER, indexed_bid.org_id)
    bid = service.get_bid(caller, indexed_bid.id)
    if not bid.status.is_active or bid.submitted_at is None:
        return ""
    request = bidding_context.find_request(caller.org_id, bid.bid_request_id)
    valid_until = bid_expiry(bid.submitted_at, request.deadline if request else None)
    if valid_until > now:
        store.commit(caller, Update(bid, bid.model_copy(update={"valid_until": valid_until})))
        return "extended"
    BID_TRANSITIONS.require(bid.status, BidStatus.EXPIRED)
    after = bid.model_copy(update={"status": BidStatus.EXPIRED, "decided_at": now})
    store.commit(caller, Update(bid, after, [BidExpired(**event_payloads.bid_event_fields(after))]))
    return "expired"
