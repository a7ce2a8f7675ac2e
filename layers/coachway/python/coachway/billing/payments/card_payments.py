"""Card payments: write a pending payment, charge the card at Stripe, then write the outcome.

If the process stops in between, the payment stays pending until Stripe's webhook, the next payment or the daily
reconciliation records its outcome. Only one payment per invoice or charter can be in progress.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from coachway.billing.payments import outcome_recording, stripe_customers
from coachway.billing.payments.model import PAYMENT, CardConsent, Payment, PaymentInput, PaymentStatus
from coachway.billing.payments.outcome_refresh import build_failed_outcome, has_card, refresh_from_stripe
from coachway.billing.payments.pending_payments import create_pending_payment
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe.client import CardDeclined, ChargeOutcome, StripeRejected
from coachway.clients.model import Client
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.internal_fields import hide_internal_fields
from coachway.core.runtime import clock
from coachway.core.runtime.logging import logger

_IDEMPOTENCY_WINDOW: Final = timedelta(hours=12)
"""Stripe keeps idempotency keys for a day. After this time, read the outcome instead of repeating the charge."""


@dataclass(frozen=True, slots=True)
class ChargeResult:
    """A payment, and the URL at which the payer confirms it if the bank requires that."""

    payment: Payment
    confirm_url: str = ""


def charge_card(caller: Caller, request: PaymentInput, *, seen_paid: int | None = None) -> Payment:
    """Charge a card. The payment is `pending` if Stripe's result is unknown.

    `seen_paid` is the amount that was paid before, in cents, as the payer saw it. Raises NotFound, NothingDue,
    PaymentInProgress, CardDeclined, and AmountDueChanged if `seen_paid` is outdated.
    """
    payment = complete_payment(caller, create_pending_payment(caller, request, seen_paid=seen_paid))
    if payment.status is PaymentStatus.FAILED:
        raise build_declined_error(payment)
    return hide_internal_fields(caller, payment)


def charge_card_with_payer_present(
    caller: Caller, request: PaymentInput, *, seen_paid: int, return_to: str, consent: CardConsent | None = None
) -> ChargeResult:
    """Charge a card while the payer is present and can confirm the payment at the bank.

    The card is kept for later charges only with the payer's `consent`.
    The bank redirects the payer to `{return_to}/{payment id}`. A new payment replaces one that is not confirmed yet.
    """
    payment = create_pending_payment(caller, request, seen_paid=seen_paid, consent=consent)
    result = _complete_payment(caller, payment, return_url=f"{return_to}/{payment.id}")
    if result.payment.status is PaymentStatus.FAILED:
        raise build_declined_error(result.payment)
    return result


def build_declined_error(payment: Payment) -> CardDeclined:
    """Build the error of a failed payment."""
    return CardDeclined(payment.failure_code or "card_declined", payment.failure_message or "Your card was declined.")


def charge_saved_card(caller: Caller, request: PaymentInput, *, payment_id: str, announced_cents: int) -> Payment:
    """Charge the client's saved card without the client, for workflows.

    `announced_cents` is the amount that an email has announced to the client. Safe to repeat: each `payment_id` is
    charged once. Raises NothingDue, and Invalid if the client has not agreed or the amount was not announced.
    """
    existing = store.find(Payment, PAYMENT.key(org=caller.org_id, id=payment_id))
    return complete_payment(
        caller,
        existing
        or create_pending_payment(
            caller, request, payment_id=payment_id, off_session=True, announced_cents=announced_cents
        ),
    )


def complete_payment(caller: Caller, payment: Payment) -> Payment:
    """Charge a pending payment and return it with its outcome. It stays pending if the outcome is unknown."""
    return _complete_payment(caller, payment).payment


def _complete_payment(caller: Caller, payment: Payment, *, return_url: str = "") -> ChargeResult:
    if payment.status is not PaymentStatus.PENDING:
        return ChargeResult(payment)
    caller = caller.without_idempotency()
    if has_card(payment) and payment.created_at + _IDEMPOTENCY_WINDOW < clock.now():
        return ChargeResult(refresh_from_stripe(caller, payment))
    try:
        customer_id, payment_method_id = _prepare_card(caller, payment)
    except errors.UpstreamUnavailable as error:
        logger.warning("card could not be prepared", payment_id=payment.id, reason=error.detail)
        return ChargeResult(
            outcome_recording.record_outcome(
                caller, payment.id, build_failed_outcome(payment, "unavailable", _UNAVAILABLE)
            )
        )
    except CardDeclined as error:
        return ChargeResult(
            outcome_recording.record_outcome(
                caller, payment.id, build_failed_outcome(payment, error.decline_code, error.message)
            )
        )
    except StripeRejected:
        return ChargeResult(
            outcome_recording.record_outcome(
                caller, payment.id, build_failed_outcome(payment, "refused", _CARD_REJECTED)
            )
        )
    try:
        outcome = _charge(payment, customer_id, payment_method_id, return_url)
    except StripeRejected:
        outcome = build_failed_outcome(payment, "refused", _CARD_REJECTED)
    except errors.UpstreamUnavailable as error:
        logger.warning("outcome of a charge is unknown", payment_id=payment.id, reason=error.detail)
        return ChargeResult(refresh_from_stripe(caller, payment))
    if outcome.requires_confirmation:
        return ChargeResult(outcome_recording.record_awaiting_payer(caller, payment.id, outcome), outcome.confirm_url)
    return ChargeResult(outcome_recording.record_outcome(caller, payment.id, outcome))


_CARD_REJECTED: Final = "The payment service does not accept this card."
_UNAVAILABLE: Final = "The payment service did not respond. Nothing was charged. Try again in a few minutes."


def _prepare_card(caller: Caller, payment: Payment) -> tuple[str, str]:
    """Prepare the card, without charging it. Return Stripe's ids of the customer and the card.

    With the payer's consent to later charges, the card is attached to the customer. Otherwise it can be charged once.
    """
    client = store.get(Client, CLIENT.key(org=payment.org_id, id=payment.client_id))
    customer = stripe_customers.get_or_create_customer(caller, client)
    if has_card(payment):
        return customer.customer_id, payment.payment_method_id or ""
    payment_method_id, card = payment.payment_method_id or "", customer.card
    if payment_method_id != customer.payment_method_id:
        payment_method_id, card = (
            stripe_client.attach_payment_method(customer.customer_id, payment_method_id, key=payment.id)
            if payment.card_consent is not None
            else stripe_client.load_card(payment_method_id)
        )
    outcome_recording.record_card(caller, payment.id, payment_method_id, card)
    return customer.customer_id, payment_method_id


def _charge(payment: Payment, customer_id: str, payment_method_id: str, return_url: str = "") -> ChargeOutcome:
    subject_metadata = {"client_id": payment.client_id, "subject_id": payment.subject_id, "number": payment.number}
    return stripe_client.charge_card(
        key=payment.id,
        customer_id=customer_id,
        payment_method_id=payment_method_id,
        cents=payment.amount,
        currency=payment.currency,
        metadata={"org_id": payment.org_id, "payment_id": payment.id, **subject_metadata},
        off_session=payment.off_session,
        keeps_card=payment.card_consent is not None,
        return_url=return_url,
    )
