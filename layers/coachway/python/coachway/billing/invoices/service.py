"""Invoices: draft, find, list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

from coachway.billing.invoices.model import (
    BY_DUE_DATE,
    BY_MONTH,
    INVOICE,
    MOST_CHARTERS,
    OF_CLIENT,
    ExtraInput,
    Invoice,
    InvoiceInput,
    InvoiceLine,
    InvoiceQuery,
    PriceLine,
)
from coachway.bookings.charters.model import CHARTER, Charter, TripType
from coachway.bookings.charters.rules import Status
from coachway.clients.model import ADDRESSES, Address, AddressType, Client
from coachway.contracts.billing.invoices import InvoiceDrafted
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.queries import months_between, query_all, query_page
from coachway.core.runtime import clock
from coachway.core.schemas import Page
from coachway.core.types import ids
from coachway.core.types.money import Money
from coachway.identity.model.organization import ORGANIZATIONS, Organization

T = TypeVar("T")

_TRIES: Final = 6
_TRIPS: Final = {
    TripType.ONE_WAY: "One-way trip",
    TripType.ROUND_TRIP: "Round trip",
    TripType.MULTI_DAY: "Multi-day trip",
}
BILLABLE: Final = frozenset({Status.BOOKED, Status.CONFIRMED, Status.IN_PROGRESS, Status.COMPLETED})
_HALF_A_YEAR: Final = timedelta(days=183)
_LONGEST_RANGE: Final = timedelta(days=3660)


class InvoiceChanged(errors.ConcurrentUpdate):
    """The invoice, or a trip on it, is not what it was when it was read."""

    def __init__(self) -> None:
        super().__init__("this invoice, or a trip on it, was changed by somebody else: read it again")


def retry_on_invoice_change(act: Callable[[], T]) -> T:
    """`act`, again when the invoice or a trip on it was changed since it was read; it reads anew each time."""
    for _ in range(_TRIES - 1):
        try:
            return act()
        except InvoiceChanged:
            continue
    return act()


def create(caller: Caller, wanted: InvoiceInput) -> Invoice:
    """Draft an invoice. Raises Missing, Conflict when a trip cannot be invoiced, or is on an invoice already."""
    wished = list(dict.fromkeys([*([wanted.charter_id] if wanted.charter_id else []), *wanted.charter_ids]))
    if not wished:
        raise errors.Invalid.field("charter_id", "must be given, or charter_ids")
    if len(wished) > MOST_CHARTERS:
        raise errors.Invalid.field("charter_ids", f"must be at most {MOST_CHARTERS} together with charter_id")
    house_key = ORGANIZATIONS.key(org=caller.org_id)
    keys = {charter_id: CHARTER.key(org=caller.org_id, id=charter_id) for charter_id in wished}
    found = store.batch_get([house_key, *keys.values()])
    charters = [found.get(Charter, key) for key in keys.values()]
    require_together(charters)
    client = store.get(Client, CLIENT.key(org=caller.org_id, id=charters[0].client_id))
    invoice, ops = drafted(found.get(Organization, house_key), client, charters, wanted.extras, wanted.notes)
    store.commit(caller, *ops, answer=invoice)
    return invoice


def require_together(charters: Sequence[Charter]) -> None:
    """Raises Conflict when these trips cannot stand on one invoice."""
    for charter in charters:
        if charter.invoice_id is not None:
            on = f"{charter.number} is on {charter.invoice_id}: void that first"
            raise errors.Conflict(on, title="this trip is on an invoice already")
        if charter.status not in BILLABLE:
            why = f"{charter.number} is {charter.status}: it is invoiced once it is booked"
            raise errors.Conflict(why, title="this trip cannot be invoiced")
    if len({charter.client_id for charter in charters}) > 1:
        raise errors.Conflict("the trips are of several clients", title="an invoice is for one client")
    ahead = [charter.number for charter in charters if charter.status is not Status.COMPLETED]
    if ahead and len(charters) > 1:
        why = f"{', '.join(ahead[:5])} did not take place yet: invoice it by itself"
        raise errors.Conflict(why, title="only trips that are over are invoiced together")


def drafted(
    organization: Organization,
    client: Client,
    charters: Sequence[Charter],
    extras: Sequence[ExtraInput] = (),
    notes: str = "",
    *,
    month: str | None = None,
    invoice_id: str = "",
) -> tuple[Invoice, list[Op]]:
    """An invoice of these trips, and the ops that draft it and note it on each of them."""
    lines = [*map(_trip, charters), *(_extra(each, organization.tax_rate_percent) for each in extras)]
    subtotal, tax = sum(line.amount for line in lines), sum(line.tax for line in lines)
    if subtotal < 0 or tax < 0:
        raise errors.Invalid.field("extras", "must not take off more than the trips come to")
    if tax > 0 and subtotal == 0:
        raise errors.Invalid.field("extras", "must not leave tax on nothing: what is taken off is taxable")
    invoice = Invoice(
        id=invoice_id or ids.new("ivc"),
        org_id=organization.org_id,
        client_id=client.id,
        client_name=client.name,
        client_email=client.email,
        billing_address=_address(client),
        payment_terms=client.payment_terms,
        currency=organization.currency,
        lines=lines,
        subtotal=subtotal,
        tax=tax,
        total=subtotal + tax,
        balance_due=subtotal + tax,
        notes=notes,
        month=month,
    )
    onto: list[Op] = [
        Update(charter, charter.model_copy(update={"invoice_id": invoice.id}), lost=InvoiceChanged())
        for charter in charters
    ]
    return invoice, [Create(invoice, [InvoiceDrafted(**event_fields(invoice))]), *onto]


def _trip(charter: Charter) -> InvoiceLine:
    quote = charter.quote
    return InvoiceLine(
        description=f"{_TRIPS[charter.trip_type]} {charter.number}",
        detail=f"{charter.stops[0].address} to {charter.stops[-1].address}",
        charter_id=charter.id,
        charter_number=charter.number,
        charter_revision=charter.revision_number,
        trip_date=charter.trip_date,
        amount=quote.total - quote.tax,
        tax=quote.tax,
        price=[PriceLine(label=line.label, amount=line.amount) for line in quote.lines if line.kind != "tax"],
    )


def _extra(wanted: ExtraInput, tax_rate_percent: Decimal) -> InvoiceLine:
    tax = Money(wanted.amount).percent(tax_rate_percent).cents if wanted.taxable else 0
    return InvoiceLine(description=wanted.description, amount=wanted.amount, tax=tax)


def _address(client: Client) -> list[str]:
    """The client's billing address, the newest of them, as it stands on an envelope."""
    partition = ADDRESSES.partition(org=client.org_id, client=client.id)
    known = query_all(Address, partition, prefix="ADDRESS#", descending=True, most=50)
    chosen = next(
        (each for each in known if each.address_type is AddressType.BILLING and each.deleted_at is None), None
    )
    if chosen is None:
        return []
    town = " ".join(filter(None, (chosen.state, chosen.postal_code)))
    place = ", ".join(filter(None, (chosen.city, town)))
    return [line for line in (chosen.line1, chosen.line2, place, chosen.country) if line]


