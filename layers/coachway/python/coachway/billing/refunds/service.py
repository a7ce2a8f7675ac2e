"""Request, approve, reject, retry, get and list refunds. The workflow executes them."""

from collections.abc import Callable
from typing import Any, Final

from coachway.billing.errors import (
    AmountExceedsPayment,
    PaymentIsDisputed,
    PaymentNotRefundable,
    RefundMayBeSent,
    RefundNotAwaitingApproval,
    RefundNotFailed,
    RefundSelfApproval,
)
from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.payments.model import PAYMENT, REFUND_HOLDS, REFUND_HOLDS_KIND, Payment, PaymentStatus
from coachway.billing.refunds import rules
from coachway.billing.refunds.model import (
    BY_MONTH,
    CANCELLATION_SETTLEMENT,
    OF_CLIENT,
    OF_PAYMENT,
    REFUND,
    CancellationSettlement,
    Refund,
    RefundInput,
    RefundQuery,
)
from coachway.billing.refunds.rules import RefundStatus
from coachway.bookings import workflow_failures
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.clients.model import Client
from coachway.contracts.billing.refunds import RefundApproved, RefundRejected, RefundRequested
from coachway.core import errors, store
from coachway.core.auth.api_keys import get_person_id
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.internal_fields import hide_internal_fields, hide_internal_fields_in_page
from coachway.core.persistence.operations import CheckAbsent, CheckVersion, Create, IncrementCounters, Op, Update
from coachway.core.persistence.queries import query_by_month, query_page
from coachway.core.persistence.records import Key
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import Page
from coachway.core.types import ids
from coachway.core.types.money import format_units
from coachway.identity.model.organization import ORGANIZATIONS, Organization

WORKFLOW: Final = "refund"
"""The name of the refund workflow in a charter's `workflow_failures`."""


@retry_on_conflict
def request_refund(caller: Caller, request: RefundInput) -> Refund:
    """Create a refund, which starts its workflow.

    Raises Invalid for an unknown payment, PaymentNotRefundable, PaymentIsDisputed, AmountExceedsPayment.
    """
    payment = store.find(Payment, PAYMENT.key(org=caller.org_id, id=request.payment_id))
    if payment is None:
        raise errors.Invalid.field("payment_id", "does not exist", "not_found")
    if payment.status is not PaymentStatus.SUCCEEDED:
        raise PaymentNotRefundable(f"This payment is {payment.status}. Only successful payments can be refunded.")
    if payment.is_disputed:
        raise PaymentIsDisputed("The payer disputes this payment. Wait for the bank's decision.")
    charter_id = find_charter_id(payment)
    organization_key = ORGANIZATIONS.key(org=caller.org_id)
    client_key = CLIENT.key(org=caller.org_id, id=payment.client_id)
    hold_key = REFUND_HOLDS.key(org=caller.org_id, payment=payment.id)
    settlement_key = _settlement_key(caller, charter_id)
    optional_keys = [settlement_key] if settlement_key else []
    records = store.batch_get([organization_key, client_key, hold_key, *optional_keys])
    held_amount = records.numbers(hold_key).get("refunded", 0)
    refundable = payment.amount - held_amount
    amount = request.amount or refundable
    if amount > refundable or amount <= 0:
        raise _build_amount_error(refundable, payment.currency)
    settlement = records.find(CancellationSettlement, settlement_key) if settlement_key is not None else None
    organization = records.get(Organization, organization_key)
    refund = build_refund(
        payment,
        records.find(Client, client_key),
        amount,
        request.reason,
        charter_id=charter_id,
        needs_approval=rules.needs_approval(
            amount, organization.approval_thresholds.refund, refunded_before=held_amount
        ),
        message_to_client=request.message_to_client,
        requested_by=get_person_id(caller),
        refunds_cancellation_fee=settlement is not None and payment.id in settlement.payment_ids,
    )
    ops: list[Op] = [
        *create_refund_ops(refund, payment, held_before=held_amount),
        CheckVersion(
            payment, errors.ConcurrentUpdate("The payment was changed by another request. Read it again, then retry.")
        ),
    ]
    if settlement_key is not None and settlement is None:
        ops.append(CheckAbsent(settlement_key, errors.ConcurrentUpdate("The charter was cancelled. Retry.")))
    store.commit(caller, *ops)
    return refund


