"""Routes of what vendors are owed."""

from __future__ import annotations

from coachway.billing.aging import Aging
from coachway.billing.ids import PayableId
from coachway.billing.payables import payouts
from coachway.billing.payables import service as payables
from coachway.billing.payables.model import (
    Payable,
    PayableInput,
    PayableQuery,
    PayInput,
    Payout,
    PayoutId,
    Payouts,
    PayTogetherInput,
    VoidPayableInput,
)
from coachway.core.caller import Caller
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page

api = ApiRouter("billing", "Invoices, payments, refunds, payables, and the ledger.", health=False)
app = api.app

VENDORS = ("vendor",)


@api.get("/billing/payables", permission="billing:read", external_roles=VENDORS, errors=(404,))
def list_payables(caller: Caller, query: PayableQuery) -> Page[Payable]:
    """List what vendors are and were owed, newest first.

    With `due_to` what is owed and due up to that day, the soonest first. Vendors see their own.
    """
    return payables.listed(caller, query)


@api.post("/billing/payables", permission="billing:write", status=201)
def create_payable(caller: Caller, body: PayableInput) -> Payable:
    """Enter something that a vendor is owed.

    What a bid won is entered by itself, due on the day that was promised.
    """
    return payables.create(caller, body)


@api.get("/billing/payables/{payable_id}", permission="billing:read", external_roles=VENDORS)
def get_payable(caller: Caller, payable_id: PayableId) -> Payable:
    """Get something that a vendor is or was owed."""
    return payables.get(caller, payable_id)


@api.post("/billing/payables/{payable_id}/pay", permission="billing:write")
def pay_payable(caller: Caller, payable_id: PayableId, body: PayInput, if_match: int | None) -> Payable:
    """Say that a vendor was paid.

    It gets a remittance mail.
    """
    return payouts.pay(caller, payable_id, body, if_match)


@api.post("/billing/payables/{payable_id}/void", permission="billing:write")
def void_payable(caller: Caller, payable_id: PayableId, body: VoidPayableInput, if_match: int | None) -> Payable:
    """Say that something is not owed any more.

    Its cost is booked back.
    """
    return payables.void(caller, payable_id, body.reason, if_match)


@api.post("/billing/payouts", permission="billing:write", status=201)
def pay_payables(caller: Caller, body: PayTogetherInput) -> Payouts:
    """Pay many payables together, all or none.

    Each vendor gets one payment for all of its own, and one remittance mail.
    """
    return payouts.pay_together(caller, body)


@api.get("/billing/payouts/{payout_id}", permission="billing:read", external_roles=VENDORS)
def get_payout(caller: Caller, payout_id: PayoutId) -> Payout:
    """Get a payment to a vendor, with what it paid."""
    return payouts.get(caller, payout_id)


@api.get("/billing/aging/payable", permission="billing:read")
def get_payables_aging(caller: Caller) -> Aging:
    """What vendors are owed, by how long it is past due."""
    return payables.aging(caller)
