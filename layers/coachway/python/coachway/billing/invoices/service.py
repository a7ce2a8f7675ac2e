"""Create, get and list invoices."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from coachway.billing.errors import (
    CharterAlreadyInvoiced,
    CharterNotBillable,
    CharterNotCompleted,
    InvoiceChanged,
    SeveralClients,
)
from coachway.billing.invoices.model import (
    BY_DUE_DATE,
    BY_MONTH,
    INVOICE,
    MAX_CHARTERS,
    OF_CLIENT,
    ExtraInput,
    Invoice,
    InvoiceInput,
    InvoiceLine,
    InvoiceQuery,
    PriceLine,
)
from coachway.bookings.charters.model import CHARTER, Charter, TripType
from coachway.bookings.charters.rules import CharterStatus
from coachway.clients.model import ADDRESSES, Address, AddressType, Client
from coachway.contracts.billing.invoices import InvoiceDrafted
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.queries import query_all, query_by_month, query_page
from coachway.core.schemas import Page
from coachway.core.types import ids
from coachway.core.types.date_ranges import complete_date_range, list_months
from coachway.core.types.money import round_half_up
from coachway.identity.model.organization import ORGANIZATIONS, Organization

_TRIP_NAMES: Final = {
    TripType.ONE_WAY: "One-way trip",
    TripType.ROUND_TRIP: "Round trip",
    TripType.MULTI_DAY: "Multi-day trip",
}
BILLABLE: Final = frozenset(
    {CharterStatus.BOOKED, CharterStatus.CONFIRMED, CharterStatus.IN_PROGRESS, CharterStatus.COMPLETED}
)
_DEFAULT_RANGE: Final = timedelta(days=183)
_MAX_RANGE: Final = timedelta(days=3660)


def create_invoice(caller: Caller, request: InvoiceInput) -> Invoice:
    """Create a draft of one or several charters.

    Raises NotFound, CharterNotBillable, CharterAlreadyInvoiced, CharterNotCompleted, SeveralClients, Invalid.
    """
    charter_ids = list(dict.fromkeys([*([request.charter_id] if request.charter_id else []), *request.charter_ids]))
    if not charter_ids:
        raise errors.Invalid.field("charter_id", "is required unless charter_ids is given", "required")
    if len(charter_ids) > MAX_CHARTERS:
        raise errors.Invalid.field(
            "charter_ids", f"must have at most {MAX_CHARTERS} items, including charter_id", "too_long"
        )
    organization_key = ORGANIZATIONS.key(org=caller.org_id)
    keys = {charter_id: CHARTER.key(org=caller.org_id, id=charter_id) for charter_id in charter_ids}
    records = store.batch_get([organization_key, *keys.values()])
    charters = [records.get(Charter, key) for key in keys.values()]
    require_billable_together(charters)
    client = store.get(Client, CLIENT.key(org=caller.org_id, id=charters[0].client_id))
    invoice, ops = draft_invoice(
        records.get(Organization, organization_key), client, charters, request.extras, request.notes
    )
    store.commit(caller, *ops, response=invoice)
    return invoice


def require_billable_together(charters: Sequence[Charter]) -> None:
    """Raise CharterAlreadyInvoiced or another error unless these charters can be on one invoice."""
    for charter in charters:
        if charter.invoice_id is not None:
            raise CharterAlreadyInvoiced(
                f"Charter {charter.number} is on {charter.invoice_id}. Void that invoice first."
            )
        if charter.status not in BILLABLE:
            raise CharterNotBillable(f"Charter {charter.number} is {charter.status}. Invoice it after it is booked.")
    if len({charter.client_id for charter in charters}) > 1:
        raise SeveralClients("The charters belong to different clients. Create one invoice per client.")
    uncompleted = [charter.number for charter in charters if charter.status is not CharterStatus.COMPLETED]
    if uncompleted and len(charters) > 1:
        raise CharterNotCompleted(f"{', '.join(uncompleted[:5])} is not completed. Invoice it separately.")


def draft_invoice(
    organization: Organization,
    client: Client,
    charters: Sequence[Charter],
    extras: Sequence[ExtraInput] = (),
    notes: str = "",
    *,
    month: str | None = None,
    invoice_id: str = "",
) -> tuple[Invoice, list[Op]]:
    """Build a draft of these charters, and the operations that write it and mark the charters as invoiced."""
    lines = [
        *map(_build_charter_line, charters),
        *(_build_extra_line(extra, organization.tax_rate_percent) for extra in extras),
    ]
    subtotal, tax = sum(line.amount for line in lines), sum(line.tax for line in lines)
    if subtotal < 0 or tax < 0:
        raise errors.Invalid.field("extras", "must not discount more than the price of the charters")
    if tax > 0 and subtotal == 0:
        raise errors.Invalid.field("extras", "must be a taxable discount: the subtotal is zero, but the tax is not")
    invoice = Invoice(
        id=invoice_id or ids.new("ivc"),
        org_id=organization.org_id,
        client_id=client.id,
        client_name=client.name,
        client_email=client.email,
        billing_address=_load_billing_address(client),
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
    charter_ops: list[Op] = [
        Update(charter, charter.model_copy(update={"invoice_id": invoice.id}), on_stale=InvoiceChanged())
        for charter in charters
    ]
    return invoice, [Create(invoice, [InvoiceDrafted(**event_fields(invoice))]), *charter_ops]


def _build_charter_line(charter: Charter) -> InvoiceLine:
    quote = charter.quote
    return InvoiceLine(
        description=f"{_TRIP_NAMES[charter.trip_type]} {charter.number}",
        detail=f"{charter.stops[0].address} to {charter.stops[-1].address}",
        charter_id=charter.id,
        charter_number=charter.number,
        charter_revision=charter.revision_number,
        trip_date=charter.trip_date,
        amount=quote.total - quote.tax,
        tax=quote.tax,
        price=[PriceLine(label=line.public_label, amount=line.amount) for line in quote.lines if line.kind != "tax"],
    )


def _build_extra_line(request: ExtraInput, tax_rate_percent: Decimal) -> InvoiceLine:
    tax = round_half_up(Decimal(request.amount) * tax_rate_percent / 100) if request.taxable else 0
    return InvoiceLine(description=request.description, amount=request.amount, tax=tax)


def _load_billing_address(client: Client) -> list[str]:
    """Load the lines of the client's newest billing address."""
    partition = ADDRESSES.partition(org=client.org_id, client=client.id)
    addresses = query_all(Address, partition, prefix="ADDRESS#", descending=True, limit=50)
    billing_address = next(
        (
            address
            for address in addresses
            if address.address_type is AddressType.BILLING and address.deleted_at is None
        ),
        None,
    )
    if billing_address is None:
        return []
    region = " ".join(filter(None, (billing_address.state, billing_address.postal_code)))
    city_line = ", ".join(filter(None, (billing_address.city, region)))
    return [line for line in (billing_address.line1, billing_address.line2, city_line, billing_address.country) if line]