def event_fields(invoice: Invoice) -> dict[str, Any]:
    """The fields that every event of an invoice has."""
    return {
        "invoice_id": invoice.id,
        "number": invoice.number,
        "client_id": invoice.client_id,
        "client_name": invoice.client_name,
        "client_email": invoice.client_email,
        "currency": invoice.currency,
        "total": invoice.total,
        "balance_due": invoice.balance_due,
        "issue_date": invoice.issue_date,
        "due_date": invoice.due_date,
    }


def get(caller: Caller, invoice_id: str, *, expected: int | None = None) -> Invoice:
    """The invoice. Raises Missing, also for a client's that is not its own or a draft yet; Stale for `expected`."""
    found = store.get(Invoice, INVOICE.key(org=caller.org_id, id=invoice_id), expected=expected)
    if not may_see(caller, found):
        raise errors.NotFound("there is no such invoice")
    return found


def may_see(caller: Caller, invoice: Invoice) -> bool:
    """Whether an invoice is this caller's to see: of outside people's, the client's own once it has a number."""
    if not caller.is_outside:
        return True
    return caller.role == "client" and caller.party_id == invoice.client_id and bool(invoice.number)


def listed(caller: Caller, query: InvoiceQuery) -> Page[Invoice]:
    """Invoices, newest first, or soonest due first when a due date is asked for. A client sees its own, no drafts.

    Raises Missing when a client asks for another's, Invalid for a range of more than ten years.
    """
    client_id = query.client_id
    if caller.is_outside:
        if caller.role != "client" or client_id not in {None, caller.party_id}:
            raise errors.NotFound("there is no such client")
        client_id = caller.party_id
    where: dict[str, str | int | bool] = {"status": query.status.value} if query.status else {}
    if query.due_from is not None or query.due_to is not None:
        where |= {"client_id": client_id} if client_id else {}
        found = _by_due_date(caller.org_id, query, where)
    elif client_id is not None:
        partition = OF_CLIENT.partition(org=caller.org_id, client=client_id)
        found = query_page(Invoice, OF_CLIENT, [partition], query, where=where, descending=True)
    else:
        since = months_between(ids.created_at_of(caller.org_id), clock.now())
        partitions = [BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(since)]
        found = query_page(Invoice, BY_MONTH, partitions, query, where=where, descending=True)
    return Page(items=[each for each in found.items if may_see(caller, each)], next_cursor=found.next_cursor)


def _by_due_date(org_id: str, query: InvoiceQuery, where: dict[str, str | int | bool]) -> Page[Invoice]:
    first = query.due_from or _shifted(query.due_to, -_HALF_A_YEAR)
    last = query.due_to or _shifted(query.due_from, _HALF_A_YEAR)
    if last < first:
        raise errors.Invalid.field("due_to", "must not be before due_from")
    if last - first > _LONGEST_RANGE:
        raise errors.Invalid.field("due_to", "must be within ten years of due_from")
    span = [
        f"{month // 12:04d}-{month % 12 + 1:02d}"
        for month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    ]
    partitions = [BY_DUE_DATE.partition(org=org_id, month=month) for month in span]
    return query_page(Invoice, BY_DUE_DATE, partitions, query, between=(str(first), f"{last}~"), where=where)


def _shifted(day: date | None, by: timedelta) -> date:
    if day is None:
        raise ValueError("a range has an end")
    return date.fromordinal(min(max(day.toordinal() + by.days, 1), date.max.toordinal()))
