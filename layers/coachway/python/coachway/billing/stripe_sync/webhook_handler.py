"""Process Stripe's webhook events. Each takes effect once, in any order, however often it is delivered.

The handlers use an event only to find its object, and read the current state of that object from Stripe.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from aws_lambda_powertools.metrics import MetricUnit, single_metric
from pydantic import Field

from coachway.billing.payments import outcome_recording
from coachway.billing.refunds import returned_refunds
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe import refunds_and_disputes, webhook_events
from coachway.billing.stripe.webhook_events import StripeEvent
from coachway.billing.stripe_sync import disputes, missing_payments
from coachway.core import errors
from coachway.core.auth import attempt_counters
from coachway.core.auth.attempt_counters import RateLimit
from coachway.core.caller import Caller
from coachway.core.http.response_types import RawRequest
from coachway.core.persistence.operations import AlreadyConsumed, MarkConsumed
from coachway.core.runtime.logging import logger
from coachway.core.schemas import BaseSchema
from coachway.core.types import ids

CONSUMER: Final = "stripe-webhook"
BAD_SIGNATURES_PER_MINUTE: Final = 30
"""Per IP address."""
PROCESSED: Final = "processed"
REPEATED: Final = "repeated"
IGNORED: Final = "ignored"


class WebhookResult(BaseSchema):
    """The result of an event: `processed`, `repeated`, or `ignored` if it is not about our payments."""

    result: Annotated[str, Field(examples=[PROCESSED])]


def receive_webhook(caller: Caller, request: RawRequest) -> WebhookResult:
    """Process a webhook request. Raises Unauthenticated, or UpstreamUnavailable to make Stripe send it again."""
    try:
        event = webhook_events.verify_webhook(request.body, request.headers.get("stripe-signature", ""))
    except errors.Unauthenticated:
        _count_bad_signature(caller)
        raise
    return WebhookResult(result=handle_event(event, caller.correlation_id))


def handle_event(event: StripeEvent, correlation_id: str = "") -> str:
    """Process an event and return the result. Raises UpstreamUnavailable when the outcome is not known yet."""
    handler = next((handle for types, handle in _HANDLERS.items() if event.type in types), None)
    if handler is None:
        return IGNORED
    try:
        is_processed = handler(event, correlation_id)
    except AlreadyConsumed:
        return REPEATED
    except errors.NotFound:  # the object is not ours
        return IGNORED
    if is_processed:
        logger.info("stripe event processed", object_id=event.object_id, event_type=event.type)
    return PROCESSED if is_processed else IGNORED


def _handle_charge_event(event: StripeEvent, correlation_id: str) -> bool:
    reference = _parse_reference(event.metadata, "payment_id", "pay", correlation_id)
    outcome = stripe_client.get_charge(event.object_id)
    if reference is None:
        return missing_payments.report_unknown_charge(outcome)
    caller, payment_id = reference
    consumed_op = MarkConsumed(CONSUMER, event.id)
    try:
        outcome_recording.record_outcome(caller, payment_id, outcome, consumed_op=consumed_op)
    except errors.NotFound:
        if not missing_payments.restore_payment(caller, payment_id, outcome):
            return missing_payments.report_unknown_charge(outcome)
        outcome_recording.record_outcome(caller, payment_id, outcome, consumed_op=consumed_op)
    return True


def _handle_refund_event(event: StripeEvent, correlation_id: str) -> bool:
    reference = _parse_reference(event.metadata, "refund_id", "rfd", correlation_id)
    if reference is None:
        return False
    stripe_refund = refunds_and_disputes.get_refund(event.object_id)
    if not stripe_refund.failure:
        return False
    returned_refunds.record_returned_refund(*reference, stripe_refund, MarkConsumed(CONSUMER, event.id))
    return True


def _handle_dispute_event(event: StripeEvent, correlation_id: str) -> bool:
    if not event.payment_intent_id:
        return False
    outcome = stripe_client.get_charge(event.payment_intent_id)
    reference = _parse_reference(outcome.metadata, "payment_id", "pay", correlation_id)
    if reference is None:
        return False
    # The charge may not be recorded yet.
    outcome_recording.record_outcome(*reference, outcome)
    disputes.sync_dispute(*reference, event.object_id, MarkConsumed(CONSUMER, event.id))
    return True


_HANDLERS: Final[Mapping[frozenset[str], Callable[[StripeEvent, str], bool]]] = {
    webhook_events.CHARGE_EVENTS: _handle_charge_event,
    webhook_events.REFUND_EVENTS: _handle_refund_event,
    webhook_events.DISPUTE_EVENTS: _handle_dispute_event,
}


def _parse_reference(
    metadata: Mapping[str, str], key: str, prefix: str, correlation_id: str
) -> tuple[Caller, str] | None:
    """Return a caller of the organization and the id of our record, or None if the object is not ours."""
    org_id, object_id = metadata.get("org_id", ""), metadata.get(key, "")
    if not ids.is_id(org_id, "org") or not ids.is_id(object_id, prefix):
        return None
    return Caller.system("stripe", org_id, correlation_id), object_id


def _count_bad_signature(caller: Caller) -> None:
    """Count and log a bad signature, without the content of the request."""
    logger.warning("webhook signature invalid", ip=caller.ip, sender="stripe")
    with single_metric(name="BadWebhookSignatures", unit=MetricUnit.Count, value=1, namespace="CoachWay"):
        pass
    attempt_counters.count_attempt("bad-stripe-signature", caller.ip, RateLimit(BAD_SIGNATURES_PER_MINUTE, 60))
