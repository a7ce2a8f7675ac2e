"""Writes what became of a payment by card, whoever learns it first: our call, Stripe's notice, the daily comparison.

It is written once: the payment, what it was for (an invoice, or a charter that it may book), the journal, and what the
client owes, in one transaction. That money moved is final; that it did not may turn out to be wrong, and is put right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from coachway.billing.invoices import payment_effects
from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.ledger import journal as ledger_journal
from coachway.billing.ledger import movements
from coachway.billing.payments import stripe_customers
from coachway.billing.payments.event_payloads import about
from coachway.billing.payments.model import PAYMENT, UNDER_WAY, Payment, PaymentStatus, UnderWay
from coachway.billing.stripe.client import Charged
from coachway.bookings.charters import instalments, lifecycle
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import CharterChanged, Status
from coachway.bookings.quotes import links as quote_links
from coachway.clients.model import Client
from coachway.contracts.billing.payments import PaymentFailed, PaymentSucceeded, PaymentUnplaced
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import AlreadyConsumed, MarkConsumed, Op, Remove, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.runtime.logging import logger
from coachway.identity.model.organization import ORGANIZATIONS, Organization

_NOT_TAKING_PLACE: Final = frozenset({Status.QUOTE, Status.DECLINED, Status.EXPIRED, Status.CANCELLED})


_NOT_TAKEN: Final = {Status.QUOTE: "its quote was revised meanwhile, and is not accepted yet"}


@dataclass(slots=True)
class _Effect:
    """What a payment does to what it was for."""

    ops: list[Op] = field(default_factory=list)
    open_balance: int = 0
    booked: bool = False
    trouble: str = ""
    kept_as_deposit: bool = False


def by_card(caller: Caller, payment_id: str, payment_method_id: str, card: str | None) -> None:
    """Note, before it is charged, which card a payment is made with."""

    def act() -> None:
        before = store.get(Payment, PAYMENT.key(org=caller.org_id, id=payment_id))
        after = before.model_copy(update={"payment_method_id": payment_method_id, "card": card})
        if before.status is PaymentStatus.PENDING and after != before:
            store.commit(caller, Update(before, after))

    retry_on_conflict(act)()


def awaiting_payer(caller: Caller, payment_id: str, charged: Charged) -> Payment:
    """Note that its payer has to confirm a payment at the bank; the payment as it is now."""

    def act() -> Payment:
        before = store.get(Payment, PAYMENT.key(org=caller.org_id, id=payment_id))
        changed = {"awaits_payer": True, "stripe_payment_intent_id": charged.payment_intent_id}
        after = before.model_copy(update=changed)
        if before.status is PaymentStatus.PENDING and after != before:
            store.commit(caller, Update(before, after))
            return after
        return before

    return retry_on_conflict(act)()


def record_outcome(caller: Caller, payment_id: str, outcome: Charged, *, once: MarkConsumed | None = None) -> Payment:
    """The payment with its outcome written, by this call or before. `once` marks the notice that told of it.

    Raises Missing, AlreadyConsumed for a notice that had its effect.
    """
    return retry_on_conflict(lambda: _settle(caller, payment_id, outcome, [once] if once else []))()


def _settle(caller: Caller, payment_id: str, outcome: Charged, marks: Sequence[Op]) -> Payment:
    before = store.get(Payment, PAYMENT.key(org=caller.org_id, id=payment_id))
    written = before.status is PaymentStatus.SUCCEEDED
    if written or not outcome.is_final or (before.status is PaymentStatus.FAILED and not outcome.succeeded):
        if marks:
            store.commit(caller, *marks)
        return before
    client_key, house_key = CLIENT.key(org=before.org_id, id=before.client_id), ORGANIZATIONS.key(org=before.org_id)
    hold_key = UNDER_WAY.key(org=before.org_id, subject=before.subject_id)
    found = store.batch_get([client_key, house_key, hold_key])
    client, house = found.find(Client, client_key), found.get(Organization, house_key)
    hold = found.find(UnderWay, hold_key)
    freed: list[Op] = [Remove(hold)] if hold is not None and hold.payment_id == before.id else []
    if not outcome.succeeded:
        after, ops = _failed(before, outcome, client)
        store.commit(caller, *ops, *freed, *marks)
    else:
        after = _written(caller, before, outcome, client, house, [*freed, *marks])
    logger.info("payment settled", payment_id=after.id, org_id=after.org_id, status=after.status.value)
    return after


def _written(
    caller: Caller, before: Payment, outcome: Charged, client: Client | None, house: Organization, more: Sequence[Op]
) -> Payment:
    """Money that moved is written, as much as it was, also when what it was for does not take it."""
    charged = before.model_copy(update={"amount": outcome.amount})
    effect = _effect(caller, charged, house)
    after, ops = _succeeded(before, outcome, client, house, effect)
    try:
        store.commit(caller, *ops, *more)
    except (errors.ConcurrentUpdate, AlreadyConsumed):
        raise
    except errors.Conflict as refusal:
        logger.warning("a payment could not be placed", payment_id=before.id, reason=refusal.title)
        after, ops = _succeeded(before, outcome, client, house, _kept_as_deposit(charged, house, refusal.detail))
        store.commit(caller, *ops, *more)
    return after


def _failed(before: Payment, outcome: Charged, client: Client | None) -> tuple[Payment, list[Op]]:
    after = before.model_copy(
        update={
            "status": PaymentStatus.FAILED,
            "failed_at": clock.now(),
            "failure_code": outcome.failure_code,
            "failure_message": outcome.failure_message,
            "awaits_payer": False,
            "stripe_payment_intent_id": outcome.payment_intent_id or before.stripe_payment_intent_id,
        }
    )
    nonce, ops = _link(before)
    told = PaymentFailed(
        **about(after, client),
        failure_code=outcome.failure_code or "",
        failure_message=outcome.failure_message or "",
        link_nonce=nonce,
    )
    return after, [Update(before, after, [told]), *ops]


def _link(payment: Payment) -> tuple[str, list[Op]]:
    """What makes the link to the page on which it can be paid instead, and the ops that make there be one."""
    charter = _charter(payment)
    if charter is not None:
        return quote_links.payment_link_nonce(charter)
    invoice = _invoice(payment.org_id, payment.invoice_id)
    return (invoice.link_nonce if invoice else ""), []


def _succeeded(
    before: Payment, outcome: Charged, client: Client | None, house: Organization, effect: _Effect
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
            "awaits_payer": False,
            "stripe_payment_intent_id": outcome.payment_intent_id,
            "stripe_charge_id": outcome.charge_id,
            "fee": outcome.fee,
            "notes": effect.trouble or before.notes,
            "kept_as_deposit": effect.kept_as_deposit,
        }
    )
    told: list[Event] = [
        PaymentSucceeded(
            **about(after, client),
            succeeded_at=now,
            open_balance=effect.open_balance,
            booked=effect.booked,
        )
    ]
    if effect.trouble:
        told.append(PaymentUnplaced(**about(after, client), trouble=effect.trouble))
    ops: list[Op] = [Update(before, after, told), *effect.ops]
    if outcome.fee:
        cost = movements.fee_paid(cents=outcome.fee, currency=before.currency, memo=f"Fee of {before.id}")
        ops += ledger_journal.journal_ops(house, cost, reference=before.id)
    kept = stripe_customers.find(before.org_id, before.client_id)
    return after, [*ops, *stripe_customers.save_card_ops(kept, before.payment_method_id, before.card)]


def _invoice(org_id: str, invoice_id: str | None) -> Invoice | None:
    return store.find(Invoice, INVOICE.key(org=org_id, id=invoice_id)) if invoice_id else None


def _effect(caller: Caller, payment: Payment, house: Organization) -> _Effect:
    """On what the payment was for, as that is now: a charter may have been invoiced, or called off, meanwhile."""
    charter = _charter(payment)
    invoice = _invoice(payment.org_id, payment.invoice_id or (charter.invoice_id if charter else None))
    if invoice is not None:
        try:
            return _on_invoice(payment, invoice)
        except errors.ConcurrentUpdate:
            raise
        except errors.Conflict as refusal:
            return _kept_as_deposit(payment, house, f"{refusal.title}: {refusal.detail}")
    if charter is None:
        return _kept_as_deposit(payment, house, "what it was for is not there any more")
    return _on_charter(caller, payment, charter, house)


def _on_invoice(payment: Payment, invoice: Invoice) -> _Effect:
    on = payment_effects.load_context(Caller.system("payments", payment.org_id), invoice.id)
    after, ops = payment_effects.apply_payment(on, payment_id=payment.id, cents=payment.amount)
    return _Effect(ops, open_balance=after.balance_due)


def _deposit(payment: Payment, house: Organization, charter_id: str | None) -> list[Op]:
    movement = movements.deposit_received(
        client_id=payment.client_id,
        charter_id=charter_id,
        cents=payment.amount,
        currency=payment.currency,
        memo=f"Payment ahead for {payment.number}",
    )
    return ledger_journal.journal_ops(house, movement, reference=payment.id)


def _kept_as_deposit(payment: Payment, house: Organization, trouble: str) -> _Effect:
    """The money is here and is the client's: staff give it back, or use it. A charter says that it was paid for."""
    effect = _Effect(_deposit(payment, house, payment.charter_id), trouble=trouble, kept_as_deposit=True)
    charter = _charter(payment)
    if charter is not None:
        paid = charter.model_copy(update={"amount_paid": charter.amount_paid + payment.amount})
        effect.ops.append(Update(charter, paid, lost=CharterChanged()))
    return effect


def _charter(payment: Payment) -> Charter | None:
    if payment.charter_id is None:
        return None
    return store.find(Charter, CHARTER.key(org=payment.org_id, id=payment.charter_id))


def _on_charter(caller: Caller, payment: Payment, charter: Charter, house: Organization) -> _Effect:
    paid = charter.amount_paid + payment.amount
    effect = _Effect(_deposit(payment, house, charter.id), open_balance=max(0, charter.quote.total - paid))
    waits = charter.status is Status.QUOTE and charter.is_accepted
    if waits and paid >= instalments.amount_due_to_book(charter.instalments):
        try:
            _, ops = lifecycle.booking_ops(caller, charter, charter.accepted_by or "", "deposit paid", amount_paid=paid)
        except errors.ConcurrentUpdate:
            raise
        except errors.Conflict as refusal:
            effect.trouble = refusal.detail
        else:
            effect.ops += ops
            effect.booked = True
            return effect
    elif not waits and charter.status in _NOT_TAKING_PLACE:
        effect.trouble = _NOT_TAKEN.get(charter.status, f"the charter is {charter.status}")
    after = charter.model_copy(update={"amount_paid": paid})
    effect.ops.append(Update(charter, after, lost=CharterChanged()))
    return effect
