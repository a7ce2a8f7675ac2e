"""Stripe events, from the signed webhook or the list of events. Use them only to find the object to read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final

from coachway.billing.stripe.client import (
    PAGE_SIZE,
    call_stripe,
    get_client,
    load_credentials,
    object_id,
    object_metadata,
)
from coachway.core import errors

SUCCEEDED: Final = "payment_intent.succeeded"
FAILED: Final = "payment_intent.payment_failed"
CHARGE_EVENTS: Final = frozenset({SUCCEEDED, FAILED, "payment_intent.canceled"})
REFUND_EVENTS: Final = frozenset({"refund.failed", "refund.updated", "charge.refund.updated"})
DISPUTE_EVENTS: Final = frozenset(
    {
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
    }
)
RECONCILED_EVENTS: Final = (SUCCEEDED, *sorted(REFUND_EVENTS | DISPUTE_EVENTS))
"""Event types that the daily reconciliation reads, in case a webhook request was lost."""


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """A Stripe event. `object_id` is the id of the object that it is about."""

    id: str
    type: str
    object_id: str
    metadata: dict[str, str]
    payment_intent_id: str = ""
    """The payment intent of a refund or dispute."""


def verify_webhook(body: bytes, signature: str) -> StripeEvent:
    """Parse the event of a webhook request. Raises Unauthenticated unless Stripe signed it within five minutes."""
    import stripe

    error = errors.Unauthenticated("The request must be signed by Stripe within the last five minutes.")
    try:
        event = stripe.Webhook.construct_event(body, signature, load_credentials()["webhook_secret"])
    except (stripe.SignatureVerificationError, ValueError, IndexError):  # ValueError and IndexError: malformed header
        raise error from None
    return _parse_event(event)


def list_events_since(since: datetime) -> Iterator[StripeEvent]:
    """Iterate over the events to reconcile since a time, in no particular order. Raises UpstreamUnavailable."""
    return chain.from_iterable(_list_events(event_type, since) for event_type in RECONCILED_EVENTS)


def _list_events(event_type: str, since: datetime) -> Iterator[StripeEvent]:
    params: Any = {"type": event_type, "created": {"gte": int(since.timestamp())}, "limit": PAGE_SIZE}
    page = call_stripe(lambda: get_client().v1.events.list(params))
    yield from map(_parse_event, call_stripe(lambda: list(page.auto_paging_iter())))


def _parse_event(event: Any) -> StripeEvent:
    subject = getattr(getattr(event, "data", None), "object", None)
    return StripeEvent(
        id=str(event.id),
        type=str(event.type),
        object_id=str(getattr(subject, "id", None) or ""),
        metadata=object_metadata(subject),
        payment_intent_id=object_id(getattr(subject, "payment_intent", None)) or "",
    )