def find_charter_id(payment: Payment) -> str | None:
    """Return the id of the only charter that a payment was for. None if its invoice has several charters."""
    if payment.invoice_id is None:
        return payment.charter_id
    invoice = store.find(Invoice, INVOICE.key(org=payment.org_id, id=payment.invoice_id))
    return invoice.charter_ids[0] if invoice is not None and len(invoice.charter_ids) == 1 else None


def find_charter(refund: Refund) -> Charter | None:
    """Find the charter of a refund, if it has one."""
    if refund.charter_id is None:
        return None
    return store.find(Charter, CHARTER.key(org=refund.org_id, id=refund.charter_id))


def _settlement_key(caller: Caller, charter_id: str | None) -> Key | None:
    return CANCELLATION_SETTLEMENT.key(org=caller.org_id, charter=charter_id) if charter_id is not None else None


def build_refund(payment: Payment, client: Client | None, amount: int, reason: str, **fields: Any) -> Refund:
    """Build a new refund of a payment: pending, or awaiting approval."""
    is_awaiting_approval = fields["needs_approval"]
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
        status=RefundStatus.AWAITING_APPROVAL if is_awaiting_approval else RefundStatus.PENDING,
        **fields,
    )


def create_refund_ops(refund: Refund, payment: Payment, *, held_before: int) -> list[Op]:
    """Return the operations that create a refund and its hold on the payment. Holds never exceed the payment.

    The operations fail with ConcurrentUpdate unless `held_before` is the current hold, in cents.
    """
    held_amount = held_before + refund.amount
    if held_amount > payment.amount:
        raise _build_amount_error(payment.amount - held_before, payment.currency)
    expected = {"refunded": held_amount}
    conflict = errors.ConcurrentUpdate("Another refund of this payment was created. Retry.")
    event = RefundRequested(**event_fields(refund), needs_approval=refund.needs_approval, round=refund.round)
    key = REFUND_HOLDS.key(org=refund.org_id, payment=refund.payment_id)
    hold = IncrementCounters(
        key, {"refunded": refund.amount}, REFUND_HOLDS_KIND, at_most=expected, at_least=expected, on_failure=conflict
    )
    return [Create(refund, [event]), hold]


def _build_amount_error(refundable: int, currency: str) -> AmountExceedsPayment:
    return AmountExceedsPayment(f"Only {format_units(max(refundable, 0))} {currency} of this payment can be refunded.")


def event_fields(refund: Refund) -> dict[str, Any]:
    """Return the fields common to all events of a refund."""
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
        "message_to_client": refund.message_to_client,
    }


def get_refund(caller: Caller, refund_id: str, *, expected: int | None = None) -> Refund:
    """Get a refund. Raises NotFound, also for refunds the caller cannot see, and PreconditionFailed."""
    refund = store.get(Refund, REFUND.key(org=caller.org_id, id=refund_id), expected=expected)
    if caller.is_external and (caller.role != "client" or caller.party_id != refund.client_id):
        raise errors.NotFound("The refund was not found.")
    return refund


def show_refund(caller: Caller, refund_id: str) -> Refund:
    """Get a refund as the caller may see it. Raises NotFound."""
    return hide_internal_fields(caller, get_refund(caller, refund_id))


def list_refunds(caller: Caller, query: RefundQuery) -> Page[Refund]:
    """List refunds, newest first. Clients see their own."""
    return hide_internal_fields_in_page(caller, _list_refunds(caller, query))


def _list_refunds(caller: Caller, query: RefundQuery) -> Page[Refund]:
    if caller.is_external:
        if caller.role != "client" or query.client_id not in {None, caller.party_id}:
            raise errors.NotFound("The client was not found.")
        query = query.model_copy(update={"client_id": caller.party_id})
    references = {name: getattr(query, name) for name in ("payment_id", "client_id", "charter_id")}
    filters: dict[str, str | int | bool] = {name: value for name, value in references.items() if value is not None}
    if query.status is not None:
        filters["status"] = query.status.value
    if query.payment_id is not None:
        partition = OF_PAYMENT.partition(org=caller.org_id, payment=query.payment_id)
        return query_page(Refund, OF_PAYMENT, [partition], query, where=filters, descending=True)
    if query.client_id is not None:
        partition = OF_CLIENT.partition(org=caller.org_id, client=query.client_id)
        return query_page(Refund, OF_CLIENT, [partition], query, where=filters, descending=True)
    return query_by_month(Refund, BY_MONTH, caller, query, where=filters)


