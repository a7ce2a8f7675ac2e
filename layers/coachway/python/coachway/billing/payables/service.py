"""Create, get, list and void payables. `award_consumer` creates the payables of awarded bids."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final, TypeVar

from coachway.billing.aging import AgingReport, OpenAmount, build_aging_report
from coachway.billing.ledger import journal, movements
from coachway.billing.payables import rules
from coachway.billing.payables.model import BY_MONTH, OF_VENDOR, OWED, PAYABLE, Payable, PayableInput, PayableQuery
from coachway.billing.payables.rules import PayableStatus
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.contracts.billing.payables import PayableCreated, PayableDue, PayableVoided
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.internal_fields import hide_internal_fields, hide_internal_fields_in_page
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.queries import query_all, query_by_month, query_page
from coachway.core.runtime import clock
from coachway.core.schemas import Page
from coachway.core.types import ids
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization
from coachway.vendors import service as vendors

T = TypeVar("T")

MAX_OPEN_PAYABLES: Final = 10_000
"""Reports read at most this many unpaid payables of an organization."""


def create_payable(caller: Caller, request: PayableInput) -> Payable:
    """Create a payable, and book its cost. Raises Invalid for an unknown vendor or charter."""
    organization = organization_queries.get_organization(caller.org_id)
    vendor = _load_reference(lambda: vendors.get_vendor(caller, request.vendor_id), "vendor_id")
    number = ""
    if request.charter_id is not None:
        charter_key = CHARTER.key(org=caller.org_id, id=request.charter_id)
        number = _load_reference(lambda: store.get(Charter, charter_key), "charter_id").number
    payable = build_payable(
        organization,
        id=ids.new("pbl"),
        vendor_id=vendor.id,
        vendor_name=vendor.business_name,
        charter_id=request.charter_id,
        charter_number=number,
        amount=request.amount,
        currency=organization.currency,
        due_date=request.due_date,
        description=request.description,
    )
    store.commit(caller, *create_payable_ops(organization, payable))
    return payable


def _load_reference(load: Callable[[], T], field: str) -> T:
    """Load a record that the request refers to in `field`. Raises Invalid if it does not exist."""
    try:
        return load()
    except errors.NotFound as error:
        raise errors.Invalid.field(field, error.detail) from None


def build_payable(organization: Organization, **fields: Any) -> Payable:
    """Build a new payable: open, or due if its due date has begun."""
    due_date: date = fields["due_date"]
    now, timezone = clock.now(), organization.timezone
    return Payable(
        **fields,
        org_id=organization.org_id,
        falls_due_at=rules.calculate_due_time(due_date, timezone),
        status=rules.choose_initial_status(due_date, timezone, now),
    )


def create_payable_ops(
    organization: Organization, payable: Payable, *, on_exists: errors.Error | None = None
) -> list[Op]:
    """Return the operations that create a payable and book its cost. They fail with `on_exists` if it exists."""
    events: list[Event] = [PayableCreated(**event_fields(payable))]
    if payable.status is PayableStatus.DUE:
        events.append(PayableDue(**event_fields(payable)))
    movement = movements.build_cost_incurred(
        vendor_id=payable.vendor_id,
        charter_id=payable.charter_id,
        cents=payable.amount,
        currency=payable.currency,
        memo=payable.description,
    )
    return [
        Create(payable, events, on_exists=on_exists),
        *journal.journal_ops(organization, movement, reference=payable.id),
    ]


def event_fields(payable: Payable) -> dict[str, Any]:
    """Return the fields common to all events of a payable."""
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


def get_payable(caller: Caller, payable_id: str, *, expected: int | None = None) -> Payable:
    """Get a payable. Raises NotFound, also for payables the caller cannot see, and PreconditionFailed."""
    payable = store.get(Payable, PAYABLE.key(org=caller.org_id, id=payable_id), expected=expected)
    if caller.is_external and not caller.is_vendor(payable.vendor_id):
        raise errors.NotFound("The payable was not found.")
    return payable


def show_payable(caller: Caller, payable_id: str) -> Payable:
    """Get a payable as the caller may see it. Raises NotFound."""
    return hide_internal_fields(caller, get_payable(caller, payable_id))


def list_payables(caller: Caller, query: PayableQuery) -> Page[Payable]:
    """List payables, newest first; with `due_to`, unpaid ones, earliest due date first. Vendors see their own."""
    return hide_internal_fields_in_page(caller, _list_payables(caller, query))


def _list_payables(caller: Caller, query: PayableQuery) -> Page[Payable]:
    if caller.is_external:
        if caller.role != "vendor" or query.vendor_id not in {None, caller.party_id}:
            raise errors.NotFound("The vendor was not found.")
        query = query.model_copy(update={"vendor_id": caller.party_id})
    filters: dict[str, str | int | bool] = {}
    if query.status is not None:
        filters["status"] = query.status.value
    if query.due_to is not None:
        if query.vendor_id is not None:
            filters["vendor_id"] = query.vendor_id
        between = ("0", f"{query.due_to}~")
        return query_page(Payable, OWED, [OWED.partition(org=caller.org_id)], query, between=between, where=filters)
    if query.vendor_id is not None:
        partition = OF_VENDOR.partition(org=caller.org_id, vendor=query.vendor_id)
        return query_page(Payable, OF_VENDOR, [partition], query, where=filters, descending=True)
    return query_by_month(Payable, BY_MONTH, caller, query, where=filters)


def list_open_payables(org_id: str) -> Sequence[Payable]:
    """List all unpaid payables, earliest due date first."""
    return query_all(Payable, OWED.partition(org=org_id), index=OWED.index, limit=MAX_OPEN_PAYABLES)


def get_aging_report(caller: Caller) -> AgingReport:
    """Get the aging report of payables, as of today."""
    organization = organization_queries.get_organization(caller.org_id)
    open_amounts = (
        OpenAmount(payable.vendor_id, payable.vendor_name, payable.due_date, payable.amount)
        for payable in list_open_payables(caller.org_id)
    )
    return build_aging_report(open_amounts, journal.local_date(organization), organization.currency)


def void_payable(caller: Caller, payable_id: str, reason: str, expected: int | None = None) -> Payable:
    """Void a payable, and reverse its cost. Raises InvalidStatusTransition if it is paid."""
    before = get_payable(caller, payable_id, expected=expected)
    rules.TRANSITIONS.require(before.status, PayableStatus.VOID)
    after = before.model_copy(update={"status": PayableStatus.VOID, "void_reason": reason})
    movement = movements.build_cost_reversed(
        vendor_id=before.vendor_id,
        charter_id=before.charter_id,
        cents=before.amount,
        currency=before.currency,
        memo=f"{before.description}, voided",
    )
    journal_ops = journal.journal_ops(
        organization_queries.get_organization(caller.org_id), movement, reference=before.id
    )
    store.commit(caller, Update(before, after, [PayableVoided(**event_fields(after), reason=reason)]), *journal_ops)
    return after
