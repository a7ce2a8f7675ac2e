"""Where the cards go that are entered on the page of an invoice or of a quote, and where payers come back to.

A bank may want its payer to confirm a payment (3-D Secure): a page leads there, and from there back here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coachway.billing.invoices import links as invoice_links
from coachway.billing.invoices import page as invoice_page
from coachway.billing.payments import card_payments, queries
from coachway.billing.payments.model import PaymentInput, PaymentStatus
from coachway.billing.stripe.client import Declined
from coachway.bookings.charter_text import brand_of
from coachway.bookings.errors import QuoteLinkReplaced
from coachway.bookings.quotes import links as quotes
from coachway.bookings.quotes import pages as quote_pages
from coachway.bookings.quotes import responses as quote_responses
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.documents import card_form
from coachway.core.documents import html as core_pages
from coachway.core.documents.card_form import CardForm
from coachway.core.http.response_types import HtmlResponse
from coachway.core.runtime import settings
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization

WAITING: Final = "Your bank has not answered yet. Do not pay again: we will write to you as soon as it has."
_UNCONFIRMED: Final = "Your bank wants you to confirm this payment, and it is not confirmed yet. Nothing was charged."
_NO_CARD: Final = "Enter your card, and let this page run its script."


@dataclass(frozen=True, slots=True)
class _Outcome:
    """Why nothing was paid, and the status to say so with: 303 when it was paid. Or where that is confirmed."""

    why: str = ""
    status: int = 303
    confirm_url: str = ""


def pay(caller: Caller, token: str, form: CardForm) -> HtmlResponse:
    """Pay an invoice by card, and lead back to its page."""
    linked = invoice_links.open_invoice_link(caller, token)
    return_to = f"{settings.public_url()}/pages/invoices/{token}/payments"
    outcome = _take_payment(linked.caller, {"invoice_id": linked.invoice.id}, form, return_to)
    if outcome.confirm_url:
        return _to_the_bank(linked.organization, outcome.confirm_url)
    if outcome.status == 303:
        return _led_to(f"../{token}")
    return invoice_page.drawn(invoice_links.open_invoice_link(caller, token), unpaid=outcome.why, status=outcome.status)


def paid(caller: Caller, token: str, payment_id: str) -> HtmlResponse:
    """The payer of an invoice comes back from the bank: lead to its page, or say there why it is not paid."""
    linked = invoice_links.open_invoice_link(caller, token)
    outcome = _confirmed(linked.caller, linked.invoice.id, payment_id)
    if outcome.status == 303:
        return _led_to(f"../../{token}")
    return invoice_page.drawn(
        invoice_links.open_invoice_link(caller, token), here="../", unpaid=outcome.why, status=outcome.status
    )


def pay_quote(caller: Caller, token: str, form: CardForm) -> HtmlResponse:
    """Pay ahead for the trip that a quote's link leads to, and lead back to the quote's page."""
    try:
        linked = quotes.open_link(token)
    except QuoteLinkReplaced as replaced:
        return quote_pages.render_failed_payment(caller, token, replaced.detail, status=404)
    if linked.is_expired:
        return quote_pages.render_failed_payment(
            caller, token, "This quote has expired. Ask us for a new one.", status=409
        )
    holder = quote_responses.caller_as_client(caller, linked.charter)
    return_to = f"{settings.public_url()}/pages/quotes/{token}/payments"
    outcome = _take_payment(holder, {"charter_id": linked.charter.id}, form, return_to)
    if outcome.confirm_url:
        return _to_the_bank(organization_queries.get(holder.org_id), outcome.confirm_url)
    if outcome.status == 303:
        return _led_to(f"../{token}")
    return quote_pages.render_failed_payment(caller, token, outcome.why, status=outcome.status)


def paid_quote(caller: Caller, token: str, payment_id: str) -> HtmlResponse:
    """The payer of a trip comes back from the bank: lead to the quote's page, or say there why it is not paid."""
    try:
        linked = quotes.open_link(token)
    except QuoteLinkReplaced:
        return _led_to(f"../../{token}")
    outcome = _confirmed(quote_responses.caller_as_client(caller, linked.charter), linked.charter.id, payment_id)
    if outcome.status == 303:
        return _led_to(f"../../{token}")
    return quote_pages.render_failed_payment(caller, token, outcome.why, status=outcome.status, base_path="../")


def _led_to(address: str) -> HtmlResponse:
    return HtmlResponse("", status=303, headers={"Location": address})


def _to_the_bank(organization: Organization, address: str) -> HtmlResponse:
    """A page that leads on by itself, or by its link. Not a redirection: a form's may lead to this origin only."""
    return core_pages.html(invoice_page.TEMPLATES, "confirm.html", brand=brand_of(organization), address=address)


def _take_payment(holder: Caller, subject: dict[str, str], form: CardForm, return_to: str) -> _Outcome:
    if not form.payment_method_id:
        return _Outcome(_NO_CARD, 422)
    amount = card_form.cents(form.amount)
    if amount <= 0:
        return _Outcome("Nothing can be paid with that amount: reload this page.", 422)
    wanted = PaymentInput(**subject, amount=amount, payment_method_id=form.payment_method_id)
    try:
        taken = card_payments.charge_card_with_payer_present(
            holder, wanted, seen_paid=card_form.cents(form.paid), return_to=return_to
        )
    except (card_payments.PaidMeanwhile, errors.ConcurrentUpdate):
        return _Outcome()
    except Declined as no:
        return _Outcome(no.message, 409)
    except errors.Conflict as refusal:
        return _Outcome(refusal.detail or refusal.title, 409)
    if taken.confirm_url:
        return _Outcome(confirm_url=taken.confirm_url)
    return _Outcome(WAITING, 202) if taken.payment.status is PaymentStatus.PENDING else _Outcome()


def _confirmed(holder: Caller, subject_id: str, payment_id: str) -> _Outcome:
    """What became of a payment. Raises Missing for one that is not for what the link leads to."""
    payment = queries.get(holder, payment_id)
    if payment.subject_id != subject_id:
        raise errors.NotFound("there is no such payment")
    payment = card_payments.refresh_from_stripe(holder, payment)
    if payment.status is PaymentStatus.PENDING:
        return _Outcome(_UNCONFIRMED, 409) if payment.awaits_payer else _Outcome(WAITING, 202)
    if payment.status is PaymentStatus.FAILED:
        return _Outcome(payment.failure_message or "Nothing was charged.", 409)
    return _Outcome()
