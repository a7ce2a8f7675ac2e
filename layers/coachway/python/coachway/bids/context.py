"""What bids stand on: the charter, the request for bids under way, and the requests that bids answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from coachway.bids.errors import BiddingClosed, CharterNotOpenForBids, VendorNotInvited
from coachway.bids.model import OF_CHARTER, Bid
from coachway.bids.request_model import BID_REQUEST, UNDER_WAY, BidRequest, CharterBidding
from coachway.bids.rules import BidStatus, RequestStatus
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import Status
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.records import Key
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.store import BatchResult

MOST_BIDS: Final = 1000
"""Bids for one charter that are compared."""


class BiddingContext(BaseSchema):
    """What a bid stands on: the charter, its bidding, the request under way."""

    charter: Charter
    bidding: CharterBidding | None
    request: BidRequest | None


def load_context(caller: Caller, charter_id: str) -> BiddingContext:
    """A charter with its open bid request. Raises NotFound. One read, two while a request is open."""
    return load_context_with(caller, charter_id, None, [])[0]


def load_context_with(
    caller: Caller, charter_id: str, bid_request_id: str | None, keys: Iterable[Key]
) -> tuple[BiddingContext, BatchResult]:
    """The same with what is at `keys`: one read if `bid_request_id` is the open request, or none is open."""
    head = CHARTER.key(org=caller.org_id, id=charter_id)
    open_request = UNDER_WAY.key(org=caller.org_id, charter=charter_id)
    expected = [BID_REQUEST.key(org=caller.org_id, id=bid_request_id)] if bid_request_id else []
    batch = store.batch_get([head, open_request, *expected, *keys])
    bidding = batch.find(CharterBidding, open_request)
    request = None
    if bidding is not None and bidding.bid_request_id is not None:
        if bidding.bid_request_id == bid_request_id:
            request = batch.find(BidRequest, expected[0])
        else:
            request = request_of(caller.org_id, bidding.bid_request_id)
    return BiddingContext(charter=batch.get(Charter, head), bidding=bidding, request=request), batch


def request_of(org_id: str, bid_request_id: str | None) -> BidRequest | None:
    """The request that a bid answers, if it answers one."""
    if bid_request_id is None:
        return None
    return store.find(BidRequest, BID_REQUEST.key(org=org_id, id=bid_request_id))


def requests_for(org_id: str, bids: Collection[Bid]) -> dict[str, BidRequest]:
    """The requests that bids answer, by bid. A draft will answer the one under way, whichever it was begun for."""
    requests = {bid.id: bid.bid_request_id for bid in bids}
    drafts = {
        bid.id: UNDER_WAY.key(org=org_id, charter=bid.charter_id) for bid in bids if bid.status is BidStatus.DRAFT
    }
    under_way = store.find_many(CharterBidding, drafts.values()) if drafts else {}
    for bid_id, place in drafts.items():
        existing = under_way.get(place)
        requests[bid_id] = (existing.bid_request_id if existing else None) or requests[bid_id]
    keys = {bid_id: BID_REQUEST.key(org=org_id, id=request_id) for bid_id, request_id in requests.items() if request_id}
    stored = store.find_many(BidRequest, keys.values()) if keys else {}
    return {bid_id: stored[key] for bid_id, key in keys.items() if key in stored}


def is_sealed(request: BidRequest | None) -> bool:
    """Whether prices and ranks of the bids that answer a request, if they do, are hidden."""
    return request is not None and request.is_sealed


def require_taking_bids(charter: Charter) -> None:
    """Raises Conflict for a charter that needs no vendor any more, or has left."""
    takes = {Status.QUOTE, Status.BOOKED} | ({Status.CONFIRMED} if charter.uncovered_vehicles else set())
    if charter.status not in takes:
        raise CharterNotOpenForBids(f"This charter is {charter.status.value}.")
    if charter.starts_at <= clock.now():
        raise CharterNotOpenForBids("Departure is in the past.")


def require_open(bidding: BiddingContext, vendor_id: str) -> None:
    """Raises Conflict when nobody, or not this vendor, may bid for the charter now."""
    require_taking_bids(bidding.charter)
    if bidding.request is None:
        return
    if bidding.request.status is not RequestStatus.OPEN:
        raise BiddingClosed(f"This bid request is {bidding.request.status.value}.")
    if bidding.request.deadline <= clock.now():
        raise BiddingClosed(f"The deadline was {bidding.request.deadline.isoformat()}.")
    if not bidding.request.matching and vendor_id not in bidding.request.vendor_ids:
        raise VendorNotInvited("Only invited vendors can bid on this request.")


def list_bids_of_charter(org_id: str, charter_id: str) -> list[Bid]:
    """All bids for a charter, oldest first."""
    partition = OF_CHARTER.partition(org=org_id, charter=charter_id)
    return query_all(Bid, partition, index=OF_CHARTER.index, most=MOST_BIDS)


def active_bids(bids: Iterable[Bid]) -> list[Bid]:
    """Those that may still win."""
    return [bid for bid in bids if bid.status.is_live]
