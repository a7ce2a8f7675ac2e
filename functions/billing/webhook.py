"""Where Stripe tells of what happened there."""

from __future__ import annotations

from coachway.billing import stripe_notices
from coachway.billing.stripe_notices import Received
from coachway.core.answers import Posted
from coachway.core.caller import Caller
from coachway.core.http import ANYONE, Api

api = Api("billing", "Invoices, payments, refunds, payables, and the ledger.", health=False)
app = api.app


@api.post("/webhooks/stripe", needs=ANYONE, errors=(401, 429, 502))
def receive_stripe_event(caller: Caller, posted: Posted) -> Received:
    """Take an event of Stripe's, signed in the header Stripe-Signature.

    Each event has its effect once, in any order; those that are not about a payment of ours change nothing.
    """
    return stripe_notices.receive(caller, posted)
