"""What callers can see of bids and bid requests. No other module adds prices or ranks to responses."""

from collections.abc import Mapping
from typing import Final

from coachway.bids.evaluation.ranking import RankedBid
from coachway.bids.model.bid import Bid
from coachway.bids.model.bid_request import BidInvitation, BidRequest
from coachway.bids.schemas import BidRequestView, BidView
from coachway.core.caller import Caller

_HIDDEN_FROM_VENDORS: Final = frozenset(
    {"status_reason", "target_price", "opened_by", "closed_by", "matching", "invited_count", "escalated_at", "failure"}
)


def build_bid_view(
    caller: Caller,
    bid: Bid,
    request: BidRequest | None,
    ranks: Mapping[str, RankedBid] | None = None,
) -> BidView:
    """A bid as the caller can see it. While it is sealed, only its vendor sees the price, and nobody sees a rank.

    A vendor sees the rank, and nothing from which it could calculate the price of another one. `ranks` are by id of
    the bid.
    """
    is_sealed = request is not None and request.is_sealed
    fields = bid.model_dump(exclude=set(Bid.HIDDEN_FIELDS))
    if caller.is_external:
        fields |= {"decided_by": None, "decision_reason": "", "award_release_reason": ""}
    if request is not None:
        fields["valid_until"] = request.bid_valid_until(bid)
    if not is_sealed or caller.is_vendor(bid.vendor_id):
        fields |= bid.terms.model_dump()
    ranked = (ranks or {}).get(bid.id)
    if ranked is not None and not is_sealed:
        fields["rank"] = ranked.rank
        if not caller.is_external:
            fields["is_lowest_bid"] = ranked.is_lowest_bid
            fields["price_difference_from_lowest"] = ranked.price_difference_from_lowest
    return BidView(**fields, is_sealed=is_sealed)


def build_request_view(caller: Caller, request: BidRequest, invitation: BidInvitation | None = None) -> BidRequestView:
    """A bid request as the caller can see it, with the state of the vendor's `invitation`."""
    fields = request.model_dump(exclude={"vendor_ids", "round", "invited_at"})
    if caller.is_external:
        fields = {name: value for name, value in fields.items() if name not in _HIDDEN_FROM_VENDORS}
    if invitation is not None:
        fields |= invitation.model_dump(include={"viewed_at", "responded_at", "is_accepted", "bid_id"})
    return BidRequestView(**fields, is_sealed=request.is_sealed)
