"""Route of Stripe's webhook."""

from coachway.billing.stripe_sync import webhook_handler
from coachway.billing.stripe_sync.webhook_handler import WebhookResult
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.http.response_types import RawRequest
from coachway.core.http.routing import PUBLIC, ApiRouter

api = ApiRouter("billing", "Invoices, payments, refunds, payables, and the ledger.", health=False)
app = api.app


@api.post(
    "/webhooks/stripe",
    permission=PUBLIC,
    errors=(errors.Unauthenticated, errors.RateLimited, errors.UpstreamUnavailable),
)
def receive_stripe_event(caller: Caller, raw_request: RawRequest) -> WebhookResult:
    """Receive a Stripe event.

    Stripe signs the request in the header `Stripe-Signature`. Each event takes effect once, in any order. Events that
    are not about payments of CoachWay are ignored.
    """
    return webhook_handler.receive_webhook(caller, raw_request)
