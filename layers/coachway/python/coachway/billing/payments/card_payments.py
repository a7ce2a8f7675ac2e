"""Payments by card. The intent is written first, then Stripe is asked, then what came of it is written.

Whoever dies in between leaves a payment that is pending: Stripe's own notice, the next try, or the daily comparison
with Stripe finds out what became of it. At one time one payment can be under way for the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from coachway.billing.payments import amount_due, queries, settlement, stripe_customers
from coachway.billing.payments.model import PAYMENT, REQUEST, UNDER_WAY, Payment, PaymentInput, PaymentStatus, UnderWay
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe.client import Charged, Declined, Refused
from coachway.clients.model import Client
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Create
from coachway.core.runtime import clock
from coachway.core.runtime.logging import logger
from coachway.core.types import ids

PATIENCE: Final = timedelta(minutes=2)
"""For how long a payment may be under way before somebody asks Stripe what became of it."""
CONFIRMING: Final = timedelta(minutes=30)
"""For how long a payer may take to confirm one at the bank; then it is called off."""
_KEY_IS_KNOWN: Final = timedelta(hours=12)
"""Within that the same key charges the same once: Stripe forgets it a day after it was used."""
IN_FLIGHT: Final = timedelta(minutes=10)
"""After that, a charge that Stripe does not know never reached it."""


@dataclass(frozen=True, slots=True)
class ChargeResult:
    """A payment, and where its payer has to confirm it first, if the bank wants that."""

    payment: Payment
    confirm_url: str = ""


class InProgress(errors.Conflict):
    """Somebody is paying this already."""

    title = "a payment is under way"


class PaidMeanwhile(errors.Conflict):
    """What is due, or what was paid for it, is not what whoever pays has seen."""

    title = "something was paid meanwhile"


def charge_card(caller: Caller, wanted: PaymentInput, *, seen_paid: int | None = None) -> Payment:
    """Take a payment by card. It is `pending` when Stripe did not say what became of it: look again later.

    Raises Missing; Conflict when nothing is due, another payment is under way, or the card is declined. `seen_paid` is
    what had been paid when its payer looked: when that is not true any more, nothing is charged.
    """
    payment = complete_payment(caller, create_pending_payment(caller, wanted, seen_paid=seen_paid))
    if payment.status is PaymentStatus.FAILED:
        raise declined(payment)
    return payment


def charge_card_with_payer_present(
    caller: Caller, wanted: PaymentInput, *, seen_paid: int, return_to: str
) -> ChargeResult:
    """The same for a payer who is at hand, and can be sent to the bank to confirm it.

    From there the payer comes to `return_to` and the payment's id. One that is not confirmed yet gives way to the next.
    """
    payment = create_pending_payment(caller, wanted, seen_paid=seen_paid)
    taken = _finished(caller, payment, return_url=f"{return_to}/{payment.id}")
    if taken.payment.status is PaymentStatus.FAILED:
        raise declined(taken.payment)
    return taken


def declined(payment: Payment) -> Declined:
    """Why a payment failed, told to whoever tries to pay."""
    return Declined(payment.failure_code or "card_declined", payment.failure_message or "Your card was declined.")


def charge_saved_card(caller: Caller, wanted: PaymentInput, *, payment_id: str) -> Payment:
    """Take a payment without its client at hand, by a card that was used before; for flows, which may ask again.

    The same `payment_id` is charged once, and tells what became of it. Raises Conflict when nothing is due.
    """
    known = store.find(Payment, PAYMENT.key(org=caller.org_id, id=payment_id))
    return complete_payment(
        caller, known or create_pending_payment(caller, wanted, payment_id=payment_id, off_session=True)
    )


def create_pending_payment(
    caller: Caller,
    wanted: PaymentInput,
    *,
    payment_id: str = "",
    off_session: bool = False,
    seen_paid: int | None = None,
) -> Payment:
    """A payment that is written down and not charged yet; the one of before for a request that comes again."""
    before = _of_request(caller)
    if before is not None:
        return before
    due = (
        amount_due.of_charter(caller, wanted.charter_id)
        if wanted.charter_id
        else amount_due.of_invoice(caller, str(wanted.invoice_id))
    )
    cents = due.due if wanted.amount is None else wanted.amount
    if seen_paid is not None and (seen_paid, cents) != (due.paid, due.due):
        raise PaidMeanwhile(f"{due.paid / 100:.2f} was paid for {due.number} by now")
    if due.most <= 0 or cents <= 0:
        raise errors.Conflict(f"nothing is due for {due.number} now", title="nothing is due")
    if cents > due.most:
        raise errors.Conflict(
            f"only {due.most / 100:.2f} is left to pay for {due.number}", title="that is more than is due"
        )
    customer = stripe_customers.find(caller.org_id, due.client_id)
    method = wanted.payment_method_id or (customer.payment_method_id if customer else None)
    if method is None:
        raise errors.Invalid.field("payment_method_id", "must be given: no card of this client is known")
    payment = Payment(
        id=payment_id or ids.new("pay"),
        org_id=caller.org_id,
        client_id=due.client_id,
        invoice_id=due.invoice_id,
        charter_id=due.charter_id,
        number=due.number,
        amount=cents,
        currency=due.currency,
        payment_method_id=method,
        off_session=off_session,
        taken_by=caller.user_id,
        **_request(caller),
    )
    _resolve_previous_attempt(caller, payment)
    hold = UnderWay(org_id=caller.org_id, subject_id=payment.subject_id, payment_id=payment.id)
    busy = InProgress("wait a minute, then look whether it went well before you pay again")
    try:
        store.commit(_without_idempotency(caller), Create(payment), Create(hold, taken=busy), *due.conditions)
    except errors.Conflict:
        first = _of_request(caller)
        if first is None:
            raise
        return first
    return payment


def _request(caller: Caller) -> dict[str, str]:
    if caller.attempt is None:
        return {}
    return {"request_key": caller.attempt.digest, "request_body": caller.attempt.body_digest}


def _of_request(caller: Caller) -> Payment | None:
    """The payment that the same request, sent before, began. Raises Invalid when that had another body."""
    if caller.attempt is None:
        return None
    owner = store.owner_of(caller.org_id, REQUEST, caller.attempt.digest)
    if owner is None:
        return None
    known = queries.get(caller, owner)
    if known.request_body != caller.attempt.body_digest:
        raise errors.Invalid.field("Idempotency-Key", "was used before with another body")
    return known


def _without_idempotency(caller: Caller) -> Caller:
    """The payment itself is what a request that comes again finds, whatever became of it."""
    return replace(caller, attempt=None)


def _resolve_previous_attempt(caller: Caller, new: Payment) -> None:
    """Find out what became of a payment for the same thing whose outcome was never written.

    One that waits for its payer's confirmation gives way to a payer who is here now.
    """
    held = store.find(UnderWay, UNDER_WAY.key(org=caller.org_id, subject=new.subject_id))
    if held is None:
        return
    payment = store.find(Payment, PAYMENT.key(org=caller.org_id, id=held.payment_id))
    if payment is None:
        return
    anew = payment.awaits_payer and not new.off_session
    if anew or payment.created_at + PATIENCE < clock.now():
        refresh_from_stripe(caller, payment, anew=anew)


def complete_payment(caller: Caller, payment: Payment) -> Payment:
    """The payment once Stripe was asked, or as it is when that was done before. Still pending if Stripe did not say."""
    return _finished(caller, payment).payment


def _finished(caller: Caller, payment: Payment, *, return_url: str = "") -> ChargeResult:
    if payment.status is not PaymentStatus.PENDING:
        return ChargeResult(payment)
    caller = _without_idempotency(caller)
    if _may_be_charged(payment) and payment.created_at + _KEY_IS_KNOWN < clock.now():
        return ChargeResult(refresh_from_stripe(caller, payment))
    try:
        customer_id, method = _ready(caller, payment)
    except errors.UpstreamUnavailable as silence:
        logger.warning("a card could not be made ready", payment_id=payment.id, reason=silence.detail)
        return ChargeResult(
            settlement.record_outcome(caller, payment.id, _unsuccessful(payment, "unavailable", _UNAVAILABLE))
        )
    except Declined as no:
        return ChargeResult(
            settlement.record_outcome(caller, payment.id, _unsuccessful(payment, no.decline_code, no.message))
        )
    except Refused:
        return ChargeResult(settlement.record_outcome(caller, payment.id, _unsuccessful(payment, "refused", _REFUSED)))
    try:
        outcome = _charge(payment, customer_id, method, return_url)
    except Refused:
        outcome = _unsuccessful(payment, "refused", _REFUSED)
    except errors.UpstreamUnavailable as silence:
        logger.warning("it is not known what became of a charge", payment_id=payment.id, reason=silence.detail)
        return ChargeResult(refresh_from_stripe(caller, payment))
    if outcome.awaits_payer:
        return ChargeResult(settlement.awaiting_payer(caller, payment.id, outcome), outcome.confirm_url)
    return ChargeResult(settlement.record_outcome(caller, payment.id, outcome))


def _may_be_charged(payment: Payment) -> bool:
    """Whether Stripe may have been asked already: its card is noted just before."""
    return payment.card is not None


REPLACED: Final = "replaced"
"""Why a payment failed whose payer has begun another; nobody is written to."""
_REFUSED: Final = "The payment service does not take this card."
_UNAVAILABLE: Final = "The payment service did not answer: nothing was charged. Try again in a few minutes."


def _unsuccessful(payment: Payment, code: str, message: str) -> Charged:
    return Charged(
        payment_intent_id=payment.stripe_payment_intent_id or "",
        succeeded=False,
        amount=payment.amount,
        currency=payment.currency,
        metadata={},
        failure_code=code,
        failure_message=message,
    )


def _ready(caller: Caller, payment: Payment) -> tuple[str, str]:
    """Stripe's names of the client and of the card, which it keeps from now on. Nothing is charged here."""
    client = store.get(Client, CLIENT.key(org=payment.org_id, id=payment.client_id))
    customer = stripe_customers.get_or_create(caller, client)
    if _may_be_charged(payment):
        return customer.customer_id, payment.payment_method_id or ""
    method, card = payment.payment_method_id or "", customer.card
    if method != customer.payment_method_id:
        method, card = stripe_client.attach(customer.customer_id, method, key=payment.id)
    settlement.by_card(caller, payment.id, method, card)
    return customer.customer_id, method


