"""What Stripe tells us by itself: each event has its effect once, in whatever order and however often they come.

An event only says where to look: what counts is what Stripe says of the thing then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from aws_lambda_powertools.metrics import MetricUnit, single_metric
from pydantic import Field

from coachway.billing.payments import settlement
from coachway.billing.refunds import failed_refunds
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe import refunds_and_disputes, webhook_events
from coachway.billing.stripe.webhook_events import Notice
from coachway.billing.stripe_sync import disputes, restore_payment
from coachway.core import errors
from coachway.core.auth import rate_limit
from coachway.core.caller import Caller
from coachway.core.http.response_types import RawRequest
from coachway.core.persistence.operations import AlreadyConsumed, MarkConsumed
from coachway.core.runtime.logging import logger
from coachway.core.schemas import BaseSchema
from coachway.core.types import ids

CONSUMER: Final = "stripe-webhook"
BAD_SIGNATURES_PER_MINUTE: Final = 30
"""From one address."""
TAKEN: Final = "taken"
REPEATED: Final = "repeated"
IGNORED: Final = "ignored"


class Received(BaseSchema):
    """What became of an event: `taken`, `repeated`, or `ignored` when it is none of ours."""

    received: Annotated[str, Field(examples=[TAKEN])]


def receive(caller: Caller, posted: RawRequest) -> Received:
    """Take an event. Raises Unauthenticated for a bad signature, Upstream when Stripe is to send it again."""
    try:
        notice = webhook_events.verify_webhook(posted.body, posted.headers.get("stripe-signature", ""))
    except errors.Unauthenticated:
        _refuse(caller)
        raise
    return Received(received=handle_event(notice, caller.correlation_id))


def handle_event(notice: Notice, correlation_id: str = "") -> str:
    """Have the effect of an event, and say whether it had one. Raises Upstream when it is not known yet."""
    effect = next((each for types, each in _EFFECTS.items() if notice.type in types), None)
    if effect is None:
        return IGNORED
    try:
        done = effect(notice, correlation_id)
    except AlreadyConsumed:
        return REPEATED
    except errors.NotFound:  # another's, or what was never ours
        return IGNORED
    if done:
        logger.info("stripe told of something", object_id=notice.object_id, event_type=notice.type)
    return TAKEN if done else IGNORED


def _charge(notice: Notice, correlation_id: str) -> bool:
    known = _ours(notice.metadata, "payment_id", "pay", correlation_id)
    if known is None:
        return False
    system, payment_id = known
    outcome = stripe_client.get_charge(notice.object_id)
    once = MarkConsumed(CONSUMER, notice.id)
    try:
        settlement.record_outcome(system, payment_id, outcome, once=once)
    except errors.NotFound:
        if not restore_payment.restore_payment(system, payment_id, outcome):
            return False
        settlement.record_outcome(system, payment_id, outcome, once=once)
    return True


def _refund(notice: Notice, correlation_id: str) -> bool:
    known = _ours(notice.metadata, "refund_id", "rfd", correlation_id)
    if known is None:
        return False
    made = refunds_and_disputes.get_refund(notice.object_id)
    if not made.failure:
        return False
    failed_refunds.record_returned_refund(*known, made, MarkConsumed(CONSUMER, notice.id))
    return True


def _dispute(notice: Notice, correlation_id: str) -> bool:
    if not notice.payment_intent_id:
        return False
    outcome = stripe_client.get_charge(notice.payment_intent_id)
    known = _ours(outcome.metadata, "payment_id", "pay", correlation_id)
    if known is None:
        return False
    # The charge itself may not be written yet.
    settlement.record_outcome(*known, outcome)
    disputes.sync_dispute(*known, notice.object_id, MarkConsumed(CONSUMER, notice.id))
    return True


_EFFECTS: Final[Mapping[frozenset[str], Callable[[Notice, str], bool]]] = {
    webhook_events.OF_CHARGES: _charge,
    webhook_events.OF_REFUNDS: _refund,
    webhook_events.OF_DISPUTES: _dispute,
}


def _ours(metadata: Mapping[str, str], name: str, prefix: str, correlation_id: str) -> tuple[Caller, str] | None:
    """Whose it is, and what it is called here; None for what we did not make."""
    org_id, id_ = metadata.get("org_id", ""), metadata.get(name, "")
    if not ids.is_id(org_id, "org") or not ids.is_id(id_, prefix):
        return None
    return Caller.system("stripe", org_id, correlation_id), id_


def _refuse(caller: Caller) -> None:
    """Count a bad signature, and log it without anything that was sent."""
    logger.warning("a webhook's signature is not good", ip=caller.ip, sender="stripe")
    with single_metric(name="BadWebhookSignatures", unit=MetricUnit.Count, value=1, namespace="CoachWay"):
        pass
    rate_limit.consume_rate_limit("bad-stripe-signature", caller.ip, most=BAD_SIGNATURES_PER_MINUTE, seconds=60)
