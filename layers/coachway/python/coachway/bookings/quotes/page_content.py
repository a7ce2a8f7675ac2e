"""The content of a quote's page, by state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from coachway.bookings import charter_text, payment_schedule
from coachway.bookings.charter_text import Fact, LineText, StopText
from coachway.bookings.charters import instalments
from coachway.bookings.charters.instalments import Instalment
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import Status
from coachway.core.documents.formatting import Formatter


class PageState(StrEnum):
    """What a client can do with a quote."""

    OPEN = "open"
    ACCEPTED = "accepted"
    """Accepted, but the deposit is not paid yet."""
    UNDER_WAY = "under_way"
    """Booked, confirmed, in progress or completed."""
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


_STATE_BY_STATUS: Final = {
    Status.BOOKED: PageState.UNDER_WAY,
    Status.CONFIRMED: PageState.UNDER_WAY,
    Status.IN_PROGRESS: PageState.UNDER_WAY,
    Status.COMPLETED: PageState.UNDER_WAY,
    Status.DECLINED: PageState.DECLINED,
    Status.EXPIRED: PageState.EXPIRED,
    Status.CANCELLED: PageState.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Banner:
    """The message at the top. `mood` is good, bad or empty."""

    title: str
    text: str
    mood: str = ""


@dataclass(frozen=True, slots=True)
class PaymentPrompt:
    """A payment that can be made now. `amount` and `paid` are in cents; `is_due` if it is due today."""

    title: str
    text: str
    amount_text: str
    amount: int
    paid: int
    is_due: bool


@dataclass(frozen=True, slots=True)
class QuotePage:
    """Everything that the template shows, as text."""

    state: PageState
    heading: str
    client: str
    route: str
    day: str
    banner: Banner | None
    revision_number: int
    total: str
    paid_summary: str
    """What was paid and what remains; empty before the first payment."""
    valid_until: str
    facts: Sequence[Fact]
    stops: Sequence[StopText]
    lines: Sequence[LineText]
    terms: Sequence[str]
    is_bookable: bool
    """False while a warning blocks it."""
    payment: PaymentPrompt | None = None
    payment_terms: str = ""
    """What is due when, before it is accepted; empty if the client is invoiced afterwards."""
    deposit: str = ""
    """The amount that books it."""

    @property
    def is_open(self) -> bool:
        """Whether the client can answer it."""
        return self.state is PageState.OPEN

    @property
    def awaits_deposit(self) -> bool:
        """Whether only the deposit is missing."""
        return self.state is PageState.ACCEPTED

    @property
    def can_be_declined(self) -> bool:
        """Whether the client can still decline it: nothing is paid yet."""
        return self.state in {PageState.OPEN, PageState.ACCEPTED} and (self.payment is None or self.payment.paid == 0)


def quote_state(charter: Charter, now: datetime) -> PageState:
    """The state of the quote behind a valid link."""
    if charter.status is not Status.QUOTE:
        return _STATE_BY_STATUS[charter.status]
    is_expired = charter.quote_expires_at is not None and charter.quote_expires_at <= now
    if is_expired:
        return PageState.EXPIRED
    return PageState.ACCEPTED if charter.is_accepted else PageState.OPEN


def build_quote_page(
    charter: Charter,
    client: str,
    formatter: Formatter,
    state: PageState,
    rejection: str = "",
    *,
    unpaid: str = "",
    parts: Sequence[Instalment] = (),
) -> QuotePage:
    """Build the page of a charter's quote.

    `rejection` is why an answer was refused, `unpaid` why a payment failed. `parts` are the agreed instalments, or
    those that would apply if the quote were accepted now.
    """
    zone = charter.timezone
    is_booked = state is PageState.UNDER_WAY
    return QuotePage(
        state=state,
        heading=f"{'Trip' if is_booked else 'Quote'} {charter.number}",
        client=client,
        route=charter_text.describe_route(charter.stops),
        day=charter_text.describe_days(charter, formatter),
        banner=Banner(_UNPAID, unpaid, "bad") if unpaid else _banner(charter, formatter, state, rejection),
        revision_number=charter.revision_number,
        total=formatter.money(charter.quote.total, charter.quote.currency),
        paid_summary=_paid_summary(charter, formatter) if is_booked else "",
        valid_until=formatter.moment(charter.quote_expires_at, zone) if charter.quote_expires_at else "",
        facts=charter_text.describe_trip(charter),
        stops=charter_text.describe_stops(charter.stops, formatter),
        lines=charter_text.describe_lines(charter.quote.lines, formatter),
        terms=charter_text.cancellation_terms(),
        is_bookable=not charter.quote.blocking,
        payment=_payment_prompt(charter, formatter, state, charter.instalments or parts),
        payment_terms=_payment_terms(charter, parts, formatter) if state is PageState.OPEN else "",
        deposit=formatter.money(instalments.amount_due_to_book(parts), charter.quote.currency)
        if instalments.amount_due_to_book(parts)
        else "",
    )


def _paid_summary(charter: Charter, formatter: Formatter) -> str:
    paid, remaining = charter.amount_paid, charter.quote.total - charter.amount_paid
    if not paid:
        return ""
    amount_text = formatter.money(paid, charter.quote.currency)
    return (
        f"{amount_text} paid, {formatter.money(remaining, charter.quote.currency)} to pay"
        if remaining > 0
        else f"{amount_text} paid"
    )


def _payment_terms(charter: Charter, parts: Sequence[Instalment], formatter: Formatter) -> str:
    phrases = []
    for part in parts:
        amount = formatter.money(part.amount, charter.quote.currency)
        is_whole = part.amount == charter.quote.total
        when = f"by {formatter.day(part.due_on)}" if part.due_on else "to book it"
        phrases.append(f"{'the whole price' if is_whole else amount} {when}")
    return f"You pay {', and '.join(phrases)}." if phrases else ""


def _payment_prompt(
    charter: Charter, formatter: Formatter, state: PageState, parts: Sequence[Instalment]
) -> PaymentPrompt | None:
    """The payment in advance that is due now, or next; an invoice has its own page."""
    if state not in {PageState.ACCEPTED, PageState.UNDER_WAY} or charter.invoice_id is not None:
        return None
    paid = charter.amount_paid
    due = instalments.amount_due_by(parts, payment_schedule.local_today(charter)) - paid
    amount = (
        due if due > 0 else next((remaining for remaining in instalments.open_instalments(parts, paid) if remaining), 0)
    )
    if amount <= 0:
        return None
    amount_text = formatter.money(amount, charter.quote.currency)
    due_on = instalments.next_due_date(parts, paid)
    if state is PageState.ACCEPTED:
        title, text = "Pay to book your trip", f"Your trip is booked once {amount_text} is paid."
        balance = charter.quote.total - paid - amount
        if balance > 0 and (balance_due_on := next((part.due_on for part in parts if part.due_on), None)):
            balance_text = formatter.money(balance, charter.quote.currency)
            text += f" The balance, {balance_text}, is due on {formatter.day(balance_due_on)}."
        return PaymentPrompt(title, text, amount_text, amount, paid, is_due=True)
    when = "is due now" if due > 0 or due_on is None else f"is due on {formatter.day(due_on)}"
    return PaymentPrompt(
        "Pay the balance" if paid else "Pay for your trip",
        f"{amount_text} {when}.",
        amount_text,
        amount,
        paid,
        is_due=due > 0,
    )


def _banner(charter: Charter, formatter: Formatter, state: PageState, rejection: str) -> Banner | None:
    if state is PageState.OPEN or (state is PageState.ACCEPTED and rejection):
        return Banner("That was not possible", rejection, "bad") if rejection else None
    if state is PageState.ACCEPTED:
        return Banner(f"Thank you, {charter.accepted_by}", "One step is left. Your trip is not booked yet.")
    if state is PageState.UNDER_WAY:
        greeting = f"Thank you, {charter.accepted_by}. " if charter.accepted_by else ""
        return Banner(_UNDER_WAY[charter.status], f"{greeting}Your trip has the number {charter.number}.", "good")
    if state is PageState.EXPIRED and charter.quote_expires_at is not None:
        when = formatter.moment(charter.quote_expires_at, charter.timezone)
        return Banner("This quote has expired", f"It was valid until {when}. Ask us for a new one.", "bad")
    return _CLOSED[state]


_UNPAID: Final = "Your payment did not go through"
_UNDER_WAY: Final = {
    Status.BOOKED: "Your trip is booked",
    Status.CONFIRMED: "Your trip is confirmed",
    Status.IN_PROGRESS: "Your trip is under way",
    Status.COMPLETED: "Your trip is completed",
}
_CLOSED: Final = {
    PageState.EXPIRED: Banner("This quote has expired", "Ask us for a new one.", "bad"),
    PageState.DECLINED: Banner("This quote was declined", "Ask us if you would like another one.", "bad"),
    PageState.CANCELLED: Banner("This trip was cancelled", "Ask us if you would like a new quote.", "bad"),
}
