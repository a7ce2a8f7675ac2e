"""Get and list invoices. Drafts are shown as they would be issued now."""

from datetime import date, timedelta
from typing import Final

from coachway.billing.invoices import drafts
from coachway.billing.invoices.model import BY_DUE_DATE, BY_MONTH, INVOICE, OF_CLIENT, Invoice, InvoiceQuery
from coachway.billing.invoices.rules import InvoiceStatus
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.internal_fields import hide_internal_fields
from coachway.core.persistence.queries import query_by_month, query_page
from coachway.core.schemas import Page
from coachway.core.types.date_ranges import complete_date_range, list_months

_DEFAULT_RANGE: Final = timedelta(days=183)
_MAX_RANGE: Final = timedelta(days=3660)


def get_invoice(caller: Caller, invoice_id: str, *, expected: int | None = None) -> Invoice:
    """Get an invoice as it is stored. Raises NotFound, also for invoices the caller cannot see, and PreconditionFailed.

    The terms of a draft can be outdated. Use `show_invoice` for responses.
    """
    invoice = store.get(Invoice, INVOICE.key(org=caller.org_id, id=invoice_id), expected=expected)
    if not can_see(caller, invoice):
        raise errors.NotFound("The invoice was not found.")
    return invoice


def show_invoice(caller: Caller, invoice_id: str) -> Invoice:
    """Get an invoice. A draft is shown as it would be issued now. Raises NotFound."""
    invoice = get_invoice(caller, invoice_id)
    if invoice.status is InvoiceStatus.DRAFT:
        address = drafts.load_billing_address(caller.org_id, invoice.client_id)
        [invoice] = drafts.apply_current_terms(caller.org_id, [invoice], {invoice.client_id: address})
    return hide_internal_fields(caller, invoice)


def can_see(caller: Caller, invoice: Invoice) -> bool:
    """Return whether the caller can see an invoice. Clients see their own issued invoices."""
    if not caller.is_external:
        return True
    return caller.role == "client" and caller.party_id == invoice.client_id and bool(invoice.number)


def list_invoices(caller: Caller, query: InvoiceQuery) -> Page[Invoice]:
    """List invoices, newest first; with a due date filter, earliest due date first. Clients see their own, no drafts.

    Drafts have their current amounts, and the billing address with which they were stored.

    Raises NotFound if a client requests the invoices of another client, Invalid for a range of more than ten years.
    """
    client_id = query.client_id
    if caller.is_external:
        if caller.role != "client" or client_id not in {None, caller.party_id}:
            raise errors.NotFound("The client was not found.")
        client_id = caller.party_id
    filters: dict[str, str | int | bool] = {"status": query.status.value} if query.status else {}
    if query.q is not None:
        filters |= {"client_id": client_id} if client_id else {}
        page = _search(caller.org_id, query, query.q, filters)
    elif query.due_from is not None or query.due_to is not None:
        filters |= {"client_id": client_id} if client_id else {}
        page = _list_by_due_date(caller.org_id, query, filters)
    elif client_id is not None:
        partition = OF_CLIENT.partition(org=caller.org_id, client=client_id)
        page = query_page(Invoice, OF_CLIENT, [partition], query, where=filters, descending=True)
    else:
        page = query_by_month(Invoice, BY_MONTH, caller, query, where=filters)
    visible = [hide_internal_fields(caller, invoice) for invoice in page.items if can_see(caller, invoice)]
    # The addresses would be a read per client.
    items = drafts.apply_current_terms(caller.org_id, visible, billing_addresses={})
    return Page(items=items, next_cursor=page.next_cursor)


def _search(org_id: str, query: InvoiceQuery, words: str, filters: dict[str, str | int | bool]) -> Page[Invoice]:
    # Imported late: other lists do not need it at a cold start.
    from coachway.core.record_search import search_page

    has_range = query.due_from is not None or query.due_to is not None
    first, last = _find_range(query) if has_range else (date.min, date.max)

    def is_due_in_range(invoice: Invoice) -> bool:
        return not has_range or (invoice.due_date is not None and first <= invoice.due_date <= last)

    return search_page(Invoice, org_id, words, query, where=filters, is_shown=is_due_in_range, shown=f"{first}–{last}")


def _list_by_due_date(org_id: str, query: InvoiceQuery, filters: dict[str, str | int | bool]) -> Page[Invoice]:
    first, last = _find_range(query)
    partitions = [BY_DUE_DATE.partition(org=org_id, month=month) for month in list_months(first, last)]
    return query_page(Invoice, BY_DUE_DATE, partitions, query, between=(str(first), f"{last}~"), where=filters)


def _find_range(query: InvoiceQuery) -> tuple[date, date]:
    first, last = complete_date_range(query.due_from, query.due_to, _DEFAULT_RANGE)
    if last < first:
        raise errors.Invalid.field("due_to", "must not be before due_from")
    if last - first > _MAX_RANGE:
        raise errors.Invalid.field("due_to", "must be within ten years of due_from")
    return first, last
