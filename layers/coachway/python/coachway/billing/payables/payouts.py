"""Record payouts to vendors, for one or many payables. Each vendor gets one payout and one remittance email."""

from collections.abc import Sequence

from coachway.billing.ledger import journal, movements
from coachway.billing.ledger.accounts import Movement
from coachway.billing.payables import rules, service
from coachway.billing.payables.model import PAYABLE, PAYOUT, Payable, PayInput, Payout, PayoutBatch, PayoutInput
from coachway.billing.payables.rules import PayableStatus
from coachway.contracts.billing.payables import PaidLine, PayablePaid, PayoutMade
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.party_reference import VENDOR
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization
from coachway.vendors.model import Vendor


def pay_payable(caller: Caller, payable_id: str, request: PayInput, expected: int | None) -> Payable:
    """Record the payout of one payable. Raises NotFound, PreconditionFailed, InvalidStatusTransition."""
    payable = service.get_payable(caller, payable_id, expected=expected)
    ops, paid_payables = _payout_ops(caller, organization_queries.get_organization(caller.org_id), [payable], request)
    [payable_after] = paid_payables
    store.commit(caller, *ops, response=payable_after)
    return payable_after


def pay_payables(caller: Caller, request: PayoutInput) -> PayoutBatch:
    """Record the payouts of many payables, all or none. Raises Invalid for unknown ones, InvalidStatusTransition."""
    payable_ids = list(dict.fromkeys(request.payable_ids))
    keys = {payable_id: PAYABLE.key(org=caller.org_id, id=payable_id) for payable_id in payable_ids}
    payables = store.find_many(Payable, keys.values())
    missing = [payable_id for payable_id, key in keys.items() if key not in payables]
    if missing:
        raise errors.Invalid.field("payable_ids", f"{', '.join(missing)} does not exist", "not_found")
    ops, _ = _payout_ops(
        caller,
        organization_queries.get_organization(caller.org_id),
        [payables[keys[payable_id]] for payable_id in payable_ids],
        request,
    )
    payouts = [op.record for op in ops if isinstance(op, Create) and isinstance(op.record, Payout)]
    total = sum(payout.total for payout in payouts)
    batch = PayoutBatch(items=payouts, total=total, currency=payouts[0].currency)
    store.commit(caller, *ops, response=batch)
    return batch


def get_payout(caller: Caller, payout_id: str) -> Payout:
    """Get a payout. Raises NotFound, also for payouts the caller cannot see."""
    payout = store.get(Payout, PAYOUT.key(org=caller.org_id, id=payout_id))
    if caller.is_external and (caller.role != "vendor" or caller.party_id != payout.vendor_id):
        raise errors.NotFound("The payout was not found.")
    return payout


def _payout_ops(
    caller: Caller, organization: Organization, payables: Sequence[Payable], request: PayInput
) -> tuple[list[Op], list[Payable]]:
    """Return the operations that pay these payables, and the paid payables, vendor by vendor."""
    rules.require_payable_together([payable.vendor_id for payable in payables])
    for payable in payables:
        if not rules.TRANSITIONS.allows(payable.status, PayableStatus.PAID):
            raise errors.InvalidStatusTransition(f"Payable {payable.id} is {payable.status} and cannot be paid.")
    vendors = store.find_many(Vendor, {VENDOR.key(org=caller.org_id, id=payable.vendor_id) for payable in payables})
    ops: list[Op] = []
    all_paid: list[Payable] = []
    for vendor_id in dict.fromkeys(payable.vendor_id for payable in payables):
        vendor = vendors.get(VENDOR.key(org=caller.org_id, id=vendor_id))
        vendor_payables = [payable for payable in payables if payable.vendor_id == vendor_id]
        payout = _build_payout(caller, organization, vendor_payables, request)
        paid_payables = [_with_payout(caller, payable, payout) for payable in vendor_payables]
        event = PayoutMade(
            **payout.model_dump(include=set(PayoutMade.model_fields) - {"payout_id"}),
            payout_id=payout.id,
            vendor_email=vendor.primary_email if vendor else "",
        )
        ops += [Create(payout, [event])]
        ops += [
            Update(before, payable, [_build_paid_event(payable, payout)])
            for before, payable in zip(vendor_payables, paid_payables, strict=True)
        ]
        ops += journal.journal_ops(organization, _build_movement(payout, vendor_payables), reference=payout.id)
        all_paid += paid_payables
    return ops, all_paid


def _build_payout(caller: Caller, organization: Organization, payables: Sequence[Payable], request: PayInput) -> Payout:
    lines = [
        PaidLine(
            payable_id=payable.id, number=payable.charter_number, description=payable.description, amount=payable.amount
        )
        for payable in payables
    ]
    return Payout(
        id=ids.new("pyo"),
        org_id=organization.org_id,
        vendor_id=payables[0].vendor_id,
        vendor_name=payables[0].vendor_name,
        lines=lines,
        total=sum(line.amount for line in lines),
        currency=payables[0].currency,
        method=request.method,
        reference=request.reference,
        paid_on=journal.local_date(organization),
        paid_by=caller.user_id,
    )


def _with_payout(caller: Caller, payable: Payable, payout: Payout) -> Payable:
    return payable.model_copy(
        update={
            "status": PayableStatus.PAID,
            "paid_at": clock.now(),
            "paid_by": caller.user_id,
            "payout_id": payout.id,
        }
    )


def _build_paid_event(payable: Payable, payout: Payout) -> PayablePaid:
    return PayablePaid(
        **service.event_fields(payable), payout_id=payout.id, method=payout.method.value, reference=payout.reference
    )


def _build_movement(payout: Payout, payables: Sequence[Payable]) -> Movement:
    charter_ids = {payable.charter_id for payable in payables}
    return movements.build_payout_made(
        vendor_id=payout.vendor_id,
        charter_id=charter_ids.pop() if len(charter_ids) == 1 else None,
        cents=payout.total,
        currency=payout.currency,
        memo=f"Paid by {payout.method.value}",
    )
