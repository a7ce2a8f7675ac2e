"""HTTP routes of bids and bid requests."""

from coachway.bids import comparison, service
from coachway.bids.comparison import Comparison
from coachway.bids.errors import (
    AwardNotReleasable,
    BidNoLongerValid,
    BidNotDraft,
    BidRequestAlreadyOpen,
    BidsNotAccepted,
    BidsSealed,
    CharterNotOpenForBids,
    NoVehiclesLeft,
    TooFewVehiclesLeft,
    VendorNotEligible,
    VendorNotInvited,
)
from coachway.bids.model.bid import BidId, BidRequestId
from coachway.bids.requests import service as requests
from coachway.bids.schemas import (
    AwardInput,
    BidInput,
    BidQuery,
    BidReasonInput,
    BidRequestDetails,
    BidRequestInput,
    BidRequestQuery,
    BidRequestView,
    BidView,
    ExtendInput,
    RejectInput,
    ReleaseInput,
)
from coachway.bookings.charters.model import CharterId
from coachway.bookings.errors import VehiclesHaveDrivers
from coachway.core.caller import Caller
from coachway.core.errors import InvalidStatusTransition, NotFound
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page, PartialUpdate

api = ApiRouter("bids", "Bids of vendors for charters: bid requests, bids and awards.")
app = api.app

VENDORS = ("vendor",)


@api.post(
    "/charters/{charter_id}/bid-requests",
    permission="charters:write",
    status=202,
    errors=(
        BidRequestAlreadyOpen,
        NoVehiclesLeft,
        CharterNotOpenForBids,
    ),
)
def open_bidding(caller: Caller, charter_id: CharterId, body: BidRequestInput) -> BidRequestView:
    """Open a bid request.

    Invites the named vendors by email, or all that match. By default the request is sealed: until its deadline, or
    until a manager closes it, only the vendor sees the price of its bid, ranks are hidden, and no bid can be
    accepted.
    """
    return requests.open_request(caller, charter_id, body)


@api.get("/bid-requests", permission="bids:read", external_roles=VENDORS)
def list_bid_requests(caller: Caller, query: BidRequestQuery) -> Page[BidRequestView]:
    """List bid requests, newest first.

    Vendors see the requests that they were invited to.
    """
    return requests.list_requests(caller, query)


@api.get("/bid-requests/{bid_request_id}", permission="bids:read", external_roles=VENDORS)
def get_bid_request(caller: Caller, bid_request_id: BidRequestId) -> BidRequestDetails:
    """Get a bid request.

    Includes the invited vendors, and the reasons why others were not invited.
    """
    return requests.get_request_details(caller, bid_request_id)


@api.post("/bid-requests/{bid_request_id}/close", permission="bids:award", errors=(InvalidStatusTransition,))
def close_bidding(
    caller: Caller, bid_request_id: BidRequestId, body: BidReasonInput, if_match: int | None
) -> BidRequestView:
    """Close a bid request before its deadline.

    This unseals the bids. The response contains who closed it, when and why.
    """
    return requests.close_request(caller, bid_request_id, body.reason, if_match)


@api.post(
    "/bid-requests/{bid_request_id}/extend",
    permission="charters:write",
    errors=(
        BidRequestAlreadyOpen,
        NoVehiclesLeft,
        CharterNotOpenForBids,
        InvalidStatusTransition,
    ),
)
def extend_bidding(
    caller: Caller, bid_request_id: BidRequestId, body: ExtendInput, if_match: int | None
) -> BidRequestView:
    """Extend the deadline of a bid request.

    This reopens a request that ended without an award.
    """
    return requests.extend_deadline(caller, bid_request_id, body, if_match)


@api.post("/bid-requests/{bid_request_id}/cancel", permission="bids:award", errors=(InvalidStatusTransition,))
def cancel_bidding(
    caller: Caller, bid_request_id: BidRequestId, body: BidReasonInput, if_match: int | None
) -> BidRequestView:
    """Cancel a bid request.

    Vendors that have bid are notified.
    """
    return requests.cancel_request(caller, bid_request_id, body.reason, if_match)


