"""Creates pending payments. Only one payment per invoice or charter can be in progress."""

from datetime import timedelta
from math import ceil

from coachway.billing.errors import AmountDueChanged, AmountExceedsBalance, NothingDue, PaymentInProgress
from coachway.billing.payments import amount_due, attempt_limits, queries, stripe_customers
from coachway.billing.payments.model import (
    PAYMENT,
    PAYMENT_HOLD,
    REQUEST_KEY,
    CardConsent,
    Payment,
    PaymentHold,
    PaymentInput,
)
from coachway.billing.payments.outcome_refresh import UNSENT_TIMEOUT, get_outcome_timeout, refresh_from_stripe
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.core.types.money import format_units


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
    in_progress = _resolve_previous_attempt(caller, payment)
    # Collections have few attempts.
    attempt_ops = [] if off_session else attempt_limits.charge_attempt_ops(caller, payment)
    hold = PaymentHold(org_id=caller.org_id, subject_id=payment.subject_id, payment_id=payment.id)
    try:
        store.commit(
            caller.without_idempotency(),
            Create(payment),
            Create(hold, on_exists=in_progress),
            *balance.conditions,
            *attempt_ops,
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
    return _build_in_progress_error(payment.created_at + get_outcome_timeout(payment) - clock.now())


def _build_in_progress_error(remaining: timedelta) -> PaymentInProgress:
    minutes = max(1, ceil(remaining / timedelta(minutes=1)))
    unit = "minute" if minutes == 1 else "minutes"
    return PaymentInProgress(f"Another payment is in progress. Its result is known in {minutes} {unit} at the latest.")
