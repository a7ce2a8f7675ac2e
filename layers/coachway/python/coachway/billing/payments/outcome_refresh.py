"""Reads the outcome of a pending payment from Stripe."""

from datetime import timedelta
from typing import Final

from coachway.billing.payments import outcome_recording, stripe_customers
from coachway.billing.payments.model import Payment, PaymentStatus
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe.client import ChargeOutcome
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.runtime import clock

UNSENT_TIMEOUT: Final = timedelta(minutes=1)
"""Longer than any function runs. A payment whose card was not prepared by then never reached Stripe. After this time, a
new payment reads the outcome of a pending one from Stripe first."""
CONFIRMATION_TIMEOUT: Final = timedelta(minutes=30)
"""How long a payer can take to confirm a payment at the bank (3-D Secure) before it is cancelled."""
UNKNOWN_CHARGE_TIMEOUT: Final = timedelta(minutes=2)
"""Longer than Stripe takes to process a request. A charge that Stripe does not know by then never reached it."""
REPLACED: Final = "replaced"
"""The failure code of a payment that the payer replaced by another one. The payer gets no message about it."""


def refresh_from_stripe(caller: Caller, payment: Payment, *, is_replaced: bool = False) -> Payment:
    """Read the outcome of a pending payment from Stripe and record it. It stays pending while unknown.

    A payment is cancelled if its payer has not confirmed it in time, or if another payment replaces it (`is_replaced`).
    """
    if payment.status is not PaymentStatus.PENDING:
        return payment
    caller = caller.without_idempotency()
    try:
        outcome = _find_charge(payment)
        if (
            outcome is not None
            and outcome.requires_confirmation
            and (is_replaced or payment.created_at + CONFIRMATION_TIMEOUT < clock.now())
        ):
            outcome = stripe_client.cancel_payment_intent(outcome)
            if is_replaced and outcome.is_final and not outcome.succeeded:
                outcome = build_failed_outcome(payment, REPLACED, "The payer started another payment.")
    except errors.UpstreamUnavailable:
        return payment
    if outcome is not None:
        return outcome_recording.record_outcome(caller, payment.id, outcome)
    if payment.created_at + get_outcome_timeout(payment) > clock.now():
        return payment
    not_charged = build_failed_outcome(
        payment, "not_charged", "The payment did not reach your bank. Nothing was charged."
    )
    return outcome_recording.record_outcome(caller, payment.id, not_charged)


def _find_charge(payment: Payment) -> ChargeOutcome | None:
    """Find the outcome of a payment at Stripe. None if Stripe does not know it."""
    if payment.stripe_payment_intent_id is not None:
        return stripe_client.get_charge(payment.stripe_payment_intent_id)
    customer = stripe_customers.find_customer(payment.org_id, payment.client_id)
    if customer is None:
        return None
    return stripe_client.find_charge(customer.customer_id, payment.id, since=payment.created_at)


def get_outcome_timeout(payment: Payment) -> timedelta:
    """Return the time after which a pending payment that has no outcome at Stripe has failed."""
    if payment.requires_confirmation:
        return CONFIRMATION_TIMEOUT
    return UNKNOWN_CHARGE_TIMEOUT if has_card(payment) else UNSENT_TIMEOUT


def has_card(payment: Payment) -> bool:
    """Return whether the card is recorded. It is recorded just before the charge, so the charge can have been sent."""
    return payment.card is not None


def build_failed_outcome(payment: Payment, code: str, message: str) -> ChargeOutcome:
    """Build the outcome of a payment that was not charged."""
    return ChargeOutcome(
        payment_intent_id=payment.stripe_payment_intent_id or "",
        succeeded=False,
        amount=payment.amount,
        currency=payment.currency,
        metadata={},
        failure_code=code,
        failure_message=message,
    )
