"""Events of Stripe, from the signed webhook or the list of events. They only name the object to read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final

from coachway.billing.stripe.client import PAGE, call, client, credentials, object_id, object_metadata
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
"""Event types that the daily reconciliation reads, in case a webhook was lost."""


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """An event of Stripe. `object_id` is the id of its subject."""

    id: str
    type: str
    object_id: str
    metadata: dict[str, str]
    payment_intent_id: str = ""
    """The charge of a refund or dispute."""


def verify_webhook(body: bytes, signature: str) -> StripeEvent:
    """Parse the event of a webhook request. Raises Unauthenticated unless Stripe signed it within five minutes."""
    import stripe

    error = errors.Unauthenticated("The request must be signed by Stripe within the last five minutes.")
    try:
        event = stripe.Webhook.construct_event(body, signature, credentials()["webhook_secret"])
    except (stripe.SignatureVerificationError, ValueError, IndexError):  # the latter two: malformed header
        raise error from None
    return _stripe_event(event)


def list_events_since(since: datetime) -> Iterator[StripeEvent]:
    """Iterate over the events to reconcile since a given time, in no order. Raises UpstreamUnavailable."""
    return chain.from_iterable(_list_events(kind, since) for kind in RECONCILED_EVENTS)


def _list_events(event_type: str, since: datetime) -> Iterator[StripeEvent]:
    params: Any = {"type": event_type, "created": {"gte": int(since.timestamp())}, "limit": PAGE}
    page = call(lambda: client().v1.events.list(params))
    yield from map(_stripe_event, call(lambda: list(page.auto_paging_iter())))


def _stripe_event(event: Any) -> StripeEvent:
    subject = getattr(getattr(event, "data", None), "object", None)
    return StripeEvent(
        id=str(event.id),
        type=str(event.type),
        object_id=str(getattr(subject, "id", None) or ""),
        metadata=object_metadata(subject),
        payment_intent_id=object_id(getattr(subject, "payment_intent", None)) or "",
    )
