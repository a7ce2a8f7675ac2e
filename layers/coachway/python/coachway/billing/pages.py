"""The page of an invoice, and where the cards go that are entered there or on the page of a quote."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from coachway.billing import links, paying
from coachway.billing.invoice import Invoice
from coachway.billing.invoice_rules import InvoiceStatus
from coachway.billing.links import LinkedInvoice
from coachway.billing.payment import PaymentInput, PaymentStatus
from coachway.bookings import answering
from coachway.bookings import links as quotes
from coachway.bookings import pages as quote_pages
from coachway.bookings.wording import Fact, brand_of, wording_of
from coachway.core import cards, errors, pages
from coachway.core.answers import Html
from coachway.core.caller import Caller
from coachway.core.cards import CardAsked, CardForm
from coachway.core.wording import Wording

TEMPLATES: Final = Path(__file__).parent / "templates"
WAITING: Final = "Your bank has not answered yet. Do not pay again: we will write to you as soon as it has."
_NO_CARD: Final = "Enter your card, and let this page run its script."


def show(caller: Caller, token: str) -> Html:
    """The page of the invoice that a link leads to. Raises Missing for a link that was not made here."""
    return _drawn(links.opened(caller, token), here=f"{token}/")


def pay(caller: Caller, token: str, form: CardForm) -> Html:
    """Pay an invoice by card, and lead back to its page."""
    linked = links.opened(caller, token)
    wanted = {"invoice_id": linked.invoice.id}
    why, status = _taken(linked.caller, wanted, form)
    if status == 303:
        return Html("", status=303, headers={"Location": f"../{token}"})
    return _drawn(links.opened(caller, token), unpaid=why, status=status)


def pay_quote(caller: Caller, token: str, form: CardForm) -> Html:
    """Pay ahead for the trip that a quote's link leads to, and lead back to the quote's page."""
    try:
        linked = quotes.opened(token)
    except quotes.LinkReplaced as replaced:
        return quote_pages.unpaid(caller, token, replaced.detail, status=404)
    if linked.is_expired:
        return quote_pages.unpaid(caller, token, "This quote has expired: ask us for a new one.", status=409)
    holder = answering.holder_of(caller, linked.charter)
    why, status = _taken(holder, {"charter_id": linked.charter.id}, form)
    if status == 303:
        return Html("", status=303, headers={"Location": f"../{token}"})
    return quote_pages.unpaid(caller, token, why, status=status)


def _taken(holder: Caller, subject: dict[str, str], form: CardForm) -> tuple[str, int]:
    """Why nothing was paid, and the status to say so with; 303 when it was paid."""
    if not form.payment_method_id:
        return _NO_CARD, 422
    wanted = PaymentInput(**subject, amount=cards.cents(form.amount), payment_method_id=form.payment_method_id)
    try:
        payment = paying.process(holder, wanted, seen_paid=cards.cents(form.paid))
    except paying.PaidMeanwhile:
        return "", 303
    except errors.Conflict as refusal:
        return refusal.detail or refusal.title, 409
    return (WAITING, 202) if payment.status is PaymentStatus.PENDING else ("", 303)


def _drawn(linked: LinkedInvoice, *, here: str = "", unpaid: str = "", status: int = 200) -> Html:
    invoice, organization = linked.invoice, linked.organization
    words = wording_of(organization)
    card = None
    if invoice.status.is_open and invoice.balance_due > 0 and status != 202:
        label = f"Pay {words.money(invoice.balance_due, invoice.currency)}"
        card = CardAsked.of(f"{here}pay", label, invoice.balance_due, invoice.amount_paid, "Pay by transfer instead.")
    return pages.html(
        TEMPLATES,
        "invoice.html",
        brand=brand_of(organization),
        status=status,
        more_style=cards.STYLE if card else "",
        also=card.policy if card else "",
        number=invoice.number,
        client=invoice.client_name,
        due=words.money(invoice.balance_due, invoice.currency),
        total=words.money(invoice.total, invoice.currency),
        until=_until(invoice, words),
        banner=_banner(invoice, words, unpaid, status),
        facts=_facts(invoice, words),
        address=invoice.billing_address,
        lines=[(line.description, line.detail, words.money(line.amount, invoice.currency)) for line in invoice.lines],
        subtotal=words.money(invoice.subtotal, invoice.currency),
        tax=words.money(invoice.tax, invoice.currency) if invoice.tax else "",
        paid=words.money(-invoice.amount_paid, invoice.currency) if invoice.amount_paid else "",
        notes=invoice.notes,
        card=card,
    )


def _until(invoice: Invoice, words: Wording) -> str:
    if not invoice.status.is_open or invoice.due_date is None:
        return ""
    verb = "Was due" if invoice.status is InvoiceStatus.OVERDUE else "Due"
    return f"{verb} on {words.day(invoice.due_date)}"


def _facts(invoice: Invoice, words: Wording) -> list[Fact]:
    found = []
    if invoice.issue_date is not None:
        found.append(Fact("Issued", words.short_day(invoice.issue_date)))
    if invoice.due_date is not None:
        found.append(Fact("Due", words.short_day(invoice.due_date)))
    return [*found, Fact("Terms", invoice.payment_terms.value.replace("_", " ").capitalize())]


def _banner(invoice: Invoice, words: Wording, unpaid: str, status: int) -> tuple[str, str, str] | None:
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
