"""The HTML page of an invoice. `payments.checkout_pages` processes its card form."""

from pathlib import Path
from typing import Final

from coachway.billing.invoices import links
from coachway.billing.invoices.links import LinkedInvoice
from coachway.billing.invoices.model import Invoice, InvoiceLine
from coachway.billing.invoices.rules import InvoiceStatus, describe_terms
from coachway.bookings.charter_text import LabeledValue, build_formatter
from coachway.core.caller import Caller
from coachway.core.documents import card_form, html
from coachway.core.documents.card_form import CardFormContext
from coachway.core.documents.formatting import Formatter
from coachway.core.http.response_types import HtmlResponse
from coachway.identity.organizations.branding import build_brand

TEMPLATES: Final = Path(__file__).parents[1] / "templates"


def render_page(caller: Caller, token: str) -> HtmlResponse:
    """Render the page of a link token. Raises NotFound for an invalid or revoked token."""
    return render_invoice(links.open_invoice_link(caller, token), base_path=f"{token}/")


def render_invoice(
    linked: LinkedInvoice, *, base_path: str = "", payment_error: str = "", status: int = 200
) -> HtmlResponse:
    """Render the page. `base_path` is the relative path of its forms; `payment_error` is why a payment failed."""
    invoice, organization = linked.invoice, linked.organization
    formatter = build_formatter(organization)
    card = None
    if invoice.status.is_open and invoice.balance_due > 0 and status != 202:
        label = f"Pay {formatter.money(invoice.balance_due, invoice.currency)}"
        card = CardFormContext.for_amount(
            f"{base_path}pay",
            label,
            invoice.balance_due,
            invoice.amount_paid,
            payee=organization.name,
            alternative="Pay by transfer instead.",
        )
    return html.render_template(
        TEMPLATES,
        "invoice.html",
        brand=build_brand(organization),
        status=status,
        more_style=card_form.STYLE if card else "",
        extra_policy=card.content_policy if card else "",
        number=invoice.number,
        client=invoice.client_name,
        due=formatter.money(invoice.balance_due, invoice.currency),
        total=formatter.money(invoice.total, invoice.currency),
        is_open=invoice.status.is_open,
        until=_due_text(invoice, formatter),
        banner=_banner(invoice, formatter, payment_error, status),
        facts=_facts(invoice, formatter),
        address=invoice.billing_address,
        bank_details=organization.bank_details if invoice.status.is_open else "",
        pdf_path=f"{base_path}invoice.pdf",
        lines=[_line(line, invoice, formatter) for line in invoice.lines],
        subtotal=formatter.money(invoice.subtotal, invoice.currency),
        tax=formatter.money(invoice.tax, invoice.currency) if invoice.tax else "",
        tax_notes=invoice.tax_notes,
        paid=formatter.money(-invoice.amount_paid, invoice.currency) if invoice.amount_paid else "",
        notes=invoice.notes,
        card=card,
    )


def _line(line: InvoiceLine, invoice: Invoice, formatter: Formatter) -> tuple[str, list[str], str]:
    """Return the description, details and amount of a line."""
    day = formatter.short_day(line.trip_date) if line.trip_date else ""
    details = [detail for detail in (day, line.detail) if detail]
    return line.description, details, formatter.money(line.amount, invoice.currency)


def _due_text(invoice: Invoice, formatter: Formatter) -> str:
    if not invoice.status.is_open or invoice.due_date is None:
        return ""
    verb = "Was due" if invoice.status is InvoiceStatus.OVERDUE else "Due"
    return f"{verb} on {formatter.day(invoice.due_date)}"


def _facts(invoice: Invoice, formatter: Formatter) -> list[LabeledValue]:
    facts = []
    if invoice.issue_date is not None:
        facts.append(LabeledValue("Issued", formatter.short_day(invoice.issue_date)))
    if invoice.due_date is not None:
        facts.append(LabeledValue("Due", formatter.short_day(invoice.due_date)))
    if invoice.po_number:
        facts.append(LabeledValue("PO number", invoice.po_number))
    terms = describe_terms(invoice.payment_terms, invoice.issue_date, invoice.due_date)
    return [*facts, LabeledValue("Terms", terms)]


def _banner(invoice: Invoice, formatter: Formatter, payment_error: str, status: int) -> tuple[str, str, str] | None:
    """Return the banner of the page: title, text and CSS class."""
    if status == 202:
        return ("We are waiting for your bank", payment_error, "")
    if payment_error:
        return ("Your payment did not go through", payment_error, "bad")
    match invoice.status:
        case InvoiceStatus.PAID:
            when = f" It was paid on {formatter.day(invoice.paid_at)}." if invoice.paid_at else ""
            return ("This invoice is paid", f"Thank you.{when}", "good")
        case InvoiceStatus.VOID:
            return ("This invoice is void", "You do not have to pay it.", "bad")
        case InvoiceStatus.OVERDUE:
            return ("This invoice is overdue", "Please pay it now, or call us if something is wrong with it.", "bad")
        case InvoiceStatus.PARTIALLY_PAID:
            return ("Thank you", f"{formatter.money(invoice.amount_paid, invoice.currency)} was paid.", "good")
    return None
