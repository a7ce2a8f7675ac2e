"""Where the cards go that are entered on the page of an invoice or of a quote."""

from __future__ import annotations

from typing import Final

from coachway.billing import links, pages, paying
from coachway.billing.payment import PaymentInput, PaymentStatus
from coachway.billing.stripe_port import Declined
from coachway.bookings import answering
from coachway.bookings import links as quotes
from coachway.bookings import pages as quote_pages
from coachway.core import cards, errors
from coachway.core.answers import Html
from coachway.core.caller import Caller
from coachway.core.cards import CardForm

WAITING: Final = "Your bank has not answered yet. Do not pay again: we will write to you as soon as it has."
_NO_CARD: Final = "Enter your card, and let this page run its script."


def pay(caller: Caller, token: str, form: CardForm) -> Html:
    """Pay an invoice by card, and lead back to its page."""
    linked = links.opened(caller, token)
    wanted = {"invoice_id": linked.invoice.id}
    why, status = _taken(linked.caller, wanted, form)
    if status == 303:
        return Html("", status=303, headers={"Location": f"../{token}"})
    return pages.drawn(links.opened(caller, token), unpaid=why, status=status)


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
    except Declined as no:
        return no.message, 409
    except errors.Conflict as refusal:
        return refusal.detail or refusal.title, 409
    return (WAITING, 202) if payment.status is PaymentStatus.PENDING else ("", 303)
