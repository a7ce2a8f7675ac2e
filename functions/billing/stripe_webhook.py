"""Where Stripe tells of what happened there."""

from __future__ import annotations

from coachway.billing.stripe_sync import webhook_handler
from coachway.billing.stripe_sync.webhook_handler import Received
from coachway.core.caller import Caller
from coachway.core.http.response_types import RawRequest
from coachway.core.http.routing import PUBLIC, ApiRouter

api = ApiRouter("billing", "Invoices, payments, refunds, payables, and the ledger.", health=False)
app = api.app


@api.post("/webhooks/stripe", permission=PUBLIC, errors=(401, 429, 502))
def receive_stripe_event(caller: Caller, raw_request: RawRequest) -> Received:
    """Take an event of Stripe's, signed in the header Stripe-Signature.

    Each event has its effect once, in any order; those that are not about a payment of ours change nothing.
    """
    return webhook_handler.receive(caller, raw_request)