@api.post(
    "/bids",
    permission="bids:write",
    status=201,
    external_roles=VENDORS,
    errors=(
        NotFound,
        VendorNotEligible,
        CharterNotOpenForBids,
        BidsNotAccepted,
        VendorNotInvited,
    ),
)
def create_bid(caller: Caller, body: BidInput) -> BidView:
    """Create a bid.

    The bid is a draft until it is submitted. If the vendor is not eligible, the error lists every reason.
    """
    return service.create_bid(caller, body)


@api.get("/bids", permission="bids:read", external_roles=VENDORS, errors=(NotFound,))
def list_bids(caller: Caller, query: BidQuery) -> Page[BidView]:
    """List bids, newest first.

    With `charter_id`, the oldest come first and have ranks. Vendors see only their own.
    """
    return service.list_bids(caller, query)


@api.get("/bids/{bid_id}", permission="bids:read", external_roles=VENDORS)
def get_bid(caller: Caller, bid_id: BidId) -> BidView:
    """Get a bid."""
    return service.get_bid_view(caller, bid_id)


@api.put("/bids/{bid_id}", permission="bids:write", external_roles=VENDORS, errors=(BidNotDraft,))
def update_bid(caller: Caller, bid_id: BidId, body: PartialUpdate[BidInput], if_match: int | None) -> BidView:
    """Update a draft bid."""
    return service.update_bid(caller, bid_id, body, if_match)


@api.post(
    "/bids/{bid_id}/submit",
    permission="bids:write",
    external_roles=VENDORS,
    errors=(
        BidsNotAccepted,
        CharterNotOpenForBids,
        VendorNotEligible,
        VendorNotInvited,
        InvalidStatusTransition,
    ),
)
def submit_bid(caller: Caller, bid_id: BidId) -> BidView:
    """Submit a bid.

    The response contains its rank, unless the bid request is sealed.
    """
    return service.submit_bid(caller, bid_id)


@api.post("/bids/{bid_id}/withdraw", permission="bids:write", external_roles=VENDORS, errors=(InvalidStatusTransition,))
def withdraw_bid(caller: Caller, bid_id: BidId) -> BidView:
    """Withdraw a bid that is not decided."""
    return service.withdraw_bid(caller, bid_id)


@api.post(
    "/bids/{bid_id}/accept",
    permission="bids:award",
    errors=(
        BidsSealed,
        BidNoLongerValid,
        CharterNotOpenForBids,
        NoVehiclesLeft,
        TooFewVehiclesLeft,
        VendorNotEligible,
        InvalidStatusTransition,
    ),
)
def accept_bid(caller: Caller, bid_id: BidId, body: AwardInput) -> BidView:
    """Award a bid.

    The vendor gets as many of the charter's vehicles as the bid is for. Once every vehicle is awarded, the charter is
    confirmed and the other bids are rejected, each with a reason.
    """
    from coachway.bids.awards import acceptance  # imported here because the other routes do not need it

    return acceptance.accept_bid(caller, bid_id, body)


@api.post(
    "/bids/{bid_id}/reject",
    permission="bids:award",
    errors=(
        BidsSealed,
        InvalidStatusTransition,
    ),
)
def reject_bid(caller: Caller, bid_id: BidId, body: RejectInput) -> BidView:
    """Reject a bid.

    The reason is internal. The vendor receives only `message_to_vendor`.
    """
    from coachway.bids.awards import rejection  # imported here because the other routes do not need it

    return rejection.reject_bid(caller, bid_id, body)


@api.post("/bids/{bid_id}/release", permission="bids:award", errors=(AwardNotReleasable, VehiclesHaveDrivers))
def release_bid(caller: Caller, bid_id: BidId, body: ReleaseInput) -> BidView:
    """Release an awarded bid.

    Use this when, for example, the vendor can no longer run the trip. Its vehicles can be awarded again. If they have
    drivers, release their assignments first. The vendor is notified and is not paid.
    """
    from coachway.bids.awards import release  # imported here because the other routes do not need it

    return release.release_award(caller, bid_id, body)


@api.get("/charters/{charter_id}/bids/comparison", permission="bids:read")
def compare_bids(caller: Caller, charter_id: CharterId) -> Comparison:
    """Compare the bids for a charter, best first."""
    return comparison.compare_bids(caller, charter_id)
