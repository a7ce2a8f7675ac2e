"""Card payments: write a pending payment, charge the card at Stripe, then write the outcome.

If the process stops in between, the payment stays pending until Stripe's webhook, the next payment or the daily
reconciliation records its outcome. Only one payment per invoice or charter can be in progress.
"""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Final

from coachway.billing.errors import AmountDueChanged, AmountExceedsBalance, NothingDue, PaymentInProgress
from coachway.billing.payments import amount_due, attempt_limits, outcome_recording, queries, stripe_customers
from coachway.billing.payments.model import (
    PAYMENT,
    PAYMENT_HOLD,
    REQUEST_KEY,
    CardConsent,
    Payment,
    PaymentHold,
    PaymentInput,
    PaymentStatus,
)
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe.client import CardDeclined, ChargeOutcome, StripeRejected
from coachway.clients.model import Client
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Create
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.runtime.logging import logger
from coachway.core.types import ids
from coachway.core.types.money import format_units

UNSENT_TIMEOUT: Final = timedelta(minutes=1)
"""Longer than any function runs. A payment whose card was not prepared by then never reached Stripe. After this time, a
new payment reads the outcome of a pending one from Stripe first."""
CONFIRMATION_TIMEOUT: Final = timedelta(minutes=30)
"""How long a payer can take to confirm a payment at the bank (3-D Secure) before it is cancelled."""
_IDEMPOTENCY_WINDOW: Final = timedelta(hours=12)
"""Stripe keeps idempotency keys for a day. After this time, read the outcome instead of repeating the charge."""
UNKNOWN_CHARGE_TIMEOUT: Final = timedelta(minutes=2)
"""Longer than Stripe takes to process a request. A charge that Stripe does not know by then never reached it."""


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
    return payment


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


@retry_on_conflict
def create_pending_payment(
    caller: Caller,
    request: PaymentInput,
    *,
    payment_id: str = "",
    off_session: bool = False,
    announced_cents: int = 0,
    seen_paid: int | None = None,
    consent: CardConsent | None = None,
) -> Payment:
    """Create a pending payment, or return the one that the same request created before.

    If the invoice or charter is changed meanwhile, such as by the PDF of a new invoice, its amount due is read again.
    Raises NothingDue, AmountExceedsBalance, AmountDueChanged, PaymentInProgress, RateLimited, and Invalid without a
    card.
    """
    existing = _find_payment_of_request(caller)
    if existing is not None:
        return existing
    balance = (
        amount_due.load_charter_amount_due(caller, request.charter_id)
        if request.charter_id
        else amount_due.load_invoice_amount_due(caller, str(request.invoice_id))
    )
    amount = balance.due if request.amount is None else request.amount
    if seen_paid is not None and (seen_paid, amount) != (balance.paid, balance.offered):
        raise AmountDueChanged(f"{format_units(balance.paid)} is paid for {balance.number} now. Reload the page.")
    if balance.maximum <= 0 or amount <= 0:
        raise NothingDue(f"Nothing is due for {balance.number} now. To pay in advance, set `amount`.")
    if amount > balance.maximum:
        raise AmountExceedsBalance(
            f"The balance of {balance.number} is {format_units(balance.maximum)}. Pay that or less."
        )
    customer = stripe_customers.find_customer(caller.org_id, balance.client_id)
    payment_method_id = request.payment_method_id
    is_saved = customer is not None and payment_method_id == customer.payment_method_id
    if payment_method_id is None or is_saved or off_session:
        payment_method_id = stripe_customers.require_chargeable_card(
            caller, customer, amount, announced_cents=announced_cents
        )
    payment = Payment(
        id=payment_id or ids.new("pay"),
        org_id=caller.org_id,
        client_id=balance.client_id,
        invoice_id=balance.invoice_id,
        charter_id=balance.charter_id,
        number=balance.number,
        amount=amount,
        currency=balance.currency,
        payment_method_id=payment_method_id,
        card_consent=consent,
        off_session=off_session,
        created_by=caller.user_id,
        **_request_digests(caller),
    )
    if not off_session:  # collections have few attempts
        attempt_limits.consume_attempt(payment)
    in_progress = _resolve_previous_attempt(caller, payment)
    hold = PaymentHold(org_id=caller.org_id, subject_id=payment.subject_id, payment_id=payment.id)
    try:
        store.commit(
            caller.without_idempotency(), Create(payment), Create(hold, on_exists=in_progress), *balance.conditions
        )
    except errors.Conflict:
        existing = _find_payment_of_request(caller)
        if existing is None:
            raise
        return existing
    return payment


def _request_digests(caller: Caller) -> dict[str, str]:
    if caller.idempotency is None:
        return {}
    return {"request_key": caller.idempotency.digest, "request_body": caller.idempotency.body_digest}


def _find_payment_of_request(caller: Caller) -> Payment | None:
    """Find the payment created with the same Idempotency-Key. Raises Invalid if the body is different."""
    if caller.idempotency is None:
        return None
    payment_id = store.find_unique_owner(caller.org_id, REQUEST_KEY, caller.idempotency.digest)
    if payment_id is None:
        return None
    payment = queries.get_payment(caller, payment_id)
    if payment.request_body != caller.idempotency.body_digest:
        raise errors.Invalid.field("Idempotency-Key", "was used before with a different body")
    return payment


