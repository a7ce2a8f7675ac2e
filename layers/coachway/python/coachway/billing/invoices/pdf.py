"""The PDF of an invoice."""

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
from coachway.core.documents.formatting import Formatter, format_phone
from coachway.identity.model.organization import Organization
from coachway.identity.organizations.branding import build_brand

_AMOUNT_WIDTH: Final = 32 * mm
_DATE_WIDTH: Final = 34 * mm
_MAX_ITEMIZED_CHARTERS: Final = 4
"""With more charters, the lines do not show the components of their prices."""


def render_pdf(invoice: Invoice, organization: Organization) -> bytes:
    """Render the PDF. A draft shows `Draft` in place of its number."""
    brand = build_brand(organization)
    formatter = Formatter(timezone=organization.timezone, currency=invoice.currency)
    document = document_pdf.PdfDocument(
        brand,
        title="Invoice",
        subtitle=invoice.number or "Draft",
        reference=invoice.number or "draft",
        currency=invoice.currency,
    )
    document.add_flowable(_build_header(invoice, organization, formatter, document.width))
    document.add_flowable(Spacer(0, 14))
    document.add_flowable(_build_line_table(invoice, brand, formatter, document.width))
    document.add_flowable(KeepTogether([Spacer(0, 8), _build_totals(invoice, brand, formatter, document.width)]))
    if invoice.notes.strip():
        document.add_heading("Notes")
        document.add_paragraph(invoice.notes)
    if invoice.status.is_open:
        document.add_heading("How to pay")
        document.add_paragraph(_payment_instructions(invoice, brand, formatter))
    return document.render()


def _build_header(invoice: Invoice, organization: Organization, formatter: Formatter, width: float) -> Table:
    """Build the header: the billed client on the left; number, dates and terms on the right."""
    small, usual, strong = (
        document_pdf.paragraph_style(8.5, quiet=True),
        document_pdf.paragraph_style(10),
        document_pdf.paragraph_style(11.5, bold=True),
    )
    left_column: list[Flowable] = [
        Paragraph("Bill to", small),
        Paragraph(document_pdf.escape_text(invoice.client_name), strong),
    ]
    left_column += [Paragraph(document_pdf.escape_text(line), usual) for line in invoice.billing_address]
    left_column.append(Paragraph(document_pdf.escape_text(invoice.client_email), usual))
    if organization.branding.address:
        left_column += [Spacer(0, 8), Paragraph("From", small)]
        left_column.append(
            Paragraph(document_pdf.escape_text(f"{organization.display_name}, {organization.branding.address}"), usual)
        )
    details = [("Invoice", invoice.number or "Draft")]
    if invoice.issue_date is not None:
        details.append(("Issued", formatter.short_day(invoice.issue_date)))
    if invoice.due_date is not None:
        details.append(("Due", formatter.short_day(invoice.due_date)))
    details.append(("Terms", _terms_text(invoice.payment_terms)))
    if invoice.status in {InvoiceStatus.PAID, InvoiceStatus.VOID, InvoiceStatus.OVERDUE}:
        details.append(("Status", invoice.status.value.replace("_", " ").capitalize()))
    rows = [
        [
            Paragraph(name, small),
            Paragraph(document_pdf.escape_text(value), document_pdf.paragraph_style(10, bold=True)),
        ]
        for name, value in details
    ]
    right_column = Table(
        rows, colWidths=[20 * mm, 52 * mm], style=[*document_pdf.FLUSH_STYLE, ("BOTTOMPADDING", (0, 0), (-1, -1), 4)]
    )
    return Table(
        [[left_column, right_column]], colWidths=[width - 72 * mm, 72 * mm], style=list(document_pdf.FLUSH_STYLE)
    )


def _terms_text(terms: PaymentTerms) -> str:
    days = TERM_DAYS[terms]
    return f"Net {days} days" if days else "Due on receipt"


