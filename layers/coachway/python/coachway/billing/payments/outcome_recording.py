"""Record the outcome of a card payment, reported by our request, Stripe's webhook or the daily reconciliation.

One transaction writes the payment, its invoice or charter (which a deposit books), the journal and the client's credit.
A success is final. A failure can still change to a success.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from coachway.billing.invoices import payment_effects
from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.ledger import journal, movements
from coachway.billing.payments import attempt_limits, stripe_customers
from coachway.billing.payments.event_payloads import payment_event_fields
from coachway.billing.payments.model import PAYMENT, PAYMENT_HOLD, Payment, PaymentHold, PaymentStatus
from coachway.billing.stripe.client import ChargeOutcome
from coachway.bookings import instalments
from coachway.bookings.charters import lifecycle
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.quote_link import payment_link_nonce
from coachway.bookings.charters.rules import CharterChanged, CharterStatus
from coachway.clients.model import Client
from coachway.contracts.billing.payments import PaymentFailed, PaymentSucceeded, PaymentUnapplied
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import AlreadyConsumed, MarkConsumed, Op, Remove, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.runtime.logging import logger
from coachway.identity.model.organization import ORGANIZATIONS, Organization

_UNPAYABLE_STATUSES: Final = frozenset(
    {CharterStatus.QUOTE, CharterStatus.DECLINED, CharterStatus.EXPIRED, CharterStatus.CANCELLED}
)
_PROBLEMS: Final = {CharterStatus.QUOTE: "The quote was revised and is not accepted yet."}


@dataclass(slots=True)
class _Effect:
    """The effect of a payment on its invoice or charter. `problem` is why it could not be applied, or is empty."""

    ops: list[Op] = field(default_factory=list)
    open_balance: int = 0
    booked: bool = False
    problem: str = ""
    is_unapplied: bool = False


@retry_on_conflict
def record_card(caller: Caller, payment_id: str, payment_method_id: str, card: str | None) -> None:
    """Record the card of a payment before it is charged."""
    before = store.get(Payment, PAYMENT.key(org=caller.org_id, id=payment_id))
    after = before.model_copy(update={"payment_method_id": payment_method_id, "card": card})
    if before.status is PaymentStatus.PENDING and after != before:
        store.commit(caller, Update(before, after))


@retry_on_conflict
def record_awaiting_payer(caller: Caller, payment_id: str, outcome: ChargeOutcome) -> Payment:
    """Record that the payer must confirm a payment at the bank, and return the current payment."""
    before = store.get(Payment, PAYMENT.key(org=caller.org_id, id=payment_id))
    changes = {"requires_confirmation": True, "stripe_payment_intent_id": outcome.payment_intent_id}
    after = before.model_copy(update=changes)
    if before.status is PaymentStatus.PENDING and after != before:
        store.commit(caller, Update(before, after))
        return after
    return before


def record_outcome(
    caller: Caller, payment_id: str, outcome: ChargeOutcome, *, consumed_op: MarkConsumed | None = None
) -> Payment:
    """Record the outcome of a payment unless it is recorded already. `consumed_op` marks its Stripe event as processed.

    Raises NotFound, and AlreadyConsumed for an event that was processed before.
    """
    return _record_outcome(caller, payment_id, outcome, [consumed_op] if consumed_op else [])


@retry_on_conflict
def _record_outcome(caller: Caller, payment_id: str, outcome: ChargeOutcome, consumed_ops: Sequence[Op]) -> Payment:
    before = store.get(Payment, PAYMENT.key(org=caller.org_id, id=payment_id))
    has_succeeded = before.status is PaymentStatus.SUCCEEDED
    if has_succeeded or not outcome.is_final or (before.status is PaymentStatus.FAILED and not outcome.succeeded):
        if consumed_ops:
            store.commit(caller, *consumed_ops)
        return before
    client_key, organization_key = (
        CLIENT.key(org=before.org_id, id=before.client_id),
        ORGANIZATIONS.key(org=before.org_id),
    )
    hold_key = PAYMENT_HOLD.key(org=before.org_id, subject=before.subject_id)
    records = store.batch_get([client_key, organization_key, hold_key])
    client, organization = records.find(Client, client_key), records.get(Organization, organization_key)
    hold = records.find(PaymentHold, hold_key)
    release_ops: list[Op] = [Remove(hold)] if hold is not None and hold.payment_id == before.id else []
    if not outcome.succeeded:
        after = _record_failure(caller, before, outcome, client, [*release_ops, *consumed_ops])
    else:
        after = _record_success(caller, before, outcome, client, organization, [*release_ops, *consumed_ops])
    logger.info("payment settled", payment_id=after.id, org_id=after.org_id, status=after.status.value)
    return after


def _record_success(
    caller: Caller,
    before: Payment,
    outcome: ChargeOutcome,
    client: Client | None,
    organization: Organization,
    other_ops: Sequence[Op],
) -> Payment:
    """Record a successful charge. If the invoice or charter does not accept it, keep it as a deposit."""
    payment = before.model_copy(update={"amount": outcome.amount})
    effect = _build_effect(caller, payment, organization)
    after, ops = _success_ops(before, outcome, client, organization, effect)
    try:
        store.commit(caller, *ops, *other_ops)
    except (errors.ConcurrentUpdate, AlreadyConsumed):
        raise
    except errors.Conflict as error:
        logger.warning("payment could not be applied", payment_id=before.id, reason=error.code)
        effect = _build_deposit_effect(payment, organization, error.detail)
        after, ops = _success_ops(before, outcome, client, organization, effect)
        store.commit(caller, *ops, *other_ops)
    return after


def _record_failure(
    caller: Caller, before: Payment, outcome: ChargeOutcome, client: Client | None, other_ops: Sequence[Op]
) -> Payment:
    """Record a failed charge. The client gets an email about it, but not about each of many."""
    try:
        after, ops = _failure_ops(before, outcome, client, notifies_client=True)
        store.commit(caller, *ops, attempt_limits.failure_email_op(before), *other_ops)
    except errors.RateLimited:
        after, ops = _failure_ops(before, outcome, client, notifies_client=False)
        store.commit(caller, *ops, *other_ops)
    return after


def _failure_ops(
    before: Payment, outcome: ChargeOutcome, client: Client | None, *, notifies_client: bool
) -> tuple[Payment, list[Op]]:
    after = before.model_copy(
        update={
            "status": PaymentStatus.FAILED,
            "failed_at": clock.now(),
            "failure_code": outcome.failure_code,
            "failure_message": outcome.failure_message,
            "requires_confirmation": False,
            "stripe_payment_intent_id": outcome.payment_intent_id or before.stripe_payment_intent_id,
        }
    )
    link_nonce, ops = _payment_link_nonce(before)
    event = PaymentFailed(
        **payment_event_fields(after, client),
        failure_code=outcome.failure_code or "",
        failure_message=outcome.failure_message or "",
        link_nonce=link_nonce,
        notifies_client=notifies_client,
    )
    return after, [Update(before, after, [event]), *ops]


def _payment_link_nonce(payment: Payment) -> tuple[str, list[Op]]:
    """Return the nonce of the link to the payment page, and the operations that create the link if necessary."""
    charter = _find_charter(payment)
    if charter is not None:
        return payment_link_nonce(charter)
    invoice = _find_invoice(payment.org_id, payment.invoice_id)
    return (invoice.link_nonce if invoice else ""), []


def _success_ops(
    before: Payment, outcome: ChargeOutcome, client: Client | None, organization: Organization, effect: _Effect
) -> tuple[Payment, list[Op]]:
    now = clock.now()
    after = before.model_copy(
        update={
            "status": PaymentStatus.SUCCEEDED,
            "amount": outcome.amount,
            "succeeded_at": now,
            "failed_at": None,
            "failure_code": None,
            "failure_message": None,
            "requires_confirmation": False,
            "stripe_payment_intent_id": outcome.payment_intent_id,
            "stripe_charge_id": outcome.charge_id,
            "fee": outcome.fee,
            "notes": effect.problem or before.notes,
            "is_unapplied": effect.is_unapplied,
        }
    )
    events: list[Event] = [
        PaymentSucceeded(
            **payment_event_fields(after, client),
            succeeded_at=now,
            open_balance=effect.open_balance,
            booked=effect.booked,
        )
    ]
    if effect.problem:
        events.append(PaymentUnapplied(**payment_event_fields(after, client), trouble=effect.problem))
    ops: list[Op] = [Update(before, after, events), *effect.ops]
    if outcome.fee:
        fee = movements.build_fee_paid(cents=outcome.fee, currency=before.currency, memo=f"Fee of {before.id}")
        ops += journal.journal_ops(organization, fee, reference=before.id)
    customer = stripe_customers.find_customer(before.org_id, before.client_id)
    return after, [*ops, *stripe_customers.save_card_ops(customer, after)]


def _find_invoice(org_id: str, invoice_id: str | None) -> Invoice | None:
    return store.find(Invoice, INVOICE.key(org=org_id, id=invoice_id)) if invoice_id else None


def _build_effect(caller: Caller, payment: Payment, organization: Organization) -> _Effect:
    """Build the effect on the current invoice or charter. The charter can have been invoiced or cancelled since."""
    charter = _find_charter(payment)
    invoice = _find_invoice(payment.org_id, payment.invoice_id or (charter.invoice_id if charter else None))
    if invoice is not None:
        try:
            return _build_invoice_effect(payment, invoice)
        except errors.ConcurrentUpdate:
            raise
        except errors.Conflict as error:
            return _build_deposit_effect(payment, organization, error.detail)
    if charter is None:
        return _build_deposit_effect(payment, organization, "The invoice or charter of this payment was deleted.")
    return _build_charter_effect(caller, payment, charter, organization)


def _build_invoice_effect(payment: Payment, invoice: Invoice) -> _Effect:
    context = payment_effects.load_payment_context(Caller.system("payments", payment.org_id), invoice.id)
    after, ops = payment_effects.apply_payment(context, payment_id=payment.id, cents=payment.amount)
    return _Effect(ops, open_balance=after.balance_due)


def _deposit_ops(payment: Payment, organization: Organization, charter_id: str | None) -> list[Op]:
    movement = movements.build_deposit_received(
        client_id=payment.client_id,
        charter_id=charter_id,
        cents=payment.amount,
        currency=payment.currency,
        memo=f"Payment ahead for {payment.number}",
    )
    return journal.journal_ops(organization, movement, reference=payment.id)


def _build_deposit_effect(payment: Payment, organization: Organization, problem: str) -> _Effect:
    """Build the effect of a payment that is kept as a deposit, for staff to apply or refund."""
    effect = _Effect(_deposit_ops(payment, organization, payment.charter_id), problem=problem, is_unapplied=True)
    charter = _find_charter(payment)
    if charter is not None:
        charter_after = charter.model_copy(update={"amount_paid": charter.amount_paid + payment.amount})
        effect.ops.append(Update(charter, charter_after, on_stale=CharterChanged()))
    return effect


def _find_charter(payment: Payment) -> Charter | None:
    if payment.charter_id is None:
        return None
    return store.find(Charter, CHARTER.key(org=payment.org_id, id=payment.charter_id))


def _build_charter_effect(caller: Caller, payment: Payment, charter: Charter, organization: Organization) -> _Effect:
    amount_paid = charter.amount_paid + payment.amount
    effect = _Effect(
        _deposit_ops(payment, organization, charter.id), open_balance=max(0, charter.quote.total - amount_paid)
    )
    awaits_deposit = charter.status is CharterStatus.QUOTE and charter.is_accepted
    if awaits_deposit and amount_paid >= instalments.sum_due_to_book(charter.instalments):
        try:
            _, ops = lifecycle.booking_ops(
                caller, charter, charter.accepted_by or "", "deposit paid", amount_paid=amount_paid
            )
        except errors.ConcurrentUpdate:
            raise
        except errors.Conflict as error:
            effect.problem = error.detail
        else:
            effect.ops += ops
            effect.booked = True
            return effect
    elif not awaits_deposit and charter.status in _UNPAYABLE_STATUSES:
        effect.problem = _PROBLEMS.get(charter.status, f"The charter is {charter.status}.")
    after = charter.model_copy(update={"amount_paid": amount_paid})
    effect.ops.append(Update(charter, after, on_stale=CharterChanged()))
    return effect
