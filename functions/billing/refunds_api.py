"""Routes of refunds."""

from coachway.billing.errors import (
    AmountExceedsPayment,
    PaymentIsDisputed,
    PaymentNotRefundable,
    RefundMayBeSent,
    RefundNotAwaitingApproval,
    RefundNotFailed,
    RefundSelfApproval,
)
from coachway.billing.ids import RefundId
from coachway.billing.refunds import service as refunds
from coachway.billing.refunds.model import DecisionInput, Refund, RefundInput, RefundQuery
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page

api = ApiRouter("billing", "Invoices, payments, refunds, payables, and the ledger.", health=False)
app = api.app

CLIENTS = ("client",)


@api.post(
    "/payments/refund",
    permission="refunds:write",
    status=202,
    errors=(AmountExceedsPayment, PaymentIsDisputed, PaymentNotRefundable),
)
def request_refund(caller: Caller, body: RefundInput) -> Refund:
    """Refund a payment.

    Refunds the payment, or a part of it, by its payment method. If the payment's refunds together reach the
    organization's approval threshold, a manager must approve the refund first. Refunds cannot exceed the payment, and
    a disputed payment cannot be refunded.
    """
    return refunds.request_refund(caller, body)


@api.get("/refunds", permission="billing:read", external_roles=CLIENTS, errors=(errors.NotFound,))
def list_refunds(caller: Caller, query: RefundQuery) -> Page[Refund]:
    """List refunds.

    Newest first. Clients see their own.
    """
    return refunds.list_refunds(caller, query)


@api.get("/refunds/{refund_id}", permission="billing:read", external_roles=CLIENTS)
def get_refund(caller: Caller, refund_id: RefundId) -> Refund:
    """Get a refund."""
    return refunds.show_refund(caller, refund_id)


@api.post(
    "/refunds/{refund_id}/approve",
    permission="refunds:approve",
    errors=(RefundNotAwaitingApproval, RefundSelfApproval, errors.InvalidStatusTransition),
)
def approve_refund(caller: Caller, refund_id: RefundId, body: DecisionInput, if_match: int | None) -> Refund:
    """Approve a refund.

    The refund is sent to the payer. Another person than the one who requested the refund, or who cancelled its
    charter, must approve it.
    """
    return refunds.approve_refund(caller, refund_id, body.reason, if_match)


@api.post(
    "/refunds/{refund_id}/reject",
    permission="refunds:approve",
    errors=(RefundMayBeSent, errors.InvalidStatusTransition),
)
def reject_refund(caller: Caller, refund_id: RefundId, body: DecisionInput, if_match: int | None) -> Refund:
    """Reject a refund.

    A failed refund can be rejected too, unless it may have reached the payer.
    """
    return refunds.reject_refund(caller, refund_id, body.reason, if_match)


@api.post(
    "/refunds/{refund_id}/retry",
    permission="refunds:write",
    errors=(RefundNotFailed, errors.InvalidStatusTransition),
)
def retry_refund(caller: Caller, refund_id: RefundId, if_match: int | None) -> Refund:
    """Retry a refund.

    Starts a failed refund again. If an earlier attempt reached the payer, it is not repeated.
    """
    return refunds.retry_refund(caller, refund_id, if_match)
