"""What somebody may see of a bid or a request: the one place that decides about prices and ranks."""

from __future__ import annotations

from collections.abc import Mapping

from coachway.bids.model import Bid, BidView
from coachway.bids.ranking import Ranked
from coachway.bids.request_model import BidRequest, Invitation
from coachway.bids.request_schemas import BidRequestView
from coachway.core.caller import Caller

_VENDORS_DO_NOT_SEE = frozenset(
    {"target_price", "opened_by", "closed_by", "matching", "invited_count", "escalated_at", "failure"}
)


def is_own_vendor(caller: Caller, vendor_id: str) -> bool:
    """Whether the caller is this vendor."""
    return caller.role == "vendor" and caller.party_id == vendor_id


def build_bid_view(
    caller: Caller,
    stored: Bid,
    request: BidRequest | None,
    places: Mapping[str, Ranked] | None = None,
    *,
    version: int | None = None,
) -> BidView:
    """A bid as the caller may see it. While it is sealed, only its vendor sees what it costs, and nobody a rank."""
    is_sealed = request is not None and request.is_sealed
    fields = stored.model_dump(exclude={"terms", "version"})
    if request is not None:
        fields["valid_until"] = request.holds(stored)
    if not is_sealed or is_own_vendor(caller, stored.vendor_id):
        fields |= stored.terms.model_dump()
    place = (places or {}).get(stored.id)
    if place is not None and not is_sealed:
        fields |= {
            "rank": place.rank,
            "is_lowest_bid": place.is_lowest_bid,
            "price_difference_from_lowest": place.price_difference_from_lowest,
        }
    return BidView(**fields, is_sealed=is_sealed, version=stored.version if version is None else version)


def build_request_view(
    caller: Caller, stored: BidRequest, invitation: Invitation | None = None, *, version: int | None = None
) -> BidRequestView:
    """A request as the caller may see it."""
    fields = stored.model_dump(exclude={"version", "vendor_ids", "round", "invited_at"})
    if caller.is_external:
        fields = {name: value for name, value in fields.items() if name not in _VENDORS_DO_NOT_SEE}
    if invitation is not None:
        fields |= invitation.model_dump(include={"viewed_at", "responded_at", "is_accepted", "bid_id"})
    return BidRequestView(**fields, is_sealed=stored.is_sealed, version=stored.version if version is None else version)
