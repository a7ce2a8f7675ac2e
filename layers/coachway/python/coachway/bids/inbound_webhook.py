"""Bids that vendors' systems push, signed by Standard Webhooks (standardwebhooks.com)."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from aws_lambda_powertools.metrics import MetricUnit, single_metric
from pydantic import AwareDatetime, ConfigDict, Field
from standardwebhooks import Webhook, WebhookVerificationError

from coachway.bids import service
from coachway.bids.errors import WebhookIdReused
from coachway.bids.model import BID_EXAMPLE, Bid, BidInput
from coachway.bids.rules import BidStatus
from coachway.core import errors, store
from coachway.core.auth import rate_limit
from coachway.core.caller import Caller
from coachway.core.http.response_types import RawRequest
from coachway.core.persistence.idempotency import IdempotencyRecord, IdempotentRequest, ReplayedRequest
from coachway.core.runtime import clock
from coachway.core.runtime.logging import logger
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.datetimes import Timestamp
from coachway.vendors import webhook_secrets
from coachway.vendors.model import VendorId

LARGEST: Final = 64_000
"""Bytes of a push."""
PUSHES_PER_MINUTE: Final = 60
"""By one vendor."""
BAD_SIGNATURES_PER_MINUTE: Final = 30
"""From one address."""
_KNOWN_SECONDS: Final = 40 * 24 * 3600
"""How long a webhook-id is known: a system that could not reach us sends again for days, and bids hold for weeks."""
_ROUTE: Final = "POST /webhooks/vendors/bids"


class PushedBidInput(BidInput):
    """A bid as a vendor's system sends it."""

    vendor_id: VendorId


class BidPush(RequestSchema):
    """What a vendor's system posts, with the headers webhook-id, webhook-timestamp and webhook-signature."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"type": "bid.submitted", "timestamp": "2027-01-15T09:30:00Z", "data": BID_EXAMPLE}]
        }
    )

    type: Literal["bid.submitted"]
    timestamp: Annotated[Timestamp | None, Field(description="when it happened there; not when it was sent")] = None
    data: PushedBidInput


class PushedBid(BaseSchema):
    """What became of a pushed bid."""

    bid_id: str
    charter_id: str
    status: BidStatus
    submitted_at: AwareDatetime
    valid_until: AwareDatetime


def receive_bid(caller: Caller, body: BidPush, posted: RawRequest) -> PushedBid:
    """Take a pushed bid; the same webhook-id gets the first result and changes nothing.

    Raises TooLarge, Unauthenticated for a bad signature or an old timestamp, RateLimited, and as a bid does.
    """
    if len(posted.body) > LARGEST:
        raise errors.TooLarge(f"a push may have at most {LARGEST:,} bytes")
    vendor_id = body.data.vendor_id
    keys = webhook_secrets.find_keys(vendor_id)
    secrets = webhook_secrets.list_valid_secrets(keys, clock.now()) if keys else []
    if keys is None or not any(_is_signed(secret, posted) for secret in secrets):
        _record_bad_signature(caller, vendor_id if keys else "unknown")
        raise errors.Unauthenticated("sign the body with the vendor's secret, and send it within five minutes")
    rate_limit.consume_rate_limit("vendor-webhook", vendor_id, most=PUSHES_PER_MINUTE, seconds=60)
    return _receive_once(_vendor_caller(caller, keys), body, posted)


def _is_signed(secret: str, posted: RawRequest) -> bool:
    try:
        Webhook(secret).verify(posted.body, {**posted.headers}, json_parse=False)
    except (WebhookVerificationError, ValueError):  # ValueError: a signature that is none
        return False
    return True


def _record_bad_signature(caller: Caller, vendor_id: str) -> None:
    """Count a bad signature, and log it without anything that was sent."""
    logger.warning("a webhook's signature is not good", vendor_id=vendor_id, ip=caller.ip)
    with single_metric(name="BadWebhookSignatures", unit=MetricUnit.Count, value=1, namespace="CoachWay"):
        pass
    rate_limit.consume_rate_limit("bad-webhook-signature", caller.ip, most=BAD_SIGNATURES_PER_MINUTE, seconds=60)


def _vendor_caller(caller: Caller, keys: webhook_secrets.WebhookKeys) -> Caller:
    existing: dict[str, Any] = {
        "correlation_id": caller.correlation_id,
        "ip": caller.ip,
        "user_agent": caller.user_agent,
    }
    return Caller(org_id=keys.org_id, user_id="vendor-webhook", role="vendor", party_id=keys.vendor_id, **existing)


def _receive_once(vendor: Caller, body: BidPush, posted: RawRequest) -> PushedBid:
    idempotency = IdempotentRequest(
        f"webhook:{vendor.party_id}",
        vendor.org_id,
        _ROUTE,
        posted.headers["webhook-id"],
        posted.body,
        201,
        retention_seconds=_KNOWN_SECONDS,
    )
    first = store.find(IdempotencyRecord, idempotency.location())
    if first is None:
        try:
            return _place_bid(vendor, body, idempotency)
        except ReplayedRequest as known:
            first = known.first
        except errors.Conflict:
            # The same push, delivered twice at once, may have been the one that was faster.
            first = store.find(IdempotencyRecord, idempotency.location())
            if first is None:
                raise
    text = idempotency.read_answer(first)
    if text is None:
        raise WebhookIdReused("This webhook-id was sent before with another body.")
    return PushedBid.model_validate_json(text)


def _build_result(bid: Bid) -> PushedBid:
    if bid.submitted_at is None or bid.valid_until is None:
        raise ValueError("a pushed bid is submitted")
    return PushedBid(
        bid_id=bid.id,
        charter_id=bid.charter_id,
        status=bid.status,
        submitted_at=bid.submitted_at,
        valid_until=bid.valid_until,
    )


def _place_bid(vendor: Caller, body: BidPush, idempotency: IdempotentRequest) -> PushedBid:
    bid, _ = service.create_and_submit(replace(vendor, idempotency=idempotency), body.data, told=_build_result)
    return _build_result(bid)
