"""The invoice as a paper: who owes what, for which trips, until when, and how to pay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer, Table

from coachway.billing.invoices.model import Invoice, InvoiceLine
from coachway.billing.invoices.rules import InvoiceStatus
from coachway.clients.rules import TERM_DAYS, PaymentTerms
from coachway.core.documents import pdf as document_pdf
from coachway.core.documents.branding import Brand
from coachway.core.documents.formatting import Formatter, telephone
from coachway.identity.model.organization import Organization
from coachway.identity.organizations.branding import build_brand

_AMOUNTS: Final = 32 * mm
_DATES: Final = 34 * mm
_FEW: Final = 4
"""Up to so many trips show what their price is made of; with more, the list of trips is what is looked for."""


def pdf(invoice: Invoice, organization: Organization) -> bytes:
    """The paper. A draft says so where others have their number."""
    brand = build_brand(organization)
    words = Formatter(timezone=organization.timezone, currency=invoice.currency)
    sheet = document_pdf.PdfDocument(
        brand,
        title="Invoice",
        subtitle=invoice.number or "Draft",
        reference=invoice.number or "draft",
        currency=invoice.currency,
    )
    sheet.add(_head(invoice, organization, words, sheet.width))
    sheet.add(Spacer(0, 14))
    sheet.add(_lines(invoice, brand, words, sheet.width))
    sheet.add(KeepTogether([Spacer(0, 8), _sums(invoice, brand, words, sheet.width)]))
    if invoice.notes.strip():
        sheet.heading("Notes")
        sheet.paragraph(invoice.notes)
    if invoice.status.is_open:
        sheet.heading("How to pay")
        sheet.paragraph(_how_to_pay(invoice, brand, words))
    return sheet.pdf()


def _head(invoice: Invoice, organization: Organization, words: Formatter, width: float) -> Table:
    """Who is billed on the left; number, days and terms on the right."""
    small, usual, strong = (
        document_pdf.style(8.5, quiet=True),
        document_pdf.style(10),
        document_pdf.style(11.5, bold=True),
    )
    left: list[Flowable] = [Paragraph("Bill to", small), Paragraph(document_pdf.text(invoice.client_name), strong)]
    left += [Paragraph(document_pdf.text(line), usual) for line in invoice.billing_address]
    left.append(Paragraph(document_pdf.text(invoice.client_email), usual))
    if organization.branding.address:
        left += [Spacer(0, 8), Paragraph("From", small)]
        left.append(Paragraph(document_pdf.text(f"{organization.shown_as}, {organization.branding.address}"), usual))
    facts = [("Invoice", invoice.number or "Draft")]
    if invoice.issue_date is not None:
        facts.append(("Issued", words.short_day(invoice.issue_date)))
    if invoice.due_date is not None:
        facts.append(("Due", words.short_day(invoice.due_date)))
    facts.append(("Terms", _terms(invoice.payment_terms)))
    if invoice.status in {InvoiceStatus.PAID, InvoiceStatus.VOID, InvoiceStatus.OVERDUE}:
        facts.append(("Status", invoice.status.value.replace("_", " ").capitalize()))
    rows = [
        [Paragraph(name, small), Paragraph(document_pdf.text(value), document_pdf.style(10, bold=True))]
        for name, value in facts
    ]
    right = Table(
        rows, colWidths=[20 * mm, 52 * mm], style=[*document_pdf.FLUSH, ("BOTTOMPADDING", (0, 0), (-1, -1), 4)]
    )
    return Table([[left, right]], colWidths=[width - 72 * mm, 72 * mm], style=list(document_pdf.FLUSH))


def _terms(terms: PaymentTerms) -> str:
    days = TERM_DAYS[terms]
    return f"Net {days} days" if days else "Due on receipt"


def _lines(invoice: Invoice, brand: Brand, words: Formatter, width: float) -> Table:
    head = document_pdf.style(9, bold=True)
    rows: list[list[Any]] = [
        [
            Paragraph('<font color="#ffffff">Description</font>', head),
            Paragraph('<font color="#ffffff">Date</font>', head),
            Paragraph('<para align="right"><font color="#ffffff">Amount</font></para>', head),
        ]
    ]
    is_short = len(invoice.charter_ids) <= _FEW
    rows += [_line(line, words, with_price=is_short) for line in invoice.lines]
    return Table(
        rows,
        colWidths=[width - _DATES - _AMOUNTS, _DATES, _AMOUNTS],
        repeatRows=1,
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0), HexColor(brand.accent)),
            ("LEFTPADDING", (0, 0), (-1, -1), 7),
            ("RIGHTPADDING", (0, 0), (-1, -1), 7),
            ("TOPPADDING", (0, 0), (-1, -1), 6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
            ("LINEBELOW", (0, 1), (-1, -1), 0.6, document_pdf.RULE),
        ],
    )


def _line(line: InvoiceLine, words: Formatter, *, with_price: bool) -> list[Any]:
    what: list[Any] = [Paragraph(document_pdf.text(line.description), document_pdf.style(10.5, bold=True))]
    if line.detail:
        what.append(Paragraph(document_pdf.text(line.detail), document_pdf.style(9, quiet=True)))
    if with_price and len(line.price) > 1:
        small = document_pdf.style(8.5, quiet=True)
        said = " · ".join(f"{part.label} {words.money(part.amount)}" for part in line.price)
        what.append(Paragraph(document_pdf.text(said), small))
    day = words.short_day(line.trip_date) if line.trip_date else ""
    amount = f'<para align="right">{document_pdf.text(words.money(line.amount))}</para>'
    return [what, Paragraph(day, document_pdf.style(9.5)), Paragraph(amount, document_pdf.style(10.5))]


def _sums(invoice: Invoice, brand: Brand, words: Formatter, width: float) -> Table:
    """Subtotal, tax and total; what was paid; what is due, which is what is looked for."""
    sums = [("Subtotal", invoice.subtotal)]
    if invoice.tax:
        sums.append(("Tax", invoice.tax))
    sums.append(("Total", invoice.total))
    if invoice.paid_ahead:
        sums.append(("Paid in advance", -invoice.paid_ahead))
    if invoice.paid_since:
        sums.append(("Paid", -invoice.paid_since))
    rows = [
        ["", Paragraph(name, document_pdf.style(10, quiet=True)), _right(words.money(cents), 10)]
        for name, cents in sums
    ]
    accent = HexColor(brand.accent)
    rows.append(
        ["", Paragraph("Balance due", document_pdf.style(12, bold=True)), _right(words.money(invoice.balance_due), 13)]
    )
    return Table(
        rows,
        colWidths=[width - 46 * mm - 38 * mm, 46 * mm, 38 * mm],
        style=[
            *document_pdf.FLUSH,
            ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
            ("RIGHTPADDING", (2, 0), (2, -1), 7),
            ("VALIGN", (0, -1), (-1, -1), "MIDDLE"),
            ("LINEABOVE", (1, -1), (-1, -1), 1.4, accent),
            ("TOPPADDING", (1, -1), (-1, -1), 6),
        ],
    )


def _right(words: str, size: float) -> Paragraph:
    return Paragraph(f'<para align="right">{document_pdf.text(words)}</para>', document_pdf.style(size, bold=size > 10))


def _how_to_pay(invoice: Invoice, brand: Brand, words: Formatter) -> str:
    due = f" by {words.day(invoice.due_date)}" if invoice.due_date else ""
    said = f"Please pay {words.money(invoice.balance_due)}{due} and give the number {invoice.number}."
    said += " You can pay by card with the link in our email."
    contact: Sequence[str] = [part for part in (brand.email, telephone(brand.phone)) if part]
    return f"{said} Questions? {' or '.join(contact)}." if contact else said