def _build_line_table(invoice: Invoice, brand: Brand, formatter: Formatter, width: float) -> Table:
    head = document_pdf.paragraph_style(9, bold=True)
    rows: list[list[Any]] = [
        [
            Paragraph('<font color="#ffffff">Description</font>', head),
            Paragraph('<font color="#ffffff">Date</font>', head),
            Paragraph('<para align="right"><font color="#ffffff">Amount</font></para>', head),
        ]
    ]
    has_few_charters = len(invoice.charter_ids) <= _MAX_ITEMIZED_CHARTERS
    rows += [_build_row(line, formatter, with_price=has_few_charters) for line in invoice.lines]
    return Table(
        rows,
        colWidths=[width - _DATE_WIDTH - _AMOUNT_WIDTH, _DATE_WIDTH, _AMOUNT_WIDTH],
        repeatRows=1,
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0), HexColor(brand.accent)),
            ("LEFTPADDING", (0, 0), (-1, -1), 7),
            ("RIGHTPADDING", (0, 0), (-1, -1), 7),
            ("TOPPADDING", (0, 0), (-1, -1), 6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
            ("LINEBELOW", (0, 1), (-1, -1), 0.6, document_pdf.LINE_COLOR),
        ],
    )


def _build_row(line: InvoiceLine, formatter: Formatter, *, with_price: bool) -> list[Any]:
    description: list[Any] = [
        Paragraph(document_pdf.escape_text(line.description), document_pdf.paragraph_style(10.5, bold=True))
    ]
    if line.detail:
        description.append(
            Paragraph(document_pdf.escape_text(line.detail), document_pdf.paragraph_style(9, quiet=True))
        )
    if with_price and len(line.price) > 1:
        small = document_pdf.paragraph_style(8.5, quiet=True)
        price_parts = " · ".join(
            f"{price_line.label} {formatter.money(price_line.amount)}" for price_line in line.price
        )
        description.append(Paragraph(document_pdf.escape_text(price_parts), small))
    day = formatter.short_day(line.trip_date) if line.trip_date else ""
    amount = f'<para align="right">{document_pdf.escape_text(formatter.money(line.amount))}</para>'
    return [
        description,
        Paragraph(day, document_pdf.paragraph_style(9.5)),
        Paragraph(amount, document_pdf.paragraph_style(10.5)),
    ]


def _build_totals(invoice: Invoice, brand: Brand, formatter: Formatter, width: float) -> Table:
    """Build the totals: subtotal, tax, total, payments, and the balance due in bold."""
    sums = [("Subtotal", invoice.subtotal)]
    if invoice.tax:
        sums.append(("Tax", invoice.tax))
    sums.append(("Total", invoice.total))
    if invoice.paid_in_advance:
        sums.append(("Paid in advance", -invoice.paid_in_advance))
    if invoice.paid_since:
        sums.append(("Paid", -invoice.paid_since))
    rows = [
        ["", Paragraph(name, document_pdf.paragraph_style(10, quiet=True)), _right_aligned(formatter.money(cents), 10)]
        for name, cents in sums
    ]
    accent = HexColor(brand.accent)
    rows.append(
        [
            "",
            Paragraph("Balance due", document_pdf.paragraph_style(12, bold=True)),
            _right_aligned(formatter.money(invoice.balance_due), 13),
        ]
    )
    return Table(
        rows,
        colWidths=[width - 46 * mm - 38 * mm, 46 * mm, 38 * mm],
        style=[
            *document_pdf.FLUSH_STYLE,
            ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
            ("RIGHTPADDING", (2, 0), (2, -1), 7),
            ("VALIGN", (0, -1), (-1, -1), "MIDDLE"),
            ("LINEABOVE", (1, -1), (-1, -1), 1.4, accent),
            ("TOPPADDING", (1, -1), (-1, -1), 6),
        ],
    )


def _right_aligned(text: str, size: float) -> Paragraph:
    return Paragraph(
        f'<para align="right">{document_pdf.escape_text(text)}</para>',
        document_pdf.paragraph_style(size, bold=size > 10),
    )


def _payment_instructions(invoice: Invoice, brand: Brand, formatter: Formatter) -> str:
    due = f" by {formatter.day(invoice.due_date)}" if invoice.due_date else ""
    text = f"Please pay {formatter.money(invoice.balance_due)}{due} and give the number {invoice.number}."
    text += " You can pay by card with the link in our email."
    channels: Sequence[str] = [channel for channel in (brand.email, format_phone(brand.phone)) if channel]
    return f"{text} Questions? {' or '.join(channels)}." if channels else text
