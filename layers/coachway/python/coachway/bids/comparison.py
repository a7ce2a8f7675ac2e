"""Comparison of the bids for a charter."""

from collections.abc import Mapping
from decimal import Decimal

from pydantic import Field

from coachway.bids import bidding_context, service, visibility
from coachway.bids.bidding_context import BiddingContext
from coachway.bids.evaluation import vendor_candidates
from coachway.bids.evaluation.ranking import RankedBid
from coachway.bids.evaluation.vendor_candidates import CandidateVendor
from coachway.bids.model.bid import Bid
from coachway.bids.model.bid_request import BidRequest
from coachway.bids.schemas import BidView
from coachway.core.caller import Caller
from coachway.core.schemas import BaseSchema
from coachway.core.trip_vehicles import VehicleGroup
from coachway.core.types.money import NonNegativeApiAmount, round_half_up


class ComparedBid(BidView):
    """A bid, whether it can be awarded, and the reasons if it cannot."""

    eligible: bool
    reasons: list[str] = Field(default_factory=list)
    vendor_rating: float | None = None


class Comparison(BaseSchema):
    """All submitted bids for a charter, best first. Sealed bids have no price or rank."""

    charter_id: str
    bid_request_id: str | None
    is_sealed: bool
    target_price: NonNegativeApiAmount | None
    currency: str
    vehicle_count: int
    vehicle_groups: list[VehicleGroup]
    vehicles_awarded: int
    total_bids: int
    lowest_price: NonNegativeApiAmount | None = None
    highest_price: NonNegativeApiAmount | None = None
    average_price: NonNegativeApiAmount | None = None
    bids: list[ComparedBid]


def compare_bids(caller: Caller, charter_id: str) -> Comparison:
    """Compare the submitted bids for a charter, best first, each with the reasons why it cannot be awarded."""
    bidding = bidding_context.load_bidding_context(caller, charter_id)
    bids = [
        bid for bid in bidding_context.list_bids_of_charter(caller.org_id, charter_id) if bid.submitted_at is not None
    ]
    candidates = vendor_candidates.load_candidates(caller.org_id, [bid.vendor_id for bid in bids])
    bid_requests, is_sealed = (
        bidding_context.find_requests(caller.org_id, bids),
        bidding_context.is_sealed(bidding.request),
    )
    visible = [] if is_sealed else service.filter_ranked(bids, bid_requests)
    ranks = service.rank_bids(visible, candidates)
    compared = [
        _compare_bid(caller, bid, bidding, bid_requests.get(bid.id), candidates.get(bid.vendor_id), ranks)
        for bid in bids
    ]
    compared.sort(key=lambda each: (each.rank is None, each.vehicle_type, each.rank or 0, each.submitted_at, each.id))
    prices = [bid.terms.quoted_price for bid in visible]
    return Comparison(
        charter_id=charter_id,
        bid_request_id=bidding.request.id if bidding.request else None,
        is_sealed=is_sealed,
        target_price=bidding.request.target_price if bidding.request else None,
        currency=bidding.charter.quote.currency,
        vehicle_count=bidding.charter.vehicle_count,
        vehicle_groups=bidding.charter.vehicle_groups,
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
    bidding: BiddingContext,
    bid_request: BidRequest | None,
    candidate: CandidateVendor | None,
    ranks: Mapping[str, RankedBid],
) -> ComparedBid:
    view = visibility.build_bid_view(caller, bid, bid_request, ranks)
    reasons = vendor_candidates.bid_ineligibility_reasons(bid, bidding.charter, bidding.request, candidate)
    return ComparedBid(
        **view.model_dump(),
        eligible=not reasons,
        reasons=reasons,
        vendor_rating=candidate.figures.rating if candidate else None,
    )
