"""The bids for a charter side by side."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pydantic import Field

from coachway.bids import context, service, vendor_candidates, visibility
from coachway.bids.model import Bid, BidView
from coachway.bids.ranking import Ranked
from coachway.bids.request_model import BidRequest
from coachway.bids.vendor_candidates import Candidate
from coachway.core.caller import Caller
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import NonNegativeApiAmount, round_half_up


class ComparedBid(BidView):
    """A bid beside the others: whether it may win, and if not, why."""

    eligible: bool
    reasons: list[str] = Field(default_factory=list)
    vendor_rating: float | None = None


class Comparison(BaseSchema):
    """All bids for a charter, best first; prices and ranks only once they are not sealed."""

    charter_id: str
    bid_request_id: str | None
    is_sealed: bool
    target_price: NonNegativeApiAmount | None
    currency: str
    vehicle_count: int
    vehicles_awarded: int
    total_bids: int
    lowest_price: NonNegativeApiAmount | None = None
    highest_price: NonNegativeApiAmount | None = None
    average_price: NonNegativeApiAmount | None = None
    bids: list[ComparedBid]


def compare_bids(caller: Caller, charter_id: str) -> Comparison:
    """All bids for a charter that were submitted, the best first, each with what keeps it from winning."""
    bidding = context.load_context(caller, charter_id)
    bids = [bid for bid in context.list_bids_of_charter(caller.org_id, charter_id) if bid.submitted_at is not None]
    candidates = vendor_candidates.load_candidates(caller.org_id, [bid.vendor_id for bid in bids])
    bid_requests, is_sealed = context.requests_for(caller.org_id, bids), context.is_sealed(bidding.request)
    seen = [] if is_sealed else service.visible_bids(bids, bid_requests)
    places = service.ranks_of(seen, candidates)
    compared = [
        _compare_bid(caller, bid, bidding, bid_requests.get(bid.id), candidates.get(bid.vendor_id), places)
        for bid in bids
    ]
    compared.sort(key=lambda each: (each.rank is None, each.rank or 0, each.submitted_at, each.id))
    prices = [bid.terms.quoted_price for bid in seen]
    return Comparison(
        charter_id=charter_id,
        bid_request_id=bidding.request.id if bidding.request else None,
        is_sealed=is_sealed,
        target_price=bidding.request.target_price if bidding.request else None,
        currency=bidding.charter.quote.currency,
        vehicle_count=bidding.charter.vehicle_count,
        vehicles_awarded=sum(cover.bid_id is not None for cover in bidding.charter.vehicles),
        total_bids=len(bids),
        lowest_price=min(prices, default=None),
        highest_price=max(prices, default=None),
        average_price=round_half_up(Decimal(sum(prices)) / len(prices)) if prices else None,
        bids=compared,
    )


def _compare_bid(
    caller: Caller,
    bid: Bid,
    bidding: context.BiddingContext,
    bid_request: BidRequest | None,
    candidate: Candidate | None,
    places: Mapping[str, Ranked],
) -> ComparedBid:
    view = visibility.build_bid_view(caller, bid, bid_request, places)
    against = vendor_candidates.ineligibility_reasons(bid, bidding.charter, bidding.request, candidate)
    return ComparedBid(
        **view.model_dump(),
        eligible=not against,
        reasons=against,
        vendor_rating=candidate.figures.rating if candidate else None,
    )
