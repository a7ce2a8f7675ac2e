"""The webhook for bids from vendors' systems."""

from coachway.bids.errors import (
    BidsNotAccepted,
    CharterNotOpenForBids,
    VendorNotEligible,
    VendorNotInvited,
    WebhookIdReused,
)
from coachway.bids.vendor_access import webhook
from coachway.bids.vendor_access.webhook import BidPush, PushedBid
from coachway.core.caller import Caller
from coachway.core.errors import NotFound, RateLimited, Unauthenticated
from coachway.core.http.response_types import RawRequest
from coachway.core.http.routing import PUBLIC, ApiRouter

api = ApiRouter("bids", "Bids of vendors for charters: bid requests, bids and awards.", health=False)
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
        BidsNotAccepted,
        VendorNotInvited,
    ),
)
def push_bid(caller: Caller, body: BidPush, raw_request: RawRequest) -> PushedBid:
    """Push a bid from a vendor's system.

    Sign the request as Standard Webhooks describes, with the headers webhook-id, webhook-timestamp (at most five
    minutes off) and webhook-signature. A repeated webhook-id returns the first result and changes nothing. The body can
    have at most 64,000 bytes.
    """
    return webhook.receive_bid(caller, body, raw_request)