def _resolve_previous_attempt(caller: Caller, new: Payment) -> PaymentInProgress:
    """Record the outcome of an earlier payment for the same invoice or charter that is still pending.

    An earlier payment that waits for the payer's confirmation is cancelled: the new one replaces it. Return the error
    to raise if a payment is in progress.
    """
    hold = store.find(PaymentHold, PAYMENT_HOLD.key(org=caller.org_id, subject=new.subject_id))
    payment = store.find(Payment, PAYMENT.key(org=caller.org_id, id=hold.payment_id)) if hold is not None else None
    if payment is None:
        return _build_in_progress_error(UNSENT_TIMEOUT)
    is_replaced = payment.requires_confirmation and not new.off_session
    if is_replaced or payment.created_at + UNSENT_TIMEOUT < clock.now():
        payment = refresh_from_stripe(caller, payment, is_replaced=is_replaced)
    return _build_in_progress_error(payment.created_at + _outcome_timeout(payment) - clock.now())


def _build_in_progress_error(remaining: timedelta) -> PaymentInProgress:
    minutes = max(1, ceil(remaining / timedelta(minutes=1)))
    unit = "minute" if minutes == 1 else "minutes"
    return PaymentInProgress(f"Another payment is in progress. Its result is known in {minutes} {unit} at the latest.")


def _outcome_timeout(payment: Payment) -> timedelta:
    """Return the time after which a pending payment that has no outcome at Stripe has failed."""
    if payment.requires_confirmation:
        return CONFIRMATION_TIMEOUT
    return UNKNOWN_CHARGE_TIMEOUT if _has_card(payment) else UNSENT_TIMEOUT


def complete_payment(caller: Caller, payment: Payment) -> Payment:
    """Charge a pending payment and return it with its outcome. It stays pending if the outcome is unknown."""
    return _complete_payment(caller, payment).payment


def _complete_payment(caller: Caller, payment: Payment, *, return_url: str = "") -> ChargeResult:
    if payment.status is not PaymentStatus.PENDING:
        return ChargeResult(payment)
    caller = caller.without_idempotency()
    if _has_card(payment) and payment.created_at + _IDEMPOTENCY_WINDOW < clock.now():
        return ChargeResult(refresh_from_stripe(caller, payment))
    try:
        customer_id, payment_method_id = _prepare_card(caller, payment)
    except errors.UpstreamUnavailable as error:
        logger.warning("card could not be prepared", payment_id=payment.id, reason=error.detail)
        return ChargeResult(
            outcome_recording.record_outcome(
                caller, payment.id, _build_failed_outcome(payment, "unavailable", _UNAVAILABLE)
            )
        )
    except CardDeclined as error:
        return ChargeResult(
            outcome_recording.record_outcome(
                caller, payment.id, _build_failed_outcome(payment, error.decline_code, error.message)
            )
        )
    except StripeRejected:
        return ChargeResult(
            outcome_recording.record_outcome(
                caller, payment.id, _build_failed_outcome(payment, "refused", _CARD_REJECTED)
            )
        )
    try:
        outcome = _charge(payment, customer_id, payment_method_id, return_url)
    except StripeRejected:
        outcome = _build_failed_outcome(payment, "refused", _CARD_REJECTED)
    except errors.UpstreamUnavailable as error:
        logger.warning("outcome of a charge is unknown", payment_id=payment.id, reason=error.detail)
        return ChargeResult(refresh_from_stripe(caller, payment))
    if outcome.requires_confirmation:
        return ChargeResult(outcome_recording.record_awaiting_payer(caller, payment.id, outcome), outcome.confirm_url)
    return ChargeResult(outcome_recording.record_outcome(caller, payment.id, outcome))


def _has_card(payment: Payment) -> bool:
    """Return whether the card is recorded. It is recorded just before the charge, so the charge can have been sent."""
    return payment.card is not None


REPLACED: Final = "replaced"
"""The failure code of a payment that the payer replaced by another one. The payer gets no message about it."""
_CARD_REJECTED: Final = "The payment service does not accept this card."
_UNAVAILABLE: Final = "The payment service did not respond. Nothing was charged. Try again in a few minutes."


def _build_failed_outcome(payment: Payment, code: str, message: str) -> ChargeOutcome:
    return ChargeOutcome(
        payment_intent_id=payment.stripe_payment_intent_id or "",
        succeeded=False,
        amount=payment.amount,
        currency=payment.currency,
        metadata={},
        failure_code=code,
        failure_message=message,
    )


def _prepare_card(caller: Caller, payment: Payment) -> tuple[str, str]:
    """Prepare the card, without charging it. Return Stripe's ids of the customer and the card.

    With the payer's consent to later charges, the card is attached to the customer. Otherwise it can be charged once.
    """
    client = store.get(Client, CLIENT.key(org=payment.org_id, id=payment.client_id))
    customer = stripe_customers.get_or_create_customer(caller, client)
    if _has_card(payment):
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
                outcome = _build_failed_outcome(payment, REPLACED, "The payer started another payment.")
    except errors.UpstreamUnavailable:
        return payment
    if outcome is not None:
        return outcome_recording.record_outcome(caller, payment.id, outcome)
    if payment.created_at + _outcome_timeout(payment) > clock.now():
        return payment
    not_charged = _build_failed_outcome(
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
