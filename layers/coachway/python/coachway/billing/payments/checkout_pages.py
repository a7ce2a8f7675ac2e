"""Card payments on the invoice page and the quote page, and the return from the bank.

A bank can require the payer to confirm a payment (3-D Secure). A page then links to the bank, which redirects back.
"""

from dataclasses import dataclass
from math import ceil
from typing import Final

from coachway.billing.errors import AmountDueChanged, InvoiceNotPayable
from coachway.billing.invoices import links as invoice_links
from coachway.billing.invoices import page as invoice_page
from coachway.billing.payments import card_payments, outcome_refresh, queries
from coachway.billing.payments.model import CardConsent, PaymentInput, PaymentStatus
from coachway.billing.stripe.client import CardDeclined
from coachway.bookings.errors import QuoteLinkReplaced
from coachway.bookings.quotes import links as quote_links
from coachway.bookings.quotes import pages as quote_pages
from coachway.bookings.quotes import responses as quote_responses
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.documents import card_consent, card_form, html
from coachway.core.documents.card_form import CardForm
from coachway.core.http.response_types import HtmlResponse
from coachway.core.runtime import clock, settings
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization
from coachway.identity.organizations.branding import build_brand

AWAITING_BANK: Final = "Your bank has not responded yet. Do not pay again. We will email you when it has."
_UNCONFIRMED: Final = (
    "Your bank requires you to confirm this payment. It is not confirmed yet, and nothing was charged."
)
_CARD_MISSING: Final = "Enter your card details. If you see no card form, turn on JavaScript and reload the page."


@dataclass(frozen=True, slots=True)
class _CheckoutResult:
    """The result of a payment: a message and an HTTP status (303 if it succeeded), or the URL to confirm it.

    `retry_after` is the number of seconds to wait after too many attempts.
    """

    message: str = ""
    status: int = 303
    confirm_url: str = ""
    retry_after: int = 0

    def add_headers(self, page: HtmlResponse) -> HtmlResponse:
        """Add the headers of the result to its page."""
        if self.retry_after:
            page.headers = {**page.headers, "Retry-After": str(self.retry_after)}
        return page


def pay_invoice(caller: Caller, token: str, form: CardForm) -> HtmlResponse:
    """Pay an invoice by card and redirect to its page."""
    linked = invoice_links.open_invoice_link(caller, token)
    return_to = f"{settings.public_url()}/pages/invoices/{token}/payments"
    result = _charge_card(
        linked.caller,
        {"invoice_id": linked.invoice.id},
        form,
        return_to,
        _read_consent(form, linked.organization, "/pages/invoices"),
    )
    if result.confirm_url:
        return _render_confirmation(linked.organization, result.confirm_url)
    if result.status == 303:
        return _redirect(f"../{token}")
    page = invoice_page.render_invoice(
        invoice_links.open_invoice_link(caller, token), payment_error=result.message, status=result.status
    )
    return result.add_headers(page)


def complete_invoice_payment(caller: Caller, token: str, payment_id: str) -> HtmlResponse:
    """Complete an invoice payment after the payer returns from the bank: redirect, or show why it failed."""
    linked = invoice_links.open_invoice_link(caller, token)
    result = _refresh_payment(linked.caller, linked.invoice.id, payment_id)
    if result.status == 303:
        return _redirect(f"../../{token}")
    return invoice_page.render_invoice(
        invoice_links.open_invoice_link(caller, token),
        base_path="../",
        payment_error=result.message,
        status=result.status,
    )


def pay_quote(caller: Caller, token: str, form: CardForm) -> HtmlResponse:
    """Pay the deposit or balance of a quote by card and redirect to the quote's page."""
    try:
        linked = quote_links.open_link(token)
    except QuoteLinkReplaced as error:
        return quote_pages.render_failed_payment(token, error.detail, status=404)
    if linked.is_expired:
        return quote_pages.render_failed_payment(token, "This quote has expired. Ask us for a new one.", status=409)
    payer = quote_responses.caller_as_client(caller, linked.charter)
    return_to = f"{settings.public_url()}/pages/quotes/{token}/payments"
    organization = organization_queries.get_organization(payer.org_id)
    consent = _read_consent(form, organization, "/pages/quotes")
    result = _charge_card(payer, {"charter_id": linked.charter.id}, form, return_to, consent)
    if result.confirm_url:
        return _render_confirmation(organization, result.confirm_url)
    if result.status == 303:
        return _redirect(f"../{token}")
    return result.add_headers(quote_pages.render_failed_payment(token, result.message, status=result.status))