def _charge(payment: Payment, customer_id: str, method: str, return_url: str = "") -> Charged:
    about = {"client_id": payment.client_id, "subject_id": payment.subject_id, "number": payment.number}
    return stripe_client.charge(
        key=payment.id,
        customer_id=customer_id,
        payment_method_id=method,
        cents=payment.amount,
        currency=payment.currency,
        metadata={"org_id": payment.org_id, "payment_id": payment.id, **about},
        off_session=payment.off_session,
        return_url=return_url,
    )


def refresh_from_stripe(caller: Caller, payment: Payment, *, anew: bool = False) -> Payment:
    """A pending payment, with what Stripe knows of it written down; pending still when it cannot be known yet.

    One that its payer has not confirmed in time, or begins `anew`, is called off.
    """
    if payment.status is not PaymentStatus.PENDING:
        return payment
    caller = _without_idempotency(caller)
    try:
        outcome = _known(payment)
        if outcome is not None and outcome.awaits_payer and (anew or payment.created_at + CONFIRMING < clock.now()):
            outcome = stripe_client.cancel_payment_intent(outcome)
            if anew and outcome.is_final and not outcome.succeeded:
                outcome = _unsuccessful(payment, REPLACED, "Another payment was begun instead.")
    except errors.UpstreamUnavailable:
        return payment
    if outcome is not None:
        return settlement.record_outcome(caller, payment.id, outcome)
    if payment.created_at + IN_FLIGHT > clock.now():
        return payment
    never = _unsuccessful(payment, "not_charged", "The payment did not reach your bank: nothing was charged.")
    return settlement.record_outcome(caller, payment.id, never)


def _known(payment: Payment) -> Charged | None:
    """What Stripe knows of a payment; None when it never had it."""
    if payment.stripe_payment_intent_id is not None:
        return stripe_client.get_charge(payment.stripe_payment_intent_id)
    customer = stripe_customers.find(payment.org_id, payment.client_id)
    if customer is None:
        return None
    return stripe_client.find_charge(customer.customer_id, payment.id, since=payment.created_at)
