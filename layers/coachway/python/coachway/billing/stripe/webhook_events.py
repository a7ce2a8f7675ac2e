"""What Stripe tells by itself: signed by a webhook, or in the list of its events. They only say where to look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final

from coachway.billing.stripe.client import PAGE, account, call, client, id_of, metadata_of
from coachway.core import errors

SUCCEEDED: Final = "payment_intent.succeeded"
FAILED: Final = "payment_intent.payment_failed"
OF_CHARGES: Final = frozenset({SUCCEEDED, FAILED, "payment_intent.canceled"})
OF_REFUNDS: Final = frozenset({"refund.failed", "refund.updated", "charge.refund.updated"})
OF_DISPUTES: Final = frozenset(
    {
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
    }
)
COMPARED: Final = (SUCCEEDED, *sorted(OF_REFUNDS | OF_DISPUTES))
"""What is looked through once a day, in case nobody told."""


@dataclass(frozen=True, slots=True)
class Notice:
    """An event that Stripe tells of. `object_id` is what it is about."""

    id: str
    type: str
    object_id: str
    metadata: dict[str, str]
    payment_intent_id: str = ""
    """The charge that a refund or a dispute is about."""


def verify_webhook(body: bytes, signature: str) -> Notice:
    """The event that a webhook brings. Raises Unauthenticated unless Stripe signed it, within five minutes."""
    import stripe

    refused = errors.Unauthenticated("this must be signed by Stripe, within five minutes")
    try:
        event = stripe.Webhook.construct_event(body, signature, account()["webhook_secret"])
    except (stripe.SignatureVerificationError, ValueError, IndexError):  # the latter two: a header that is none
        raise refused from None
    return _notice(event)


def list_events_since(since: datetime) -> Iterator[Notice]:
    """Every event since a moment that is compared, in no order. Raises Upstream."""
    return chain.from_iterable(_told(kind, since) for kind in COMPARED)


def _told(kind: str, since: datetime) -> Iterator[Notice]:
    wanted: Any = {"type": kind, "created": {"gte": int(since.timestamp())}, "limit": PAGE}
    listed = call(lambda: client().v1.events.list(wanted))
    yield from map(_notice, call(lambda: list(listed.auto_paging_iter())))


def _notice(event: Any) -> Notice:
    about = getattr(getattr(event, "data", None), "object", None)
    return Notice(
        id=str(event.id),
        type=str(event.type),
        object_id=str(getattr(about, "id", None) or ""),
        metadata=metadata_of(about),
        payment_intent_id=id_of(getattr(about, "payment_intent", None)) or "",
    )
