"""Create, update and delete drafts of invoices."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from coachway.billing.errors import (
    CharterAlreadyInvoiced,
    CharterNotBillable,
    CharterNotCompleted,
    InvoiceChanged,
    InvoiceNotDraft,
    SeveralClients,
)
from coachway.billing.invoices import drafts, queries
from coachway.billing.invoices.model import (
    MAX_CHARTERS,
    DraftInput,
    ExtraInput,
    Invoice,
    InvoiceInput,
    InvoiceLine,
    PriceLine,
)
from coachway.billing.invoices.rules import InvoiceStatus
from coachway.bookings.charters import public_price
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.bookings.charters.trip_model import TripType
from coachway.clients.model import Client
from coachway.contracts.billing.invoices import InvoiceDraftDeleted, InvoiceDrafted, InvoiceDraftUpdated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import CheckVersion, Create, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import PartialUpdate
from coachway.core.types import ids
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
        records.get(Organization, organization_key),
        client,
        charters,
        request.extras,
        request.notes,
        po_number=request.po_number,
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
    po_number: str | None = None,
) -> tuple[Invoice, list[Op]]:
    """Build a draft of these charters, and the operations that write it and mark the charters as invoiced."""
    po_numbers = {charter.po_number for charter in charters}
    common_po_number = next(iter(po_numbers)) if len(po_numbers) == 1 else None
    invoice = Invoice(
        id=ids.new("ivc"),
        org_id=organization.org_id,
        client_id=client.id,
        client_name=client.name,
        client_email=client.email,
        payment_terms=client.payment_terms,
        currency=organization.currency,
        **_build_lines(charters, _build_extra_lines(extras, organization, client, charters)),
        balance_due=0,
        notes=notes,
        po_number=po_number or common_po_number,
        month=month,
    )
    invoice = drafts.apply_terms(invoice, client, drafts.load_billing_address(client.org_id, client.id), charters)
    charter_ops: list[Op] = [
        Update(charter, charter.model_copy(update={"invoice_id": invoice.id}), on_stale=InvoiceChanged())
        for charter in charters
    ]
    return invoice, [Create(invoice, [InvoiceDrafted(**event_fields(invoice))]), *charter_ops]


def _build_lines(charters: Sequence[Charter], extra_lines: Sequence[InvoiceLine]) -> dict[str, Any]:
    """Return the lines of an invoice and their sums. Raises Invalid for a discount that is too large."""
    has_several_orders = len({charter.po_number for charter in charters}) > 1
    charter_lines = [_build_charter_line(charter, with_po_number=has_several_orders) for charter in charters]
    lines = [*charter_lines, *extra_lines]
    subtotal, tax = sum(line.amount for line in lines), sum(line.tax for line in lines)
    if subtotal < 0 or tax < 0:
        raise errors.Invalid.field("extras", "must not discount more than the price of the charters")
    if tax > 0 and subtotal == 0:
        raise errors.Invalid.field("extras", "must be a taxable discount: the subtotal is zero, but the tax is not")
    return {"lines": lines, "subtotal": subtotal, "tax": tax, "total": subtotal + tax}


def _build_charter_line(charter: Charter, *, with_po_number: bool) -> InvoiceLine:
    quote = charter.quote
    po_number = f" · purchase order {charter.po_number}" if with_po_number and charter.po_number else ""
    return InvoiceLine(
        description=f"{_TRIP_NAMES[charter.trip_type]} {charter.number}",
        detail=f"{charter.stops[0].address} to {charter.stops[-1].address}{po_number}",
        charter_id=charter.id,
        charter_number=charter.number,
        charter_revision=charter.revision_number,
        trip_date=charter.trip_date,
        amount=quote.total - quote.tax,
        tax=quote.tax,
        tax_note="".join(line.public_label for line in quote.lines if line.kind == "tax" and not line.quantity),
        price=[
            PriceLine(label=line.public_label, amount=line.amount)
            for line in public_price.list_public_lines(charter)
            if line.kind != "tax"
        ],
    )


def _build_extra_lines(
    extras: Iterable[ExtraInput], organization: Organization, client: Client | None, charters: Sequence[Charter]
) -> list[InvoiceLine]:
    """The extra lines, without tax if the client is exempt through the last trip."""
    exemption = client.tax_exemption if client else None
    is_exempt = exemption is not None and exemption.is_valid_on(max(charter.last_day for charter in charters))
    rate = Decimal(0) if is_exempt else organization.tax_rate_percent
    return [_build_extra_line(extra, rate) for extra in extras]


def _build_extra_line(request: ExtraInput, tax_rate_percent: Decimal) -> InvoiceLine:
    tax = round_half_up(Decimal(request.amount) * tax_rate_percent / 100) if request.taxable else 0
    return InvoiceLine(description=request.description, amount=request.amount, tax=tax)


@retry_on_conflict
def update_draft(
    caller: Caller, invoice_id: str, changes: PartialUpdate[DraftInput], expected: int | None = None
) -> Invoice:
    """Update a draft, and take over the current prices of its trips.

    Raises InvoiceNotDraft, CharterNotBillable, Invalid.
    """
    before = queries.get_invoice(caller, invoice_id, expected=expected)
    require_draft(before)
    organization_key, client_key = (
        ORGANIZATIONS.key(org=caller.org_id),
        CLIENT.key(org=caller.org_id, id=before.client_id),
    )
    keys = [CHARTER.key(org=caller.org_id, id=charter_id) for charter_id in before.charter_ids]
    records = store.batch_get([organization_key, client_key, *keys])
    organization, client = records.get(Organization, organization_key), records.find(Client, client_key)
    charters = [records.get(Charter, key) for key in keys]
    require_billable_on(before, charters)
    extra_lines = [line for line in before.lines if line.charter_id is None]
    if "extras" in changes:
        extra_lines = _build_extra_lines(changes.fields["extras"], organization, client, charters)
    changed = before.model_copy(
        update={
            **_build_lines(charters, extra_lines),
            "notes": changes.fields.get("notes", before.notes),
            "po_number": changes.fields.get("po_number", before.po_number),
        }
    )
    address = drafts.load_billing_address(before.org_id, before.client_id)
    after = drafts.apply_terms(changed, client, address, charters)
    unchanged_ops = [CheckVersion(charter, InvoiceChanged()) for charter in charters]
    event = InvoiceDraftUpdated(**event_fields(after))
    store.commit(caller, Update(before, after, [event], on_stale=InvoiceChanged()), *unchanged_ops)
    return after


@retry_on_conflict
def delete_draft(caller: Caller, invoice_id: str, expected: int | None = None) -> None:
    """Delete a draft. Its trips can be invoiced again. Raises InvoiceNotDraft."""
    before = queries.get_invoice(caller, invoice_id, expected=expected)
    require_draft(before)
    keys = [CHARTER.key(org=caller.org_id, id=charter_id) for charter_id in before.charter_ids]
    charters = store.find_many(Charter, keys).values()
    after = before.model_copy(update={"deleted_at": clock.now()})
    event = InvoiceDraftDeleted(**event_fields(before), charter_ids=before.charter_ids)
    released_ops = [
        Update(charter, charter.model_copy(update={"invoice_id": None}), on_stale=InvoiceChanged())
        for charter in charters
        if charter.invoice_id == before.id
    ]
    store.commit(caller, Update(before, after, [event], on_stale=InvoiceChanged()), *released_ops)


def require_draft(invoice: Invoice) -> None:
    """Raise InvoiceNotDraft unless the invoice is a draft. An issued invoice never changes."""
    if invoice.status is not InvoiceStatus.DRAFT:
        raise InvoiceNotDraft(f"This invoice is {invoice.status}. Only drafts can be issued, updated or deleted.")


def require_billable_on(draft: Invoice, charters: Sequence[Charter]) -> None:
    """Raise CharterNotBillable unless the trips of a draft can still be invoiced with it."""
    for charter in charters:
        if charter.status not in BILLABLE or charter.invoice_id != draft.id:
            raise CharterNotBillable(f"Charter {charter.number} is {charter.status}. Delete this draft.")


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
