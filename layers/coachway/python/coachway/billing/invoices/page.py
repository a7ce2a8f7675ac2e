"""The page of an invoice. Cards that are entered there go to `card_pages`, with which comes what books and settles."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from coachway.billing.invoices import links
from coachway.billing.invoices.links import LinkedInvoice
from coachway.billing.invoices.model import Invoice, InvoiceLine
from coachway.billing.invoices.rules import InvoiceStatus
from coachway.bookings.charter_text import Fact, brand_of, formatter_of
from coachway.core.caller import Caller
from coachway.core.documents import card_form, html
from coachway.core.documents.card_form import CardFormContext
from coachway.core.documents.formatting import Formatter
from coachway.core.http.response_types import HtmlResponse

TEMPLATES: Final = Path(__file__).parents[1] / "templates"


def show(caller: Caller, token: str) -> HtmlResponse:
    """The page of the invoice that a link leads to. Raises Missing for a link that was not made here."""
    return drawn(links.open_invoice_link(caller, token), here=f"{token}/")


def drawn(linked: LinkedInvoice, *, here: str = "", unpaid: str = "", status: int = 200) -> HtmlResponse:
    """The page. `here` leads from the address it is drawn at to its forms; `unpaid`: why a payment was not taken."""
    invoice, organization = linked.invoice, linked.organization
    words = formatter_of(organization)
    card = None
    if invoice.status.is_open and invoice.balance_due > 0 and status != 202:
        label = f"Pay {words.money(invoice.balance_due, invoice.currency)}"
        card = CardFormContext.of(
            f"{here}pay", label, invoice.balance_due, invoice.amount_paid, "Pay by transfer instead."
        )
    return html.html(
        TEMPLATES,
        "invoice.html",
        brand=brand_of(organization),
        status=status,
        more_style=card_form.STYLE if card else "",
        also=card.policy if card else "",
        number=invoice.number,
        client=invoice.client_name,
        due=words.money(invoice.balance_due, invoice.currency),
        total=words.money(invoice.total, invoice.currency),
        is_open=invoice.status.is_open,
        until=_until(invoice, words),
        banner=_banner(invoice, words, unpaid, status),
        facts=_facts(invoice, words),
        address=invoice.billing_address,
        lines=[_line(line, invoice, words) for line in invoice.lines],
        subtotal=words.money(invoice.subtotal, invoice.currency),
        tax=words.money(invoice.tax, invoice.currency) if invoice.tax else "",
        paid=words.money(-invoice.amount_paid, invoice.currency) if invoice.amount_paid else "",
        notes=invoice.notes,
        card=card,
    )


def _line(line: InvoiceLine, invoice: Invoice, words: Formatter) -> tuple[str, list[str], str]:
    """What it is, when and where, and what it costs."""
    day = words.short_day(line.trip_date) if line.trip_date else ""
    details = [each for each in (day, line.detail) if each]
    return line.description, details, words.money(line.amount, invoice.currency)


def _until(invoice: Invoice, words: Formatter) -> str:
    if not invoice.status.is_open or invoice.due_date is None:
        return ""
    verb = "Was due" if invoice.status is InvoiceStatus.OVERDUE else "Due"
    return f"{verb} on {words.day(invoice.due_date)}"


def _facts(invoice: Invoice, words: Formatter) -> list[Fact]:
    found = []
    if invoice.issue_date is not None:
        found.append(Fact("Issued", words.short_day(invoice.issue_date)))
    if invoice.due_date is not None:
        found.append(Fact("Due", words.short_day(invoice.due_date)))
    return [*found, Fact("Terms", invoice.payment_terms.value.replace("_", " ").capitalize())]


def _banner(invoice: Invoice, words: Formatter, unpaid: str, status: int) -> tuple[str, str, str] | None:
    """What to know first: title, text, mood."""
    if status == 202:
        return ("We are waiting for your bank", unpaid, "")
    if unpaid:
        return ("Your payment did not go through", unpaid, "bad")
    match invoice.status:
        case InvoiceStatus.PAID:
            when = f" It was paid on {words.day(invoice.paid_at)}." if invoice.paid_at else ""
            return ("This invoice is paid", f"Thank you.{when}", "good")
        case InvoiceStatus.VOID:
            return ("This invoice is void", "Nothing is to be paid on it.", "bad")
        case InvoiceStatus.OVERDUE:
            return ("This invoice is overdue", "Please pay it now, or call us if something is wrong with it.", "bad")
        case InvoiceStatus.PARTIALLY_PAID:
            return ("Thank you", f"{words.money(invoice.amount_paid, invoice.currency)} was paid.", "good")
    return None
