"""The webhook for bids from vendors' systems, signed as Standard Webhooks (standardwebhooks.com) describes."""

from dataclasses import replace
from typing import Annotated, Final, Literal

from aws_lambda_powertools.metrics import MetricUnit, single_metric
from pydantic import AwareDatetime, ConfigDict, Field
from standardwebhooks import Webhook, WebhookVerificationError

from coachway.bids import service
from coachway.bids.errors import WebhookIdReused
from coachway.bids.model.bid import Bid
from coachway.bids.rules import BidStatus
from coachway.bids.schemas import BID_EXAMPLE, BidInput
from coachway.core import errors, store
from coachway.core.auth import attempt_counters
from coachway.core.auth.attempt_counters import RateLimit
from coachway.core.caller import Caller
from coachway.core.http.response_types import RawRequest
from coachway.core.persistence.responses.idempotency import IdempotencyRecord, IdempotentRequest, ReplayedRequest
from coachway.core.runtime import clock
from coachway.core.runtime.logging import logger
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.datetimes import Timestamp
from coachway.vendors import webhook_secrets
from coachway.vendors.model import VendorId

MAX_BYTES: Final = 64_000
"""Size of a body."""
PUSHES_PER_MINUTE: Final = 60
"""From one vendor."""
BAD_SIGNATURES_PER_MINUTE: Final = 30
"""From one IP address."""
_RETENTION_SECONDS: Final = 40 * 24 * 3600
"""How long a webhook-id is stored. Systems retry for days, and bids can be valid for weeks."""
_ROUTE: Final = "POST /webhooks/vendors/bids"


class PushedBidInput(BidInput):
    """The bid in a push."""

    vendor_id: VendorId


class BidPush(RequestSchema):
    """The body of a push. Its headers are webhook-id, webhook-timestamp and webhook-signature."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"type": "bid.submitted", "timestamp": "2027-01-15T09:30:00Z", "data": BID_EXAMPLE}]
        }
    )

    type: Literal["bid.submitted"]
    timestamp: Annotated[
        Timestamp | None, Field(description="When the bid was made in the vendor's system, not when it was sent.")
    ] = None
    data: PushedBidInput


class PushedBid(BaseSchema):
    """The bid that a push created."""

    bid_id: str
    charter_id: str
    status: BidStatus
    submitted_at: AwareDatetime
    valid_until: AwareDatetime


def receive_bid(caller: Caller, body: BidPush, posted: RawRequest) -> PushedBid:
    """Create and submit a bid from a vendor's system. A repeated webhook-id returns the first result.

    Raises TooLarge, Unauthenticated for an invalid signature or an old timestamp, RateLimited, WebhookIdReused, and
    the same errors as `service.create_submitted_bid`.
    """
    if len(posted.body) > MAX_BYTES:
        raise errors.TooLarge(f"The body of a push can have at most {MAX_BYTES:,} bytes.")
    vendor_id = body.data.vendor_id
    keys = webhook_secrets.find_keys(vendor_id)
    secrets = webhook_secrets.list_valid_secrets(keys, clock.now()) if keys else []
    if keys is None or not any(_is_signed(secret, posted) for secret in secrets):
        _record_bad_signature(caller, vendor_id if keys else "unknown")
        raise errors.Unauthenticated("Sign the body with the vendor's secret, and send it within five minutes.")
    attempt_counters.count_attempt("vendor-webhook", vendor_id, RateLimit(PUSHES_PER_MINUTE, 60))
    return _receive_once(_vendor_caller(caller, keys), body, posted)


def _is_signed(secret: str, posted: RawRequest) -> bool:
    try:
        Webhook(secret).verify(posted.body, {**posted.headers}, json_parse=False)
    except (WebhookVerificationError, ValueError):  # ValueError: a signature that is not Base64
        return False
    return True


def _record_bad_signature(caller: Caller, vendor_id: str) -> None:
    """Count and log an invalid signature, without the content of the request. Raises RateLimited."""
    logger.warning("invalid webhook signature", vendor_id=vendor_id, ip=caller.ip)
    with single_metric(name="BadWebhookSignatures", unit=MetricUnit.Count, value=1, namespace="CoachWay"):
        pass
    attempt_counters.count_attempt("bad-webhook-signature", caller.ip, RateLimit(BAD_SIGNATURES_PER_MINUTE, 60))


def _vendor_caller(caller: Caller, keys: webhook_secrets.WebhookKeys) -> Caller:
    return Caller(
        org_id=keys.org_id,
        user_id="vendor-webhook",
        role="vendor",
        party_id=keys.vendor_id,
        correlation_id=caller.correlation_id,
        ip=caller.ip,
        user_agent=caller.user_agent,
    )


def _receive_once(vendor: Caller, body: BidPush, posted: RawRequest) -> PushedBid:
    idempotency = IdempotentRequest(
        f"webhook:{vendor.party_id}",
        vendor.org_id,
        _ROUTE,
        posted.headers["webhook-id"],
        posted.body,
        201,
        retention_seconds=_RETENTION_SECONDS,
    )
    first = store.find(IdempotencyRecord, idempotency.location())
    if first is None:
        try:
            return _create_bid(vendor, body, idempotency)
        except ReplayedRequest as replayed:
            first = replayed.first
        except errors.Conflict:
            # Perhaps the conflict is with the same push, delivered twice at the same time.
            first = store.find(IdempotencyRecord, idempotency.location())
            if first is None:
                raise
    text = idempotency.read_response(first)
    if text is None:
        raise WebhookIdReused("This webhook-id was sent before with another body.")
    return PushedBid.model_validate_json(text)


def _build_result(bid: Bid) -> PushedBid:
    if bid.submitted_at is None or bid.valid_until is None:
        raise ValueError("The bid was not submitted.")
    return PushedBid(
        bid_id=bid.id,
        charter_id=bid.charter_id,
        status=bid.status,
        submitted_at=bid.submitted_at,
        valid_until=bid.valid_until,
    )


def _create_bid(vendor: Caller, body: BidPush, idempotency: IdempotentRequest) -> PushedBid:
    caller = replace(vendor, idempotency=idempotency)
    return _build_result(service.create_submitted_bid(caller, body.data, build_response=_build_result))
