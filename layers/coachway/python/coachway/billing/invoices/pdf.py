"""The PDF of an invoice."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from coachway.billing.invoices.model import Invoice, InvoiceLine
from coachway.billing.invoices.rules import InvoiceStatus, describe_terms
from coachway.core.documents import pdf as document_pdf
from coachway.core.documents.branding import Brand
from coachway.core.documents.formatting import Formatter, format_phone
from coachway.core.documents.pdf import Pdf
from coachway.identity.model.organization import Organization
from coachway.identity.organizations.branding import build_brand

_TEMPLATE: Final = Path(__file__).parents[1] / "templates" / "invoice.typ"
_MAX_ITEMIZED_CHARTERS: Final = 4
"""With more charters, the lines do not show the components of their prices."""


def render_pdf(invoice: Invoice, organization: Organization) -> Pdf:
    """Render the PDF. A draft shows `Draft` in place of its number."""
    brand = build_brand(organization)
    formatter = Formatter(timezone=organization.timezone, currency=invoice.currency)
    has_few_charters = len(invoice.charter_ids) <= _MAX_ITEMIZED_CHARTERS
    address = organization.branding.address
    return document_pdf.render_template(
        _TEMPLATE,
        brand,
        title="Invoice",
        subtitle=invoice.number or "Draft",
        reference=invoice.number or "draft",
        currency=invoice.currency,
        client=invoice.client_name,
        billing_address=invoice.billing_address,
        client_email=invoice.client_email,
        sender=f"{organization.display_name}, {address}" if address else "",
        details=_describe_details(invoice, formatter),
        lines=[_describe_line(line, formatter, with_price=has_few_charters) for line in invoice.lines],
        sums=[(name, formatter.money(cents)) for name, cents in _list_sums(invoice)],
        balance_due=formatter.money(invoice.balance_due),
        how_to_pay=_payment_instructions(invoice, brand, formatter) if invoice.status.is_open else "",
        bank_details=organization.bank_details if invoice.status.is_open else "",
        notes=invoice.notes,
    )


def _describe_details(invoice: Invoice, formatter: Formatter) -> list[tuple[str, str]]:
    """The number, dates and terms, and the status unless it is the usual one."""
    details = [("Invoice", invoice.number or "Draft")]
    if invoice.po_number:
        details.append(("PO number", invoice.po_number))
    if invoice.issue_date is not None:
        details.append(("Issued", formatter.short_day(invoice.issue_date)))
    if invoice.due_date is not None:
        details.append(("Due", formatter.short_day(invoice.due_date)))
    details.append(("Terms", describe_terms(invoice.payment_terms, invoice.issue_date, invoice.due_date)))
    if invoice.status in {InvoiceStatus.PAID, InvoiceStatus.VOID, InvoiceStatus.OVERDUE}:
        details.append(("Status", invoice.status.value.replace("_", " ").capitalize()))
    return details


def _describe_line(line: InvoiceLine, formatter: Formatter, *, with_price: bool) -> dict[str, str]:
    price = [f"{part.label} {formatter.money(part.amount)}" for part in line.price]
    return {
        "description": line.description,
        "detail": line.detail,
        "price": " · ".join(price) if with_price and len(price) > 1 else "",
        "day": formatter.short_day(line.trip_date) if line.trip_date else "",
        "amount": formatter.money(line.amount),
    }


def _list_sums(invoice: Invoice) -> list[tuple[str, int]]:
    """The subtotal, tax, total and payments, in cents."""
    sums = [("Subtotal", invoice.subtotal)]
    if invoice.tax:
        sums.append(("Tax", invoice.tax))
    sums += [(note, 0) for note in invoice.tax_notes]
    sums.append(("Total", invoice.total))
    if invoice.paid_in_advance:
        sums.append(("Paid in advance", -invoice.paid_in_advance))
    if invoice.paid_since:
        sums.append(("Paid", -invoice.paid_since))
    return sums


def _payment_instructions(invoice: Invoice, brand: Brand, formatter: Formatter) -> str:
    due = f" by {formatter.day(invoice.due_date)}" if invoice.due_date else ""
    text = f"Please pay {formatter.money(invoice.balance_due)}{due} and give the number {invoice.number}."
    text += " You can pay by card with the link in our email."
    channels: Sequence[str] = [channel for channel in (brand.email, format_phone(brand.phone)) if channel]
    return f"{text} Questions? {' or '.join(channels)}." if channels else text
