"""The content of the quote page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from coachway.bookings import charter_text, instalments, payment_schedule
from coachway.bookings.charter_text import LabeledValue, LineText, StopText
from coachway.bookings.charters import agreed_terms, public_price
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.bookings.instalments import Instalment
from coachway.core.documents.formatting import Formatter


class PageState(StrEnum):
    """The state of the quote page: what the client can do with the quote."""

    OPEN = "open"
    ACCEPTED = "accepted"
    """Accepted, but the deposit is not paid yet."""
    UNDER_WAY = "under_way"
    """Booked, confirmed, in progress or completed."""
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


_STATE_BY_STATUS: Final = {
    CharterStatus.BOOKED: PageState.UNDER_WAY,
    CharterStatus.CONFIRMED: PageState.UNDER_WAY,
    CharterStatus.IN_PROGRESS: PageState.UNDER_WAY,
    CharterStatus.COMPLETED: PageState.UNDER_WAY,
    CharterStatus.DECLINED: PageState.DECLINED,
    CharterStatus.EXPIRED: PageState.EXPIRED,
    CharterStatus.CANCELLED: PageState.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Banner:
    """The message at the top. `tone` is good, bad or empty."""

    title: str
    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class PaymentPrompt:
    """A payment that the client can make now. `amount` and `paid` are in cents; `is_due` means due today or earlier."""

    title: str
    text: str
    amount_text: str
    amount: int
    paid: int
    is_due: bool


@dataclass(frozen=True, slots=True)
class QuotePage:
    """The texts that the template shows."""

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
    facts: Sequence[LabeledValue]
    stops: Sequence[StopText]
    lines: Sequence[LineText]
    cancellation_terms: Sequence[str]
    terms: str
    """The terms and conditions of the organization; empty if it has none."""
    is_bookable: bool
    """False if a warning blocks the quote."""
    payment: PaymentPrompt | None = None
    payment_terms: str = ""
    """The instalments of an open quote; empty if the client pays by invoice after the trip."""
    deposit: str = ""
    """The amount that must be paid to book the trip; empty if none."""
    reports_opening: bool = False
    """Whether the page reports that a person has opened it. Nobody has before."""

    @property
    def is_open(self) -> bool:
        """Whether the client can answer the quote."""
        return self.state is PageState.OPEN

    @property
    def awaits_deposit(self) -> bool:
        """Whether the quote is accepted and its deposit is not paid."""
        return self.state is PageState.ACCEPTED

    @property
    def can_be_declined(self) -> bool:
        """Whether the client can still decline the quote: nothing is paid yet."""
        return self.state in {PageState.OPEN, PageState.ACCEPTED} and (self.payment is None or self.payment.paid == 0)


def quote_state(charter: Charter, now: datetime) -> PageState:
    """The state of the quote behind a valid link."""
    if charter.status is not CharterStatus.QUOTE:
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
    rejection_reason: str = "",
    *,
    payment_failure: str = "",
    parts: Sequence[Instalment] = (),
    terms: str = "",
    is_unopened: bool = False,
    salesperson: str = "",
) -> QuotePage:
    """Build the page of a charter's quote.

    `rejection_reason` is why an answer was rejected, `payment_failure` why a payment failed. `parts` are the agreed
    instalments, or those that apply if the quote is accepted now. `terms` are the terms that the quote was sent with.
    """
    zone = charter.timezone
    is_booked = state is PageState.UNDER_WAY
    return QuotePage(
        state=state,
        heading=f"{'Trip' if is_booked else 'Quote'} {charter.number}",
        client=client,
        route=charter_text.describe_route(charter.stops),
        day=charter_text.describe_days(charter, formatter),
        banner=Banner(_PAYMENT_FAILED, payment_failure, "bad")
        if payment_failure
        else _build_banner(charter, formatter, state, rejection_reason),
        revision_number=charter.revision_number,
        total=formatter.money(charter.quote.total, charter.quote.currency),
        paid_summary=_describe_paid_amount(charter, formatter) if is_booked else "",
        valid_until=formatter.moment(charter.quote_expires_at, zone) if charter.quote_expires_at else "",
        facts=[
            *charter_text.describe_trip(charter),
            *([LabeledValue("Your contact", salesperson)] if salesperson else []),
            *([LabeledValue("PO number", charter.po_number)] if charter.po_number else []),
        ],
        stops=charter_text.describe_stops(charter.stops, formatter),
        lines=charter_text.describe_lines(public_price.list_public_lines(charter), formatter),
        cancellation_terms=agreed_terms.describe_cancellation(charter),
        terms=terms,
        is_bookable=not charter.quote.blocking,
        payment=_build_payment_prompt(charter, formatter, state, charter.instalments or parts),
        payment_terms=_describe_instalments(charter, parts, formatter) if state is PageState.OPEN else "",
        deposit=formatter.money(instalments.sum_due_to_book(parts), charter.quote.currency)
        if instalments.sum_due_to_book(parts)
        else "",
        reports_opening=is_unopened and state is PageState.OPEN,
    )


def _describe_paid_amount(charter: Charter, formatter: Formatter) -> str:
    """What was paid for the trip. An invoice can have extras, so only its own page says what is left to pay."""
    is_invoiced = charter.invoice_id is not None
    paid, remaining = charter.amount_paid, charter.quote.total - charter.amount_paid
    if not paid:
        return ""
    paid_text = formatter.money(min(paid, charter.quote.total) if is_invoiced else paid, charter.quote.currency)
    if remaining <= 0 or is_invoiced:
        return f"{paid_text} paid"
    return f"{paid_text} paid, {formatter.money(remaining, charter.quote.currency)} to pay"


def _describe_instalments(charter: Charter, parts: Sequence[Instalment], formatter: Formatter) -> str:
    phrases = []
    for part in parts:
        amount = formatter.money(part.amount, charter.quote.currency)
        is_whole = part.amount == charter.quote.total
        when = f"by {formatter.day(part.due_on)}" if part.due_on else "to book it"
        phrases.append(f"{'the whole price' if is_whole else amount} {when}")
    return f"You pay {', and '.join(phrases)}." if phrases else ""


def _build_payment_prompt(
    charter: Charter, formatter: Formatter, state: PageState, parts: Sequence[Instalment]
) -> PaymentPrompt | None:
    """The payment in advance that is due now or next. Invoiced trips are paid on the page of the invoice."""
    if state not in {PageState.ACCEPTED, PageState.UNDER_WAY} or charter.invoice_id is not None:
        return None
    paid = charter.amount_paid
    due = instalments.sum_due_by(parts, payment_schedule.local_today(charter)) - paid
    amount = (
        due
        if due > 0
        else next((remaining for remaining in instalments.calculate_open_amounts(parts, paid) if remaining), 0)
    )
    if amount <= 0:
        return None
    amount_text = formatter.money(amount, charter.quote.currency)
    due_on = instalments.find_next_due_date(parts, paid)
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


def _build_banner(charter: Charter, formatter: Formatter, state: PageState, rejection_reason: str) -> Banner | None:
    if state is PageState.OPEN or (state is PageState.ACCEPTED and rejection_reason):
        return Banner("We could not save your answer", rejection_reason, "bad") if rejection_reason else None
    if state is PageState.ACCEPTED:
        return Banner(f"Thank you, {charter.accepted_by}", "Your trip is not booked yet. Pay the deposit to book it.")
    if state is PageState.UNDER_WAY:
        greeting = f"Thank you, {charter.accepted_by}. " if charter.accepted_by else ""
        return Banner(_BOOKED_TITLES[charter.status], f"{greeting}Your trip number is {charter.number}.", "good")
    if state is PageState.EXPIRED and charter.quote_expires_at is not None:
        when = formatter.moment(charter.quote_expires_at, charter.timezone)
        return Banner("This quote has expired", f"It was valid until {when}. Ask us for a new one.", "bad")
    return _CLOSED_BANNERS[state]


_PAYMENT_FAILED: Final = "Your payment did not go through"
_BOOKED_TITLES: Final = {
    CharterStatus.BOOKED: "Your trip is booked",
    CharterStatus.CONFIRMED: "Your trip is confirmed",
    CharterStatus.IN_PROGRESS: "Your trip is under way",
    CharterStatus.COMPLETED: "Your trip is completed",
}
_CLOSED_BANNERS: Final = {
    PageState.EXPIRED: Banner("This quote has expired", "Ask us for a new one.", "bad"),
    PageState.DECLINED: Banner("This quote was declined", "Ask us if you would like another one.", "bad"),
    PageState.CANCELLED: Banner("This trip was cancelled", "Ask us if you would like a new quote.", "bad"),
}