def approve_refund(caller: Caller, refund_id: str, reason: str, expected: int | None) -> Refund:
    """Approve a refund. Raises RefundNotAwaitingApproval, RefundSelfApproval."""

    def approve(before: Refund) -> tuple[Refund, list[Op]]:
        rules.TRANSITIONS.require(before.status, RefundStatus.PENDING)
        if before.status is not RefundStatus.AWAITING_APPROVAL:
            raise RefundNotAwaitingApproval(f"This refund is {before.status}. It is not waiting for approval.")
        if get_person_id(caller) == before.requested_by:
            raise RefundSelfApproval("You requested this refund. Another person must approve it.")
        after = _build_decided_refund(caller, before, RefundStatus.PENDING, reason)
        return after, [Update(before, after, [RefundApproved(**event_fields(after))])]

    return _commit_change(caller, refund_id, expected, approve)


def reject_refund(caller: Caller, refund_id: str, reason: str, expected: int | None) -> Refund:
    """Reject a refund and release its hold on the payment. Raises RefundMayBeSent."""

    def reject(before: Refund) -> tuple[Refund, list[Op]]:
        rules.TRANSITIONS.require(before.status, RefundStatus.REJECTED)
        if before.sent_at is not None:
            raise RefundMayBeSent("This refund may have reached the payer. Retry it to find out.")
        after = _build_decided_refund(caller, before, RefundStatus.REJECTED, reason)
        release_op = IncrementCounters(
            REFUND_HOLDS.key(org=before.org_id, payment=before.payment_id),
            {"refunded": -before.amount},
            REFUND_HOLDS_KIND,
            at_least={"refunded": 0},
        )
        event = RefundRejected(**event_fields(after), decision_reason=reason)
        return after, [Update(before, after, [event]), release_op, *_clear_failure_ops(before)]

    return _commit_change(caller, refund_id, expected, reject)


def retry_refund(caller: Caller, refund_id: str, expected: int | None) -> Refund:
    """Retry a failed refund. Raises RefundNotFailed."""

    def retry(before: Refund) -> tuple[Refund, list[Op]]:
        if before.status is not RefundStatus.FAILED:
            raise RefundNotFailed(f"This refund is {before.status}. Only failed refunds can be retried.")
        after = build_resumed_refund(before).model_copy(update={"round": before.round + 1})
        event = RefundRequested(**event_fields(after), needs_approval=after.needs_approval, round=after.round)
        return after, [Update(before, after, [event]), *_clear_failure_ops(before)]

    return _commit_change(caller, refund_id, expected, retry)


def _clear_failure_ops(refund: Refund) -> list[Op]:
    return workflow_failures.clear_failure_ops(find_charter(refund), WORKFLOW) if refund.failure is not None else []


def build_resumed_refund(refund: Refund) -> Refund:
    """Return a failed refund with the status that it had before the failure."""
    awaits_approval = refund.needs_approval and refund.decided_at is None
    status = RefundStatus.AWAITING_APPROVAL if awaits_approval else RefundStatus.PENDING
    rules.TRANSITIONS.require(refund.status, status)
    return refund.model_copy(update={"status": status, "failure": None})


def _build_decided_refund(caller: Caller, refund: Refund, status: RefundStatus, reason: str) -> Refund:
    decision = {"decided_by": caller.user_id, "decided_at": clock.now(), "decision_reason": reason}
    return refund.model_copy(update={"status": status, "failure": None, **decision})


@retry_on_conflict
def _commit_change(
    caller: Caller, refund_id: str, expected: int | None, change: Callable[[Refund], tuple[Refund, list[Op]]]
) -> Refund:
    """Commit what `change` makes of a refund: the changed refund and the operations that store it."""
    after, ops = change(get_refund(caller, refund_id, expected=expected))
    store.commit(caller, *ops)
    return after
