"""Card forms of the invoice page and the quote page, and the return from the bank.

A bank can require the payer to confirm a payment (3-D Secure): a page leads to the bank, which leads back here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coachway.billing.errors import AmountDueChanged
from coachway.billing.invoices import links as invoice_links
from coachway.billing.invoices import page as invoice_page
from coachway.billing.payments import card_payments, queries
from coachway.billing.payments.model import PaymentInput, PaymentStatus
from coachway.billing.stripe.client import CardDeclined
from coachway.bookings.charter_text import brand_of
from coachway.bookings.errors import QuoteLinkReplaced
from coachway.bookings.quotes import links as quotes
from coachway.bookings.quotes import pages as quote_pages
from coachway.bookings.quotes import responses as quote_responses
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.documents import card_form, html
from coachway.core.documents.card_form import CardForm
from coachway.core.http.response_types import HtmlResponse
from coachway.core.runtime import settings
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization

AWAITING_BANK: Final = "Your bank has not answered yet. Do not pay again. We will write to you as soon as it has."
_UNCONFIRMED: Final = (
    "Your bank requires you to confirm this payment. It is not confirmed yet, and nothing was charged."
)
_NO_CARD: Final = "Enter your card, and allow this page to run its script."


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The result of a payment: an error message and HTTP status (303 when paid), or the URL to confirm it."""

    message: str = ""
    status: int = 303
    confirm_url: str = ""


def pay_invoice(caller: Caller, token: str, form: CardForm) -> HtmlResponse:
    """Pay an invoice by card and redirect to its page."""
    linked = invoice_links.open_invoice_link(caller, token)
    return_to = f"{settings.public_url()}/pages/invoices/{token}/payments"
    outcome = _take_payment(linked.caller, {"invoice_id": linked.invoice.id}, form, return_to)
    if outcome.confirm_url:
        return _confirmation_page(linked.organization, outcome.confirm_url)
    if outcome.status == 303:
        return _redirect(f"../{token}")
    return invoice_page.render_invoice(
        invoice_links.open_invoice_link(caller, token), payment_error=outcome.message, status=outcome.status
    )


def complete_invoice_payment(caller: Caller, token: str, payment_id: str) -> HtmlResponse:
    """Complete an invoice payment after the payer returns from the bank: redirect, or show why it failed."""
    linked = invoice_links.open_invoice_link(caller, token)
    outcome = _check_payment(linked.caller, linked.invoice.id, payment_id)
    if outcome.status == 303:
        return _redirect(f"../../{token}")
    return invoice_page.render_invoice(
        invoice_links.open_invoice_link(caller, token),
        base_path="../",
        payment_error=outcome.message,
        status=outcome.status,
    )


def pay_quote(caller: Caller, token: str, form: CardForm) -> HtmlResponse:
    """Pay the deposit or balance of a quote by card and redirect to the quote's page."""
    try:
        linked = quotes.open_link(token)
    except QuoteLinkReplaced as error:
        return quote_pages.render_failed_payment(caller, token, error.detail, status=404)
    if linked.is_expired:
        return quote_pages.render_failed_payment(
            caller, token, "This quote has expired. Ask us for a new one.", status=409
        )
    holder = quote_responses.caller_as_client(caller, linked.charter)
    return_to = f"{settings.public_url()}/pages/quotes/{token}/payments"
    outcome = _take_payment(holder, {"charter_id": linked.charter.id}, form, return_to)
    if outcome.confirm_url:
        return _confirmation_page(organization_queries.get(holder.org_id), outcome.confirm_url)
    if outcome.status == 303:
        return _redirect(f"../{token}")
    return quote_pages.render_failed_payment(caller, token, outcome.message, status=outcome.status)


def complete_quote_payment(caller: Caller, token: str, payment_id: str) -> HtmlResponse:
    """Complete a quote payment after the payer returns from the bank: redirect, or show why it failed."""
    try:
        linked = quotes.open_link(token)
    except QuoteLinkReplaced:
        return _redirect(f"../../{token}")
    outcome = _check_payment(quote_responses.caller_as_client(caller, linked.charter), linked.charter.id, payment_id)
    if outcome.status == 303:
        return _redirect(f"../../{token}")
    return quote_pages.render_failed_payment(caller, token, outcome.message, status=outcome.status, base_path="../")


def _redirect(address: str) -> HtmlResponse:
    return HtmlResponse("", status=303, headers={"Location": address})


def _confirmation_page(organization: Organization, address: str) -> HtmlResponse:
    """A page that leads to the bank. Not a redirect: the CSP allows forms to redirect to this origin only."""
    return html.html(invoice_page.TEMPLATES, "confirm.html", brand=brand_of(organization), address=address)


def _take_payment(holder: Caller, subject: dict[str, str], form: CardForm, return_to: str) -> _Outcome:
    if not form.payment_method_id:
        return _Outcome(_NO_CARD, 422)
    amount = card_form.cents(form.amount)
    if amount <= 0:
        return _Outcome("This amount cannot be paid. Reload this page.", 422)
    request = PaymentInput(**subject, amount=amount, payment_method_id=form.payment_method_id)
    try:
        result = card_payments.charge_card_with_payer_present(
            holder, request, seen_paid=card_form.cents(form.paid), return_to=return_to
        )
    except (AmountDueChanged, errors.ConcurrentUpdate):
        return _Outcome()
    except CardDeclined as error:
        return _Outcome(error.message, 409)
    except errors.Conflict as error:
        return _Outcome(error.detail or error.title, 409)
    if result.confirm_url:
        return _Outcome(confirm_url=result.confirm_url)
    return _Outcome(AWAITING_BANK, 202) if result.payment.status is PaymentStatus.PENDING else _Outcome()


def _check_payment(holder: Caller, subject_id: str, payment_id: str) -> _Outcome:
    """Refresh a payment from Stripe. Raises NotFound for a payment of another invoice or quote."""
    payment = queries.get_payment(holder, payment_id)
    if payment.subject_id != subject_id:
        raise errors.NotFound("Payment not found.")
    payment = card_payments.refresh_from_stripe(holder, payment)
    if payment.status is PaymentStatus.PENDING:
        return _Outcome(_UNCONFIRMED, 409) if payment.awaits_payer else _Outcome(AWAITING_BANK, 202)
    if payment.status is PaymentStatus.FAILED:
        return _Outcome(payment.failure_message or "Nothing was charged.", 409)
    return _Outcome()
