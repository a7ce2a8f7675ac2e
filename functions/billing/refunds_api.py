"""Routes of refunds."""

from __future__ import annotations

from coachway.billing.ids import RefundId
from coachway.billing.refunds import service as refunds
from coachway.billing.refunds.model import DecisionInput, Refund, RefundInput, RefundQuery
from coachway.core.caller import Caller
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page

api = ApiRouter("billing", "Invoices, payments, refunds, payables, and the ledger.", health=False)
app = api.app

CLIENTS = ("client",)


@api.post("/payments/refund", permission="refunds:write", status=202)
def request_refund(caller: Caller, body: RefundInput) -> Refund:
    """Give back a payment, or a part of it.

    It goes back the way it was paid. From the organization's threshold on a manager has to agree first; what the
    payment gave back before counts with it. All refunds of a payment together are never more than was paid, and none
    is made while its payer disputes it at the bank.
    """
    return refunds.request(caller, body)


@api.get("/refunds", permission="billing:read", external_roles=CLIENTS, errors=(404,))
def list_refunds(caller: Caller, query: RefundQuery) -> Page[Refund]:
    """List refunds, newest first; clients see their own."""
    return refunds.listed(caller, query)


@api.get("/refunds/{refund_id}", permission="billing:read", external_roles=CLIENTS)
def get_refund(caller: Caller, refund_id: RefundId) -> Refund:
    """Get a refund, and what became of it."""
    return refunds.get(caller, refund_id)


@api.post("/refunds/{refund_id}/approve", permission="refunds:approve")
def approve_refund(caller: Caller, refund_id: RefundId, body: DecisionInput, if_match: int | None) -> Refund:
    """Agree to a refund: it goes out.

    Managers may agree to what they asked for themselves, as some organizations have one; both are recorded.
    """
    return refunds.approve(caller, refund_id, body.reason, if_match)


@api.post("/refunds/{refund_id}/reject", permission="refunds:approve")
def reject_refund(caller: Caller, refund_id: RefundId, body: DecisionInput, if_match: int | None) -> Refund:
    """Do not give it back.

    One that failed can be rejected too, unless it may have been given back.
    """
    return refunds.reject(caller, refund_id, body.reason, if_match)


@api.post("/refunds/{refund_id}/retry", permission="refunds:write")
def retry_refund(caller: Caller, refund_id: RefundId, if_match: int | None) -> Refund:
    """Take up again a refund that failed.

    What was given back before is found, and not given back again.
    """
    return refunds.retry(caller, refund_id, if_match)
