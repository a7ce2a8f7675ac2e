"""The context of bids: their charter, its current bid request, and the requests that they answer."""

from collections.abc import Collection, Iterable
from typing import Final

from coachway.bids.errors import BidsNotAccepted, CharterNotOpenForBids, VendorNotInvited
from coachway.bids.model.bid import BY_CHARTER, Bid
from coachway.bids.model.bid_request import BID_REQUEST, CHARTER_BIDDING, BidRequest, CharterBidding
from coachway.bids.rules import BidStatus, RequestStatus
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.records import Key
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.store import BatchResult

MAX_BIDS: Final = 1000
"""The maximum number of bids that are compared for one charter."""


class BiddingContext(BaseSchema):
    """A charter with its current bid request."""

    charter: Charter
    charter_bidding: CharterBidding | None
    request: BidRequest | None


def load_bidding_context(caller: Caller, charter_id: str) -> BiddingContext:
    """Load a charter with its current bid request. Raises NotFound. One read, or two if there is a request."""
    return load_bidding_context_with(caller, charter_id, None, [])[0]


def load_bidding_context_with(
    caller: Caller, charter_id: str, bid_request_id: str | None, keys: Iterable[Key]
) -> tuple[BiddingContext, BatchResult]:
    """Load a charter with its current bid request, and the records at `keys`.

    One read if `bid_request_id` is the current request or there is none; else two.
    """
    charter_key = CHARTER.key(org=caller.org_id, id=charter_id)
    bidding_key = CHARTER_BIDDING.key(org=caller.org_id, charter=charter_id)
    request_keys = [BID_REQUEST.key(org=caller.org_id, id=bid_request_id)] if bid_request_id else []
    batch = store.batch_get([charter_key, bidding_key, *request_keys, *keys])
    charter_bidding = batch.find(CharterBidding, bidding_key)
    request = None
    if charter_bidding is not None and charter_bidding.bid_request_id is not None:
        if charter_bidding.bid_request_id == bid_request_id:
            request = batch.find(BidRequest, request_keys[0])
        else:
            request = find_request(caller.org_id, charter_bidding.bid_request_id)
    context = BiddingContext(charter=batch.get(Charter, charter_key), charter_bidding=charter_bidding, request=request)
    return context, batch


def find_request(org_id: str, bid_request_id: str | None) -> BidRequest | None:
    """Find a bid request. Returns None without an id, or if it does not exist."""
    if bid_request_id is None:
        return None
    return store.find(BidRequest, BID_REQUEST.key(org=org_id, id=bid_request_id))


def find_requests(org_id: str, bids: Collection[Bid]) -> dict[str, BidRequest]:
    """The requests that bids answer, by id of the bid. A draft answers the current request of its charter."""
    request_ids = {bid.id: bid.bid_request_id for bid in bids}
    draft_keys = {
        bid.id: CHARTER_BIDDING.key(org=org_id, charter=bid.charter_id) for bid in bids if bid.status is BidStatus.DRAFT
    }
    current = store.find_many(CharterBidding, draft_keys.values()) if draft_keys else {}
    for bid_id, key in draft_keys.items():
        charter_bidding = current.get(key)
        request_ids[bid_id] = (charter_bidding.bid_request_id if charter_bidding else None) or request_ids[bid_id]
    keys = {
        bid_id: BID_REQUEST.key(org=org_id, id=request_id) for bid_id, request_id in request_ids.items() if request_id
    }
    stored = store.find_many(BidRequest, keys.values()) if keys else {}
    return {bid_id: stored[key] for bid_id, key in keys.items() if key in stored}


def is_sealed(request: BidRequest | None) -> bool:
    """Whether prices and ranks of the bids that answer a request are hidden. Without a request, they are not."""
    return request is not None and request.is_sealed


def require_open_for_bids(charter: Charter) -> None:
    """Raise CharterNotOpenForBids unless the charter needs a vendor and the departure is in the future."""
    statuses = {CharterStatus.QUOTE, CharterStatus.BOOKED} | (
        {CharterStatus.CONFIRMED} if charter.uncovered_vehicles else set()
    )
    if charter.status not in statuses:
        raise CharterNotOpenForBids(f"This charter is {charter.status.value}. It does not accept bids.")
    if charter.starts_at <= clock.now():
        raise CharterNotOpenForBids("The departure is in the past.")


def require_bidding_open(bidding: BiddingContext, vendor_id: str) -> None:
    """Raise an error unless the vendor can bid for the charter now.

    Raises CharterNotOpenForBids, BidsNotAccepted, VendorNotInvited.
    """
    require_open_for_bids(bidding.charter)
    if bidding.request is None:
        return
    if bidding.request.status is not RequestStatus.OPEN:
        raise BidsNotAccepted(f"This bid request is {bidding.request.status.value}. It does not accept bids.")
    if bidding.request.deadline <= clock.now():
        raise BidsNotAccepted(f"The deadline was {bidding.request.deadline.isoformat()}. Staff can extend it.")
    if not bidding.request.matching and vendor_id not in bidding.request.vendor_ids:
        raise VendorNotInvited("Only invited vendors can bid on this request.")


def list_bids_of_charter(org_id: str, charter_id: str) -> list[Bid]:
    """List all bids for a charter, oldest first."""
    partition = BY_CHARTER.partition(org=org_id, charter=charter_id)
    return query_all(Bid, partition, index=BY_CHARTER.index, limit=MAX_BIDS)


def filter_active(bids: Iterable[Bid]) -> list[Bid]:
    """The bids that can still be accepted."""
    return [bid for bid in bids if bid.status.is_active]
