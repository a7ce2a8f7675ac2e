"""Refunds: asked for, agreed to, rejected, taken up again, found. `refund_flow` gives back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.payments.model import PAYMENT, PROMISED, PROMISES, Payment, PaymentStatus
from coachway.billing.refunds import rules
from coachway.billing.refunds.model import (
    BY_MONTH,
    OF_CLIENT,
    OF_PAYMENT,
    REFUND,
    SETTLED,
    Refund,
    RefundInput,
    RefundQuery,
    Settlement,
)
from coachway.billing.refunds.rules import RefundStatus
from coachway.bookings.charters import workflow_failures
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.clients.model import Client
from coachway.contracts.billing.refunds import RefundApproved, RefundRejected, RefundRequested
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import CheckAbsent, CheckVersion, Create, IncrementCounters, Op, Update
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import Page
from coachway.core.types import ids
from coachway.identity.model.organization import ORGANIZATIONS, Organization

FLOW: Final = "refund"
"""What its flow is called on a charter."""


def request(caller: Caller, wanted: RefundInput) -> Refund:
    """Ask for something to be given back: a flow does it.

    Raises Invalid for a payment that is not there, Conflict for one that did not succeed, or when less is left of it.
    """
    return retry_on_conflict(lambda: _request(caller, wanted))()


def _request(caller: Caller, wanted: RefundInput) -> Refund:
    payment = store.find(Payment, PAYMENT.key(org=caller.org_id, id=wanted.payment_id))
    if payment is None:
        raise errors.Invalid.field("payment_id", "there is no such payment")
    if payment.status is not PaymentStatus.SUCCEEDED:
        raise errors.Conflict(f"this payment is {payment.status}", title="nothing was paid that could be given back")
    if payment.is_disputed:
        raise errors.Conflict("its payer's bank decides whose it is: wait for that", title="this payment is disputed")
    charter_id = charter_of(payment)
    keys = ORGANIZATIONS.key(org=caller.org_id), CLIENT.key(org=caller.org_id, id=payment.client_id)
    promised, settled = PROMISED.key(org=caller.org_id, payment=payment.id), _settled(caller, charter_id)
    found = store.batch_get([*keys, promised, *([settled] if settled else [])])
    held = found.numbers(promised).get("refunded", 0)
    left = payment.amount - held
    amount = wanted.amount or left
    if amount > left or amount <= 0:
        raise _more_than_paid(left, payment.currency)
    settlement = found.find(Settlement, settled) if settled is not None else None
    house = found.get(Organization, keys[0])
    refund = build_refund(
        payment,
        found.find(Client, keys[1]),
        amount,
        wanted.reason,
        charter_id=charter_id,
        needs_approval=rules.needs_approval(amount, house.approval_thresholds.refund, before=held),
        requested_by=caller.user_id,
        of_fee=settlement is not None and payment.id in settlement.payment_ids,
    )
    ops: list[Op] = [
        *requested(refund, payment, seen=held),
        CheckVersion(payment, errors.ConcurrentUpdate("the payment was changed meanwhile: look again")),
    ]
    if settled is not None and settlement is None:
        ops.append(CheckAbsent(settled, errors.ConcurrentUpdate("the trip was cancelled meanwhile: look again")))
    store.commit(caller, *ops)
    return refund


def charter_of(payment: Payment) -> str | None:
    """The one trip that a payment was for, if it was for one."""
    if payment.invoice_id is None:
        return payment.charter_id
    invoice = store.find(Invoice, INVOICE.key(org=payment.org_id, id=payment.invoice_id))
    return invoice.charter_ids[0] if invoice is not None and len(invoice.charter_ids) == 1 else None


def trip_of(refund: Refund) -> Charter | None:
    """The charter that a refund is about, if it is about one."""
    if refund.charter_id is None:
        return None
    return store.find(Charter, CHARTER.key(org=refund.org_id, id=refund.charter_id))


def _settled(caller: Caller, charter_id: str | None) -> Any:
    return SETTLED.key(org=caller.org_id, charter=charter_id) if charter_id is not None else None


def build_refund(payment: Payment, client: Client | None, amount: int, reason: str, **fields: Any) -> Refund:
    """A refund of a payment as it begins: on its way, or waiting for a manager."""
    awaiting = fields["needs_approval"]
    return Refund(
        id=ids.new("rfd"),
        org_id=payment.org_id,
        payment_id=payment.id,
        client_id=payment.client_id,
        client_name=client.name if client else "",
        client_email=client.email if client else "",
        invoice_id=payment.invoice_id,
        number=payment.number,
        amount=amount,
        currency=payment.currency,
        method=payment.method,
        reason=reason,
        status=RefundStatus.AWAITING_APPROVAL if awaiting else RefundStatus.PENDING,
        **fields,
    )


def requested(refund: Refund, payment: Payment, *, seen: int) -> list[Op]:
    """The ops that write a new refund and its hold on the payment: all that is held is never more than was paid.

    They fail with LostRace unless `seen` is what was held before.
    """
    held = seen + refund.amount
    if held > payment.amount:
        raise _more_than_paid(payment.amount - seen, payment.currency)
    exactly = {"refunded": held}
    race = errors.ConcurrentUpdate("something else was given back meanwhile: look again")
    told = RefundRequested(**event_fields(refund), needs_approval=refund.needs_approval, round=refund.round)
    key = PROMISED.key(org=refund.org_id, payment=refund.payment_id)
    hold = IncrementCounters(
        key, {"refunded": refund.amount}, PROMISES, at_most=exactly, at_least=exactly, otherwise=race
    )
    return [Create(refund, [told]), hold]


def _more_than_paid(left: int, currency: str) -> errors.Conflict:
    said = f"{left / 100:.2f} {currency} is left of this payment" if left > 0 else "nothing is left of this payment"
    return errors.Conflict(said, title="that is more than was paid")


def event_fields(refund: Refund) -> dict[str, Any]:
    """The fields that every event of a refund has."""
    return {
        "refund_id": refund.id,
        "payment_id": refund.payment_id,
        "client_id": refund.client_id,
        "client_name": refund.client_name,
        "client_email": refund.client_email,
        "charter_id": refund.charter_id,
        "invoice_id": refund.invoice_id,
        "number": refund.number,
        "amount": refund.amount,
        "currency": refund.currency,
        "reason": refund.reason,
    }


def get(caller: Caller, refund_id: str, *, expected: int | None = None) -> Refund:
    """A refund. Raises Missing, also for another client's; Stale when `expected` is not its version."""
    found = store.get(Refund, REFUND.key(org=caller.org_id, id=refund_id), expected=expected)
    if caller.is_outside and (caller.role != "client" or caller.party_id != found.client_id):
        raise errors.NotFound("there is no such refund")
    return found


