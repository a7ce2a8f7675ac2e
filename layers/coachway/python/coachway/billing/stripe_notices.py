"""What Stripe tells us by itself: each event has its effect once, in whatever order and however often they come."""

from __future__ import annotations

from typing import Annotated, Final

from aws_lambda_powertools.metrics import MetricUnit, single_metric
from pydantic import Field

from coachway.billing import restoring, settling, stripe_port
from coachway.core import errors, limits
from coachway.core.answers import Posted
from coachway.core.caller import Caller
from coachway.core.log import logger
from coachway.core.model import Shape
from coachway.core.ops import AlreadyConsumed, Once

CONSUMER: Final = "stripe-webhook"
BAD_SIGNATURES_PER_MINUTE: Final = 30
"""From one address."""
_OUTCOMES: Final = frozenset({stripe_port.SUCCEEDED, stripe_port.FAILED, "payment_intent.canceled"})


class Received(Shape):
    """What became of an event: `taken`, `repeated`, or `ignored` when it is none of ours."""

    received: Annotated[str, Field(examples=["taken"])]


def receive(caller: Caller, posted: Posted) -> Received:
    """Take an event. Raises Unauthenticated for a bad signature, Upstream when Stripe is to send it again."""
    try:
        notice = stripe_port.heard(posted.body, posted.headers.get("stripe-signature", ""))
    except errors.Unauthenticated:
        _refuse(caller)
        raise
    org_id, payment_id = notice.metadata.get("org_id", ""), notice.metadata.get("payment_id", "")
    if notice.type not in _OUTCOMES or not org_id or not payment_id:
        return Received(received="ignored")
    system = Caller.system("stripe", org_id, caller.correlation_id)
    # By what Stripe says now: an event may be older than another that came before it.
    outcome = stripe_port.fetched(notice.object_id)
    once = Once(CONSUMER, notice.id)
    try:
        settling.settle(system, payment_id, outcome, once=once)
    except AlreadyConsumed:
        return Received(received="repeated")
    except errors.Missing:
        if not restoring.restored(system, payment_id, outcome):
            return Received(received="ignored")
        settling.settle(system, payment_id, outcome, once=once)
    logger.info("stripe told of a charge", payment_id=payment_id, org_id=org_id, event_type=notice.type)
    return Received(received="taken")


def _refuse(caller: Caller) -> None:
    """Count a bad signature, and log it without anything that was sent."""
    logger.warning("a webhook's signature is not good", ip=caller.ip, sender="stripe")
    with single_metric(name="BadWebhookSignatures", unit=MetricUnit.Count, value=1, namespace="CoachWay"):
        pass
    limits.spend("bad-stripe-signature", caller.ip, most=BAD_SIGNATURES_PER_MINUTE, seconds=60)
