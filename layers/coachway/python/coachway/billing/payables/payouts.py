"""Pays vendors: one thing, or many together. Each vendor gets one payment, and is told once what it is for."""

from __future__ import annotations

from collections.abc import Sequence

from coachway.billing.ledger import journal as ledger_journal
from coachway.billing.ledger import movements
from coachway.billing.ledger.accounts import Movement
from coachway.billing.payables import rules, service
from coachway.billing.payables.model import PAYABLE, PAYOUT, Payable, PayInput, Payout, Payouts, PayTogetherInput
from coachway.billing.payables.rules import PayableStatus
from coachway.contracts.billing.payables import PaidLine, PayablePaid, PayoutMade
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization
from coachway.vendors.model import VENDOR, Vendor


def pay(caller: Caller, payable_id: str, how: PayInput, expected: int | None) -> Payable:
    """Pay one. Raises Missing, Stale, Conflict when it is paid or void already."""
    payable = service.get(caller, payable_id, expected=expected)
    work, after = _paid(caller, organization_queries.get(caller.org_id), [payable], how)
    [answer] = after
    store.commit(caller, *work, answer=answer.model_copy(update={"version": payable.version + 1}))
    return answer


def pay_together(caller: Caller, wanted: PayTogetherInput) -> Payouts:
    """Pay many, all or none. Raises Invalid for one that is not there, Conflict for one that is paid or void."""
    asked = list(dict.fromkeys(wanted.payable_ids))
    keys = {payable_id: PAYABLE.key(org=caller.org_id, id=payable_id) for payable_id in asked}
    found = store.find_many(Payable, keys.values())
    missing = [payable_id for payable_id, key in keys.items() if key not in found]
    if missing:
        raise errors.Invalid.field("payable_ids", f"there is no payable {', '.join(missing)}")
    work, _ = _paid(caller, organization_queries.get(caller.org_id), [found[keys[each]] for each in asked], wanted)
    made = [op.record for op in work if isinstance(op, Create) and isinstance(op.record, Payout)]
    total = sum(payout.total for payout in made)
    answer = Payouts(items=made, total=total, currency=made[0].currency)
    store.commit(caller, *work, answer=answer)
    return answer


def get(caller: Caller, payout_id: str) -> Payout:
    """A payment to a vendor. Raises Missing, also for another vendor's."""
    found = store.get(Payout, PAYOUT.key(org=caller.org_id, id=payout_id))
    if caller.is_outside and (caller.role != "vendor" or caller.party_id != found.vendor_id):
        raise errors.NotFound("there is no such payout")
    return found


def _paid(
    caller: Caller, organization: Organization, owed: Sequence[Payable], how: PayInput
) -> tuple[list[Op], list[Payable]]:
    """The ops that pay these, and the payables as they are afterwards, vendor by vendor."""
    rules.require_together([payable.vendor_id for payable in owed])
    for payable in owed:
        rules.require_step(payable.status, PayableStatus.PAID, f"payable {payable.id}")
    vendors = store.find_many(Vendor, {VENDOR.key(org=caller.org_id, id=each.vendor_id) for each in owed})
    ops: list[Op] = []
    after: list[Payable] = []
    for vendor_id in dict.fromkeys(payable.vendor_id for payable in owed):
        vendor = vendors.get(VENDOR.key(org=caller.org_id, id=vendor_id))
        some = [payable for payable in owed if payable.vendor_id == vendor_id]
        payout = _payout(caller, organization, some, how)
        paid = [_settled(caller, payable, payout) for payable in some]
        told = PayoutMade(
            **payout.model_dump(include=set(PayoutMade.model_fields) - {"payout_id"}),
            payout_id=payout.id,
            vendor_email=vendor.primary_email if vendor else "",
        )
        ops += [Create(payout, [told])]
        ops += [Update(before, each, [_told(each, payout)]) for before, each in zip(some, paid, strict=True)]
        ops += ledger_journal.journal_ops(organization, _movement(payout, some), reference=payout.id)
        after += paid
    return ops, after


def _payout(caller: Caller, organization: Organization, owed: Sequence[Payable], how: PayInput) -> Payout:
    lines = [
        PaidLine(payable_id=each.id, number=each.charter_number, description=each.description, amount=each.amount)
        for each in owed
    ]
    return Payout(
        id=ids.new("pyo"),
        org_id=organization.org_id,
        vendor_id=owed[0].vendor_id,
        vendor_name=owed[0].vendor_name,
        lines=lines,
        total=sum(line.amount for line in lines),
        currency=owed[0].currency,
        method=how.method,
        reference=how.reference,
        paid_on=ledger_journal.today(organization),
        paid_by=caller.user_id,
    )


def _settled(caller: Caller, payable: Payable, payout: Payout) -> Payable:
    return payable.model_copy(
        update={
            "status": PayableStatus.PAID,
            "paid_at": clock.now(),
            "paid_by": caller.user_id,
            "payout_id": payout.id,
        }
    )


def _told(payable: Payable, payout: Payout) -> PayablePaid:
    return PayablePaid(
        **service.about(payable), payout_id=payout.id, method=payout.method.value, reference=payout.reference
    )


def _movement(payout: Payout, owed: Sequence[Payable]) -> Movement:
    charters = {payable.charter_id for payable in owed}
    return movements.payout_made(
        vendor_id=payout.vendor_id,
        charter_id=charters.pop() if len(charters) == 1 else None,
        cents=payout.total,
        currency=payout.currency,
        memo=f"Paid by {payout.method.value}",
    )
