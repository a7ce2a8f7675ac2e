"""Routes of payables and payouts."""

from coachway.billing.aging import AgingReport
from coachway.billing.ids import PayableId
from coachway.billing.payables import payouts
from coachway.billing.payables import service as payables
from coachway.billing.payables.model import (
    Payable,
    PayableInput,
    PayableQuery,
    PayInput,
    Payout,
    PayoutBatch,
    PayoutId,
    PayoutInput,
    VoidPayableInput,
)
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page

api = ApiRouter("billing", "Invoices, payments, refunds, payables, and the ledger.", health=False)
app = api.app

VENDORS = ("vendor",)


@api.get("/billing/payables", permission="billing:read", external_roles=VENDORS, errors=(errors.NotFound,))
def list_payables(caller: Caller, query: PayableQuery) -> Page[Payable]:
    """List payables.

    Newest first. With `due_to`, only unpaid payables due by that date, earliest first. Vendors see their own.
    """
    return payables.list_payables(caller, query)


@api.post("/billing/payables", permission="billing:write", status=201)
def create_payable(caller: Caller, body: PayableInput) -> Payable:
    """Create a payable.

    Use this for amounts owed to a vendor other than awarded bids, whose payables are created automatically.
    """
    return payables.create_payable(caller, body)


@api.get("/billing/payables/{payable_id}", permission="billing:read", external_roles=VENDORS)
def get_payable(caller: Caller, payable_id: PayableId) -> Payable:
    """Get a payable."""
    return payables.show_payable(caller, payable_id)


@api.post("/billing/payables/{payable_id}/pay", permission="billing:write", errors=(errors.InvalidStatusTransition,))
def pay_payable(caller: Caller, payable_id: PayableId, body: PayInput, if_match: int | None) -> Payable:
    """Mark a payable as paid.

    Records a payout. The vendor receives a remittance email.
    """
    return payouts.pay_payable(caller, payable_id, body, if_match)


@api.post("/billing/payables/{payable_id}/void", permission="billing:write", errors=(errors.InvalidStatusTransition,))
def void_payable(caller: Caller, payable_id: PayableId, body: VoidPayableInput, if_match: int | None) -> Payable:
    """Void a payable.

    Reverses its cost in the ledger.
    """
    return payables.void_payable(caller, payable_id, body.reason, if_match)


@api.post("/billing/payouts", permission="billing:write", status=201, errors=(errors.InvalidStatusTransition,))
def pay_payables(caller: Caller, body: PayoutInput) -> PayoutBatch:
    """Pay several payables.

    Marks all of them as paid, or none. Each vendor gets one payout and one remittance email.
    """
    return payouts.pay_payables(caller, body)


@api.get("/billing/payouts/{payout_id}", permission="billing:read", external_roles=VENDORS)
def get_payout(caller: Caller, payout_id: PayoutId) -> Payout:
    """Get a payout.

    Includes the payables that it paid.
    """
    return payouts.get_payout(caller, payout_id)


@api.get("/billing/aging/payable", permission="billing:read")
def get_payables_aging(caller: Caller) -> AgingReport:
    """Get the payables aging report.

    Open amounts owed to vendors by the number of days past due.
    """
    return payables.get_aging_report(caller)
