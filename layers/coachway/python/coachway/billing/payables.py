"""What we owe vendors: entered, found, listed, voided. What a bid won is entered by `awards`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from coachway.billing import ledger, movements, payable_rules
from coachway.billing.aging import Aging, Owed, aged
from coachway.billing.payable import (
    BY_MONTH,
    OF_VENDOR,
    OWED,
    PAYABLE,
    Payable,
    PayableInput,
    PayableQuery,
)
from coachway.billing.payable_events import PayableCreated, PayableDue, PayableVoided
from coachway.billing.payable_rules import PayableStatus
from coachway.bookings.model import CHARTER, Charter
from coachway.core import clock, errors, ids, store
from coachway.core.caller import Caller
from coachway.core.events import Event
from coachway.core.listing import everything, months, page
from coachway.core.ops import Create, Op, Update
from coachway.core.schemas import Page
from coachway.identity import organizations
from coachway.identity.organization import Organization
from coachway.vendors import service as vendors

MOST_OWED = 10_000
"""Payables of one organization that are owed at once, as far as they are added up."""


def create(caller: Caller, wanted: PayableInput) -> Payable:
    """Enter something that we owe a vendor, and its cost. Raises Invalid for a vendor or charter that is not there."""
    organization = organizations.get(caller.org_id)
    vendor = _known(lambda: vendors.get(caller, wanted.vendor_id), "vendor_id")
    number = ""
    if wanted.charter_id is not None:
        head = CHARTER.key(org=caller.org_id, id=wanted.charter_id)
        number = _known(lambda: store.get(Charter, head), "charter_id").number
    payable = made(
        organization,
        id=ids.new("pbl"),
        vendor_id=vendor.id,
        vendor_name=vendor.business_name,
        charter_id=wanted.charter_id,
        charter_number=number,
        amount=wanted.amount,
        currency=organization.currency,
        due_date=wanted.due_date,
        description=wanted.description,
    )
    store.commit(caller, *entered(organization, payable))
    return payable


def _known(read: Any, field: str) -> Any:
    try:
        return read()
    except errors.Missing as missing:
        raise errors.Invalid.field(field, missing.detail) from None


def made(organization: Organization, **fields: Any) -> Payable:
    """A payable as it begins: open, or due at once."""
    due_date: date = fields["due_date"]
    now, zone = clock.now(), organization.timezone
    return Payable(
        **fields,
        org_id=organization.org_id,
        falls_due_at=payable_rules.falls_due_at(due_date, zone),
        status=payable_rules.status_at(due_date, zone, now),
    )


def entered(organization: Organization, payable: Payable, *, taken: errors.Error | None = None) -> list[Op]:
    """The ops that write a new payable and its cost; they fail with `taken` when it is there already."""
    told: list[Event] = [PayableCreated(**about(payable))]
    if payable.status is PayableStatus.DUE:
        told.append(PayableDue(**about(payable)))
    cost = movements.cost_incurred(
        vendor_id=payable.vendor_id,
        charter_id=payable.charter_id,
        cents=payable.amount,
        currency=payable.currency,
        memo=payable.description,
    )
    return [Create(payable, told, taken=taken), *ledger.booked(organization, cost, reference=payable.id)]


def about(payable: Payable) -> dict[str, Any]:
    """The fields that every event of a payable has."""
    return {
        "payable_id": payable.id,
        "vendor_id": payable.vendor_id,
        "vendor_name": payable.vendor_name,
        "charter_id": payable.charter_id,
        "number": payable.charter_number,
        "bid_id": payable.bid_id,
        "amount": payable.amount,
        "currency": payable.currency,
        "due_date": payable.due_date,
    }


def get(caller: Caller, payable_id: str, *, expected: int | None = None) -> Payable:
    """A payable. Raises Missing, also for another vendor's; Stale when `expected` is not its version."""
    found = store.get(Payable, PAYABLE.key(org=caller.org_id, id=payable_id), expected=expected)
    if caller.is_outside and not _acts_for(caller, found.vendor_id):
        raise errors.Missing("there is no such payable")
    return found


def _acts_for(caller: Caller, vendor_id: str) -> bool:
    return caller.role == "vendor" and caller.party_id == vendor_id


def listed(caller: Caller, query: PayableQuery) -> Page[Payable]:
    """Payables, newest first; with `due_to` those that are owed, soonest due first. Vendors see their own."""
    if caller.is_outside:
        if caller.role != "vendor" or query.vendor_id not in {None, caller.party_id}:
            raise errors.Missing("there is no such vendor")
        query = query.model_copy(update={"vendor_id": caller.party_id})
    where: dict[str, str | int | bool] = {}
    if query.status is not None:
        where["status"] = query.status.value
    if query.due_to is not None:
        if query.vendor_id is not None:
            where["vendor_id"] = query.vendor_id
        between = ("0", f"{query.due_to}~")
        return page(Payable, OWED, [OWED.partition(org=caller.org_id)], query, between=between, where=where)
    if query.vendor_id is not None:
        partition = OF_VENDOR.partition(org=caller.org_id, vendor=query.vendor_id)
        return page(Payable, OF_VENDOR, [partition], query, where=where, descending=True)
    since = months(ids.made_at(caller.org_id), clock.now())
    partitions = [BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(since)]
    return page(Payable, BY_MONTH, partitions, query, where=where, descending=True)


def owed(org_id: str) -> Sequence[Payable]:
    """All that is owed to vendors and not paid, soonest due first."""
    return everything(Payable, OWED.partition(org=org_id), index=OWED.index, most=MOST_OWED)


def aging(caller: Caller) -> Aging:
    """What vendors are owed today, by how long it is past due."""
    organization = organizations.get(caller.org_id)
    items = (Owed(each.vendor_id, each.vendor_name, each.due_date, each.amount) for each in owed(caller.org_id))
    return aged(items, ledger.today(organization), organization.currency)


def void(caller: Caller, payable_id: str, reason: str, expected: int | None = None) -> Payable:
    """Say that something is not owed any more, and take its cost back. Raises Conflict once it was paid."""
    before = get(caller, payable_id, expected=expected)
    payable_rules.require_step(before.status, PayableStatus.VOID)
    after = before.model_copy(update={"status": PayableStatus.VOID, "void_reason": reason})
    back = movements.cost_reversed(
        vendor_id=before.vendor_id,
        charter_id=before.charter_id,
        cents=before.amount,
        currency=before.currency,
        memo=f"{before.description}, void",
    )
    booked = ledger.booked(organizations.get(caller.org_id), back, reference=before.id)
    store.commit(caller, Update(before, after, [PayableVoided(**about(after), reason=reason)]), *booked)
    return after
