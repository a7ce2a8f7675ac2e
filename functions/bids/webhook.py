"""Where vendors' systems push bids."""

from __future__ import annotations

from coachway.bids import webhook as service
from coachway.bids.webhook import BidPush, PushedBid
from coachway.core.answers import Posted
from coachway.core.caller import Caller
from coachway.core.http import ANYONE, Api

api = Api("bids", "Vendors bid for trips: requests, bids, and the award.", health=False)
app = api.app


@api.post("/webhooks/vendors/bids", needs=ANYONE, status=201, errors=(401, 404, 429))
def push_bid(caller: Caller, body: BidPush, posted: Posted) -> PushedBid:
    """Push a bid from a vendor's own system.

    Signed by Standard Webhooks: the headers webhook-id, webhook-timestamp (at most five minutes off) and
    webhook-signature. The same webhook-id gets the first result again and changes nothing. At most 64,000 bytes.
    """
    return service.push(caller, body, posted)
