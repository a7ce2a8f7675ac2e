"""What we owe vendors: entered, found, listed, voided. What a bid won is entered by `awards`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from coachway.billing.aging import Aging, Owed, aged
from coachway.billing.ledger import journal as ledger_journal
from coachway.billing.ledger import movements
from coachway.billing.payables import rules
from coachway.billing.payables.model import BY_MONTH, OF_VENDOR, OWED, PAYABLE, Payable, PayableInput, PayableQuery
from coachway.billing.payables.rules import PayableStatus
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.contracts.billing.payables import PayableCreated, PayableDue, PayableVoided
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.queries import months_between, query_all, query_page
from coachway.core.runtime import clock
from coachway.core.schemas import Page
from coachway.core.types import ids
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization
from coachway.vendors import service as vendors

MOST_OWED = 10_000
"""Payables of one organization that are owed at once, as far as they are added up."""


def create(caller: Caller, wanted: PayableInput) -> Payable:
    """Enter something that we owe a vendor, and its cost. Raises Invalid for a vendor or charter that is not there."""
    organization = organization_queries.get(caller.org_id)
    vendor = _known(lambda: vendors.get(caller, wanted.vendor_id), "vendor_id")
    number = ""
    if wanted.charter_id is not None:
        head = CHARTER.key(org=caller.org_id, id=wanted.charter_id)
        number = _known(lambda: store.get(Charter, head), "charter_id").number
    payable = build_payable(
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
    store.commit(caller, *create_ops(organization, payable))
    return payable


def _known(read: Any, field: str) -> Any:
    try:
        return read()
    except errors.NotFound as missing:
        raise errors.Invalid.field(field, missing.detail) from None


def build_payable(organization: Organization, **fields: Any) -> Payable:
    """A payable as it begins: open, or due at once."""
    due_date: date = fields["due_date"]
    now, zone = clock.now(), organization.timezone
    return Payable(
        **fields,
        org_id=organization.org_id,
        falls_due_at=rules.falls_due_at(due_date, zone),
        status=rules.status_at(due_date, zone, now),
    )


def create_ops(organization: Organization, payable: Payable, *, taken: errors.Error | None = None) -> list[Op]:
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
    return [Create(payable, told, taken=taken), *ledger_journal.journal_ops(organization, cost, reference=payable.id)]


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
        raise errors.NotFound("there is no such payable")
    return found


def _acts_for(caller: Caller, vendor_id: str) -> bool:
    return caller.role == "vendor" and caller.party_id == vendor_id


def listed(caller: Caller, query: PayableQuery) -> Page[Payable]:
    """Payables, newest first; with `due_to` those that are owed, soonest due first. Vendors see their own."""
    if caller.is_outside:
        if caller.role != "vendor" or query.vendor_id not in {None, caller.party_id}:
            raise errors.NotFound("there is no such vendor")
        query = query.model_copy(update={"vendor_id": caller.party_id})
    where: dict[str, str | int | bool] = {}
    if query.status is not None:
        where["status"] = query.status.value
    if query.due_to is not None:
        if query.vendor_id is not None:
            where["vendor_id"] = query.vendor_id
        between = ("0", f"{query.due_to}~")
        return query_page(Payable, OWED, [OWED.partition(org=caller.org_id)], query, between=between, where=where)
    if query.vendor_id is not None:
        partition = OF_VENDOR.partition(org=caller.org_id, vendor=query.vendor_id)
        return query_page(Payable, OF_VENDOR, [partition], query, where=where, descending=True)
    since = months_between(ids.created_at_of(caller.org_id), clock.now())
    partitions = [BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(since)]
    return query_page(Payable, BY_MONTH, partitions, query, where=where, descending=True)


def owed(org_id: str) -> Sequence[Payable]:
    """All that is owed to vendors and not paid, soonest due first."""
    return query_all(Payable, OWED.partition(org=org_id), index=OWED.index, most=MOST_OWED)


def aging(caller: Caller) -> Aging:
    """What vendors are owed today, by how long it is past due."""
    organization = organization_queries.get(caller.org_id)
    items = (Owed(each.vendor_id, each.vendor_name, each.due_date, each.amount) for each in owed(caller.org_id))
    return aged(items, ledger_journal.today(organization), organization.currency)


def void(caller: Caller, payable_id: str, reason: str, expected: int | None = None) -> Payable:
    """Say that something is not owed any more, and take its cost back. Raises Conflict once it was paid."""
    before = get(caller, payable_id, expected=expected)
    rules.require_step(before.status, PayableStatus.VOID)
    after = before.model_copy(update={"status": PayableStatus.VOID, "void_reason": reason})
    back = movements.cost_reversed(
        vendor_id=before.vendor_id,
        charter_id=before.charter_id,
        cents=before.amount,
        currency=before.currency,
        memo=f"{before.description}, void",
    )
    booked = ledger_journal.journal_ops(organization_queries.get(caller.org_id), back, reference=before.id)
    store.commit(caller, Update(before, after, [PayableVoided(**about(after), reason=reason)]), *booked)
    return after