def complete_quote_payment(caller: Caller, token: str, payment_id: str) -> HtmlResponse:
    """Complete a quote payment after the payer returns from the bank: redirect, or show why it failed."""
    try:
        linked = quote_links.open_link(token)
    except QuoteLinkReplaced:
        return _redirect(f"../../{token}")
    result = _refresh_payment(quote_responses.caller_as_client(caller, linked.charter), linked.charter.id, payment_id)
    if result.status == 303:
        return _redirect(f"../../{token}")
    return quote_pages.render_failed_payment(token, result.message, status=result.status, base_path="../")


def _redirect(address: str) -> HtmlResponse:
    return HtmlResponse("", status=303, headers={"Location": address})


def _render_confirmation(organization: Organization, address: str) -> HtmlResponse:
    """Render a page with a link to the bank. A redirect is not possible: the CSP restricts forms to this origin."""
    return html.render_template(
        invoice_page.TEMPLATES, "confirm.html", brand=build_brand(organization), address=address
    )


def _read_consent(form: CardForm, organization: Organization, page: str) -> CardConsent | None:
    """Return the consent to later charges, or None if its box was not ticked or the page showed an older text."""
    if form.card_consent != card_consent.VERSION:
        return None
    return CardConsent(
        version=form.card_consent,
        text=card_consent.consent_text(organization.name),
        given_at=clock.now(),
        page=page,
    )


def _charge_card(
    payer: Caller, subject: dict[str, str], form: CardForm, return_to: str, consent: CardConsent | None
) -> _CheckoutResult:
    if not form.payment_method_id:
        return _CheckoutResult(_CARD_MISSING, 422)
    amount = card_form.cents(form.amount)
    if amount <= 0:
        return _CheckoutResult("This amount cannot be paid. Reload this page.", 422)
    request = PaymentInput(**subject, amount=amount, payment_method_id=form.payment_method_id)
    try:
        result = card_payments.charge_card_with_payer_present(
            payer, request, seen_paid=card_form.cents(form.paid), return_to=return_to, consent=consent
        )
    except (AmountDueChanged, InvoiceNotPayable, errors.ConcurrentUpdate):
        return _CheckoutResult()  # the form was sent twice or is old: the page shows the current state
    except CardDeclined as error:
        return _CheckoutResult(error.message, 409)
    except errors.RateLimited as error:
        minutes = ceil(error.retry_after / 60)
        message = f"There were too many attempts. Try again in {minutes} min, or pay another way. Nothing was charged."
        return _CheckoutResult(message, 429, retry_after=error.retry_after)
    except errors.Conflict as error:
        return _CheckoutResult(error.detail or error.title, 409)
    if result.confirm_url:
        return _CheckoutResult(confirm_url=result.confirm_url)
    return _CheckoutResult(AWAITING_BANK, 202) if result.payment.status is PaymentStatus.PENDING else _CheckoutResult()


def _refresh_payment(payer: Caller, subject_id: str, payment_id: str) -> _CheckoutResult:
    """Read the outcome of a payment from Stripe. Raises NotFound for a payment of another invoice or quote."""
    payment = queries.get_payment(payer, payment_id)
    if payment.subject_id != subject_id:
        raise errors.NotFound("The payment was not found.")
    payment = outcome_refresh.refresh_from_stripe(payer, payment)
    if payment.status is PaymentStatus.PENDING:
        if payment.requires_confirmation:
            return _CheckoutResult(_UNCONFIRMED, 409)
        return _CheckoutResult(AWAITING_BANK, 202)
    if payment.status is PaymentStatus.FAILED:
        return _CheckoutResult(payment.failure_message or "Nothing was charged.", 409)
    return _CheckoutResult()