def listed(caller: Caller, query: RefundQuery) -> Page[Refund]:
    """Refunds, newest first. Clients see their own."""
    if caller.is_outside:
        if caller.role != "client" or query.client_id not in {None, caller.party_id}:
            raise errors.NotFound("there is no such client")
        query = query.model_copy(update={"client_id": caller.party_id})
    wanted = {name: getattr(query, name) for name in ("payment_id", "client_id", "charter_id")}
    where: dict[str, str | int | bool] = {name: value for name, value in wanted.items() if value is not None}
    if query.status is not None:
        where["status"] = query.status.value
    if query.payment_id is not None:
        partition = OF_PAYMENT.partition(org=caller.org_id, payment=query.payment_id)
        return query_page(Refund, OF_PAYMENT, [partition], query, where=where, descending=True)
    if query.client_id is not None:
        partition = OF_CLIENT.partition(org=caller.org_id, client=query.client_id)
        return query_page(Refund, OF_CLIENT, [partition], query, where=where, descending=True)
    since = months_between(ids.created_at_of(caller.org_id), clock.now())
    partitions = [BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(since)]
    return query_page(Refund, BY_MONTH, partitions, query, where=where, descending=True)


def approve(caller: Caller, refund_id: str, reason: str, expected: int | None) -> Refund:
    """Agree to a refund. Raises Conflict once somebody decided."""

    def decided(before: Refund) -> list[Op]:
        rules.require_step(before.status, RefundStatus.PENDING)
        if before.status is not RefundStatus.AWAITING_APPROVAL:
            raise errors.Conflict(f"this refund is {before.status}", title="there is nothing to agree to")
        after = _decided(caller, before, RefundStatus.PENDING, reason)
        return [Update(before, after, [RefundApproved(**event_fields(after))])]

    return _decide(caller, refund_id, expected, decided)


def reject(caller: Caller, refund_id: str, reason: str, expected: int | None) -> Refund:
    """Do not give it back: the payment is free again. Raises Conflict when it may have been given back."""

    def decided(before: Refund) -> list[Op]:
        rules.require_step(before.status, RefundStatus.REJECTED)
        if before.sent_at is not None:
            raise errors.Conflict(
                "it may have been given back already: take it up again, which looks", title="it may be on its way"
            )
        after = _decided(caller, before, RefundStatus.REJECTED, reason)
        free = IncrementCounters(
            PROMISED.key(org=before.org_id, payment=before.payment_id),
            {"refunded": -before.amount},
            PROMISES,
            at_least={"refunded": 0},
        )
        return [
            Update(before, after, [RefundRejected(**event_fields(after), decision_reason=reason)]),
            free,
            *_no_failure(before),
        ]

    return _decide(caller, refund_id, expected, decided)


def retry(caller: Caller, refund_id: str, expected: int | None) -> Refund:
    """Take up again one that stands still. Raises Conflict unless it failed."""

    def again(before: Refund) -> list[Op]:
        if before.status is not RefundStatus.FAILED:
            raise errors.Conflict(f"this refund is {before.status}", title="it does not stand still")
        after = resumed(before).model_copy(update={"round": before.round + 1})
        told = RefundRequested(**event_fields(after), needs_approval=after.needs_approval, round=after.round)
        return [Update(before, after, [told]), *_no_failure(before)]

    return _decide(caller, refund_id, expected, again)


def _no_failure(refund: Refund) -> list[Op]:
    return workflow_failures.clear_failure_ops(trip_of(refund), FLOW) if refund.failure is not None else []


def resumed(refund: Refund) -> Refund:
    """One that stood still, as it goes on from where it was."""
    open_ = refund.needs_approval and refund.decided_at is None
    status = RefundStatus.AWAITING_APPROVAL if open_ else RefundStatus.PENDING
    rules.require_step(refund.status, status)
    return refund.model_copy(update={"status": status, "failure": None})


def _decided(caller: Caller, refund: Refund, status: RefundStatus, reason: str) -> Refund:
    said = {"decided_by": caller.user_id, "decided_at": clock.now(), "decision_reason": reason}
    return refund.model_copy(update={"status": status, "failure": None, **said})


def _decide(caller: Caller, refund_id: str, expected: int | None, ops: Callable[[Refund], list[Op]]) -> Refund:
    before = get(caller, refund_id, expected=expected)
    work = ops(before)
    store.commit(caller, *work)
    first = work[0]
    if not isinstance(first, Update) or not isinstance(first.after, Refund):
        raise TypeError("a decision is about a refund")
    return first.after