def event_fields(invoice: Invoice) -> dict[str, Any]:
    """Return the fields common to all events of an invoice."""
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


def get_invoice(caller: Caller, invoice_id: str, *, expected: int | None = None) -> Invoice:
    """Get an invoice. Raises NotFound, also for invoices the caller cannot see, and PreconditionFailed."""
    invoice = store.get(Invoice, INVOICE.key(org=caller.org_id, id=invoice_id), expected=expected)
    if not can_see(caller, invoice):
        raise errors.NotFound("The invoice was not found.")
    return invoice


def can_see(caller: Caller, invoice: Invoice) -> bool:
    """Return whether the caller can see an invoice. Clients see their own issued invoices."""
    if not caller.is_external:
        return True
    return caller.role == "client" and caller.party_id == invoice.client_id and bool(invoice.number)


def list_invoices(caller: Caller, query: InvoiceQuery) -> Page[Invoice]:
    """List invoices, newest first; with a due date filter, earliest due date first. Clients see their own, no drafts.

    Raises NotFound if a client requests the invoices of another client, Invalid for a range of more than ten years.
    """
    client_id = query.client_id
    if caller.is_external:
        if caller.role != "client" or client_id not in {None, caller.party_id}:
            raise errors.NotFound("The client was not found.")
        client_id = caller.party_id
    filters: dict[str, str | int | bool] = {"status": query.status.value} if query.status else {}
    if query.due_from is not None or query.due_to is not None:
        filters |= {"client_id": client_id} if client_id else {}
        page = _list_by_due_date(caller.org_id, query, filters)
    elif client_id is not None:
        partition = OF_CLIENT.partition(org=caller.org_id, client=client_id)
        page = query_page(Invoice, OF_CLIENT, [partition], query, where=filters, descending=True)
    else:
        page = query_by_month(Invoice, BY_MONTH, caller, query, where=filters)
    return Page(items=[invoice for invoice in page.items if can_see(caller, invoice)], next_cursor=page.next_cursor)


def _list_by_due_date(org_id: str, query: InvoiceQuery, filters: dict[str, str | int | bool]) -> Page[Invoice]:
    first, last = complete_date_range(query.due_from, query.due_to, _DEFAULT_RANGE)
    if last < first:
        raise errors.Invalid.field("due_to", "must not be before due_from")
    if last - first > _MAX_RANGE:
        raise errors.Invalid.field("due_to", "must be within ten years of due_from")
    partitions = [BY_DUE_DATE.partition(org=org_id, month=month) for month in list_months(first, last)]
    return query_page(Invoice, BY_DUE_DATE, partitions, query, between=(str(first), f"{last}~"), where=filters)
