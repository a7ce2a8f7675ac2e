"""The webhook for bids from vendors' systems."""

from __future__ import annotations

from coachway.bids import inbound_webhook as service
from coachway.bids.errors import (
    BiddingClosed,
    CharterNotOpenForBids,
    VendorNotEligible,
    VendorNotInvited,
    WebhookIdReused,
)
from coachway.bids.inbound_webhook import BidPush, PushedBid
from coachway.core.caller import Caller
from coachway.core.errors import NotFound, RateLimited, Unauthenticated
from coachway.core.http.response_types import RawRequest
from coachway.core.http.routing import PUBLIC, ApiRouter

api = ApiRouter("bids", "Vendors bid for trips: requests, bids, and the award.", health=False)
app = api.app


@api.post(
    "/webhooks/vendors/bids",
    permission=PUBLIC,
    status=201,
    errors=(
        Unauthenticated,
        NotFound,
        RateLimited,
        WebhookIdReused,
        VendorNotEligible,
        CharterNotOpenForBids,
        BiddingClosed,
        VendorNotInvited,
    ),
)
def push_bid(caller: Caller, body: BidPush, raw_request: RawRequest) -> PushedBid:
    """Push a bid from a vendor's system.

    Signed as Standard Webhooks describes, with the headers webhook-id, webhook-timestamp (at most five minutes off)
    and webhook-signature. A repeated webhook-id returns the first result and changes nothing. At most 64,000 bytes.
    """
    return service.receive_bid(caller, body, raw_request)
