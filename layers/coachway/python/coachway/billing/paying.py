"""Payments by card. The intent is written first, then Stripe is asked, then what came of it is written.

Whoever dies in between leaves a payment that is pending: Stripe's own notice, the next try, or the daily comparison
with Stripe finds out what became of it. At one time one payment can be under way for the same thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from coachway.billing import customers, payments, receipts, settling, stripe_port
from coachway.billing.invoice_rules import require_payable
from coachway.billing.payment import (
    PAYMENT,
    REQUEST,
    UNDER_WAY,
    Payment,
    PaymentInput,
    PaymentStatus,
    UnderWay,
)
from coachway.billing.stripe_port import Charged, Declined, Refused
from coachway.bookings import charters, schedule, terms
from coachway.bookings.model import Charter
from coachway.bookings.rules import Status
from coachway.clients.model import Client
from coachway.core import clock, errors, ids, store
from coachway.core.caller import Caller
from coachway.core.log import logger
from coachway.core.ops import Create, Op, Require
from coachway.core.parties import CLIENT
from coachway.identity.organization import ORGANIZATIONS, Organization

PATIENCE: Final = timedelta(minutes=2)
"""For how long a payment may be under way before somebody asks Stripe what became of it."""
IN_FLIGHT: Final = timedelta(minutes=10)
"""After that, a charge that Stripe does not know never reached it."""
_UNPAYABLE: Final = frozenset({Status.DECLINED, Status.EXPIRED, Status.CANCELLED})


@dataclass(frozen=True, slots=True)
class Due:
    """What can be paid: of whom, for what, how much by now, and at most."""

    client_id: str
    number: str
    currency: str
    due: int
    most: int
    paid: int
    conditions: Sequence[Op]
    invoice_id: str | None = None
    charter_id: str | None = None


class InProgress(errors.Conflict):
    """Somebody is paying this already."""

    title = "a payment is under way"


class PaidMeanwhile(errors.Conflict):
    """What is due is not what whoever pays has seen."""

    title = "something was paid meanwhile"


def process(caller: Caller, wanted: PaymentInput, *, seen_paid: int | None = None) -> Payment:
    """Take a payment by card. It is `pending` when Stripe did not say what became of it: look again later.

    Raises Missing; Conflict when nothing is due, another payment is under way, or the card is declined. `seen_paid` is
    what had been paid when its payer looked: when that is not true any more, nothing is charged.
    """
    payment = finished(caller, begun(caller, wanted, seen_paid=seen_paid))
    if payment.status is PaymentStatus.FAILED:
        raise declined(payment)
    return payment


def declined(payment: Payment) -> Declined:
    """Why a payment failed, told to whoever tries to pay."""
    return Declined(payment.failure_code or "card_declined", payment.failure_message or "Your card was declined.")


def charge(caller: Caller, wanted: PaymentInput, *, payment_id: str) -> Payment:
    """Take a payment without its client at hand, by a card that was used before; for flows, which may ask again.

    The same `payment_id` is charged once, and tells what became of it. Raises Conflict when nothing is due.
    """
    known = store.find(Payment, PAYMENT.key(org=caller.org_id, id=payment_id))
    return finished(caller, known or begun(caller, wanted, payment_id=payment_id, off_session=True))


def begun(
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
    due = of_charter(caller, wanted.charter_id) if wanted.charter_id else _of_invoice(caller, str(wanted.invoice_id))
    if seen_paid is not None and seen_paid != due.paid:
        raise PaidMeanwhile(f"{due.paid / 100:.2f} was paid for {due.number} by now")
    cents = due.due if wanted.amount is None else wanted.amount
    if due.most <= 0 or cents <= 0:
        raise errors.Conflict(f"nothing is due for {due.number} now", title="nothing is due")
    if cents > due.most:
        raise errors.Conflict(
            f"only {due.most / 100:.2f} is left to pay for {due.number}", title="that is more than is due"
        )
    customer = customers.known(caller.org_id, due.client_id)
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
    _free(caller, payment.subject_id)
    hold = UnderWay(org_id=caller.org_id, subject_id=payment.subject_id, payment_id=payment.id)
    busy = InProgress("wait a minute, then look whether it went well before you pay again")
    try:
        store.commit(_quietly(caller), Create(payment), Create(hold, taken=busy), *due.conditions)
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
    known = payments.get(caller, owner)
    if known.request_body != caller.attempt.body_digest:
        raise errors.Invalid.field("Idempotency-Key", "was used before with another body")
    return known


def _quietly(caller: Caller) -> Caller:
    """The payment itself is what a request that comes again finds, whatever became of it."""
    return replace(caller, attempt=None)


def _free(caller: Caller, subject_id: str) -> None:
    """Find out what became of a payment for the same thing whose outcome was never written."""
    held = store.find(UnderWay, UNDER_WAY.key(org=caller.org_id, subject=subject_id))
    if held is None:
        return
    payment = store.find(Payment, PAYMENT.key(org=caller.org_id, id=held.payment_id))
    if payment is not None and payment.created_at + PATIENCE < clock.now():
        resolved(caller, payment)


def _of_invoice(caller: Caller, invoice_id: str) -> Due:
    on = receipts.ground(caller, invoice_id)
    invoice = on.invoice
    require_payable(invoice.status, invoice.balance_due, 1)
    changed = errors.LostRace("this invoice was changed by somebody else: look at it again")
    return Due(
        client_id=invoice.client_id,
        number=invoice.number,
        currency=invoice.currency,
        due=invoice.balance_due,
        most=invoice.balance_due,
        paid=invoice.amount_paid,
        conditions=[Require(invoice, changed)],
        invoice_id=invoice.id,
    )


def of_charter(caller: Caller, charter_id: str) -> Due:
    """What can be paid ahead for a charter. Raises Missing, Conflict when it takes no payments."""
    charter = charters.get(caller, charter_id)
    if caller.is_outside and caller.party_id != charter.client_id:
        raise errors.Missing("there is no such charter")
    if charter.status in _UNPAYABLE:
        raise errors.Conflict(f"this charter is {charter.status}", title="this charter takes no payments")
    if charter.status is Status.QUOTE and not charter.is_accepted:
        raise errors.Conflict(
            "its client has not accepted the quote yet: that comes first", title="this charter takes no payments"
        )
    if charter.invoice_id is not None:
        raise errors.Conflict(f"it is on {charter.invoice_id}: pay that", title="this charter is invoiced")
    changed = errors.LostRace("this charter was changed by somebody else: look at it again")
    return Due(
        client_id=charter.client_id,
        number=charter.number,
        currency=charter.quote.currency,
        due=_due_now(charter),
        most=max(0, charter.quote.total - charter.amount_paid),
        paid=charter.amount_paid,
        conditions=[Require(charter, changed)],
        charter_id=charter.id,
    )


def _due_now(charter: Charter) -> int:
    """Cents that are due by today; when nothing is, of the next instalment."""
    client_key, house_key = CLIENT.key(org=charter.org_id, id=charter.client_id), ORGANIZATIONS.key(org=charter.org_id)
    found = store.gather([client_key, house_key])
    client = found.find(Client, client_key)
    parts = schedule.of(charter, client, found.get(Organization, house_key)) if client else []
    due = terms.due_by(parts, schedule.today(charter)) - charter.amount_paid
    return due if due > 0 else next((left for left in terms.open_parts(parts, charter.amount_paid) if left), 0)


def finished(caller: Caller, payment: Payment) -> Payment:
    """The payment once Stripe was asked, or as it is when that was done before. Still pending if Stripe did not say."""
    if payment.status is not PaymentStatus.PENDING:
        return payment
    caller = _quietly(caller)
    try:
        customer_id, method = _ready(caller, payment)
    except errors.Upstream as silence:
        logger.warning("a card could not be made ready", payment_id=payment.id, reason=silence.detail)
        return settling.settle(caller, payment.id, _unsuccessful(payment, "unavailable", _UNAVAILABLE))
    except Declined as no:
        return settling.settle(caller, payment.id, _unsuccessful(payment, no.code, no.message))
    except Refused:
        return settling.settle(caller, payment.id, _unsuccessful(payment, "refused", _REFUSED))
    try:
        outcome = _charge(payment, customer_id, method)
    except Refused:
        outcome = _unsuccessful(payment, "refused", _REFUSED)
    except errors.Upstream as silence:
        logger.warning("it is not known what became of a charge", payment_id=payment.id, reason=silence.detail)
        return resolved(caller, payment)
    return settling.settle(caller, payment.id, outcome)


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
    customer = customers.ensured(caller, client)
    method, card = payment.payment_method_id or "", customer.card
    if method != customer.payment_method_id:
        method, card = stripe_port.attach(customer.customer_id, method, key=payment.id)
    settling.by_card(caller, payment.id, method, card)
    return customer.customer_id, method


def _charge(payment: Payment, customer_id: str, method: str) -> Charged:
    about = {"client_id": payment.client_id, "subject_id": payment.subject_id, "number": payment.number}
    return stripe_port.charge(
        key=payment.id,
        customer_id=customer_id,
        payment_method_id=method,
        cents=payment.amount,
        currency=payment.currency,
        metadata={"org_id": payment.org_id, "payment_id": payment.id, **about},
        off_session=payment.off_session,
    )


def resolved(caller: Caller, payment: Payment) -> Payment:
    """A pending payment, with what Stripe knows of it written down; pending still when it cannot be known yet."""
    if payment.status is not PaymentStatus.PENDING:
        return payment
    caller = _quietly(caller)
    customer = customers.known(payment.org_id, payment.client_id)
    try:
        outcome = None
        if customer is not None:
            outcome = stripe_port.found(customer.customer_id, payment.id, since=payment.created_at)
    except errors.Upstream:
        return payment
    if outcome is not None:
        return settling.settle(caller, payment.id, outcome)
    if payment.created_at + IN_FLIGHT > clock.now():
        return payment
    never = _unsuccessful(payment, "not_charged", "The payment did not reach your bank: nothing was charged.")
    return settling.settle(caller, payment.id, never)
