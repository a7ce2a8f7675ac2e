"""What the page of a quote says, state by state."""

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
    """What a client may do with a quote, and why not."""

    OPEN = "open"
    ACCEPTED = "accepted"
    """Its deposit is not paid yet."""
    UNDER_WAY = "under_way"
    """Booked, or further on."""
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
    """What stands on top. `mood` is good, bad or empty."""

    title: str
    text: str
    mood: str = ""


@dataclass(frozen=True, slots=True)
class PaymentPrompt:
    """What can be paid now. `amount` and `paid` in cents, `said` in words; `is_due` today."""

    title: str
    text: str
    said: str
    amount: int
    paid: int
    is_due: bool


@dataclass(frozen=True, slots=True)
class QuotePage:
    """All that the template needs, in words."""

    state: PageState
    heading: str
    client: str
    route: str
    day: str
    banner: Banner | None
    revision_number: int
    total: str
    settled: str
    """What of it was paid, and what is left, once something was."""
    valid_until: str
    facts: Sequence[Fact]
    stops: Sequence[StopText]
    lines: Sequence[LineText]
    terms: Sequence[str]
    is_bookable: bool
    """False while something must be settled before it can be accepted."""
    asked: PaymentPrompt | None = None
    terms_of_payment: str = ""
    """What is paid when, before it is accepted; empty when it is invoiced afterwards."""
    deposit: str = ""
    """What is paid to book it."""

    @property
    def is_open(self) -> bool:
        """Whether it can be answered."""
        return self.state is PageState.OPEN

    @property
    def awaits_deposit(self) -> bool:
        """Whether paying is all that is left to do."""
        return self.state is PageState.ACCEPTED

    @property
    def can_be_declined(self) -> bool:
        """Whether a client may still say no, if it has not paid."""
        return self.state in {PageState.OPEN, PageState.ACCEPTED} and (self.asked is None or self.asked.paid == 0)


def quote_state(charter: Charter, now: datetime) -> PageState:
    """The state that a link which is not void leads to."""
    if charter.status is not Status.QUOTE:
        return _STATE_BY_STATUS[charter.status]
    over = charter.quote_expires_at is not None and charter.quote_expires_at <= now
    if over:
        return PageState.EXPIRED
    return PageState.ACCEPTED if charter.is_accepted else PageState.OPEN


def build_quote_page(
    charter: Charter,
    client: str,
    words: Formatter,
    state: PageState,
    trouble: str = "",
    *,
    unpaid: str = "",
    parts: Sequence[Instalment] = (),
) -> QuotePage:
    """The page of a charter's quote. `trouble` is why an answer was not taken, `unpaid` why a payment was not.

    `parts` are what is paid when: as it was agreed, else as if it were accepted now.
    """
    zone = charter.timezone
    under_way = state is PageState.UNDER_WAY
    return QuotePage(
        state=state,
        heading=f"{'Trip' if under_way else 'Quote'} {charter.number}",
        client=client,
        route=charter_text.describe_route(charter.stops),
        day=charter_text.describe_days(charter, words),
        banner=Banner(_UNPAID, unpaid, "bad") if unpaid else _banner(charter, words, state, trouble),
        revision_number=charter.revision_number,
        total=words.money(charter.quote.total, charter.quote.currency),
        settled=_paid_summary(charter, words) if under_way else "",
        valid_until=words.moment(charter.quote_expires_at, zone) if charter.quote_expires_at else "",
        facts=charter_text.describe_trip(charter),
        stops=charter_text.describe_stops(charter.stops, words),
        lines=charter_text.describe_lines(charter.quote.lines, words),
        terms=charter_text.cancellation_terms(),
        is_bookable=not charter.quote.blocking,
        asked=_payment_prompt(charter, words, state, charter.instalments or parts),
        terms_of_payment=_payment_terms(charter, parts, words) if state is PageState.OPEN else "",
        deposit=words.money(instalments.amount_due_to_book(parts), charter.quote.currency)
        if instalments.amount_due_to_book(parts)
        else "",
    )


def _paid_summary(charter: Charter, words: Formatter) -> str:
    paid, left = charter.amount_paid, charter.quote.total - charter.amount_paid
    if not paid:
        return ""
    said = words.money(paid, charter.quote.currency)
    return f"{said} paid, {words.money(left, charter.quote.currency)} to pay" if left > 0 else f"{said} paid"


def _payment_terms(charter: Charter, parts: Sequence[Instalment], words: Formatter) -> str:
    said = []
    for part in parts:
        amount = words.money(part.amount, charter.quote.currency)
        whole = part.amount == charter.quote.total
        when = f"by {words.day(part.due_on)}" if part.due_on else "to book it"
        said.append(f"{'the whole price' if whole else amount} {when}")
    return f"You pay {', and '.join(said)}." if said else ""


def _payment_prompt(
    charter: Charter, words: Formatter, state: PageState, parts: Sequence[Instalment]
) -> PaymentPrompt | None:
    """What is to be paid ahead by now, or next; an invoice has a page of its own."""
    if state not in {PageState.ACCEPTED, PageState.UNDER_WAY} or charter.invoice_id is not None:
        return None
    paid = charter.amount_paid
    due = instalments.amount_due_by(parts, payment_schedule.local_today(charter)) - paid
    amount = due if due > 0 else next((left for left in instalments.open_instalments(parts, paid) if left), 0)
    if amount <= 0:
        return None
    said, day = words.money(amount, charter.quote.currency), instalments.next_due_date(parts, paid)
    if state is PageState.ACCEPTED:
        title, text = "Pay to book your trip", f"Your trip is booked once {said} is paid."
        rest = charter.quote.total - paid - amount
        if rest > 0 and (after := next((part.due_on for part in parts if part.due_on), None)):
            text += f" The balance, {words.money(rest, charter.quote.currency)}, is due on {words.day(after)}."
        return PaymentPrompt(title, text, said, amount, paid, is_due=True)
    when = "is due now" if due > 0 or day is None else f"is due on {words.day(day)}"
    return PaymentPrompt(
        "Pay the balance" if paid else "Pay for your trip", f"{said} {when}.", said, amount, paid, is_due=due > 0
    )


def _banner(charter: Charter, words: Formatter, state: PageState, trouble: str) -> Banner | None:
    if state is PageState.OPEN or (state is PageState.ACCEPTED and trouble):
        return Banner("That was not possible", trouble, "bad") if trouble else None
    if state is PageState.ACCEPTED:
        return Banner(f"Thank you, {charter.accepted_by}", "One step is left: your trip is not booked yet.")
    if state is PageState.UNDER_WAY:
        by = f"Thank you, {charter.accepted_by}. " if charter.accepted_by else ""
        return Banner(_UNDER_WAY[charter.status], f"{by}Your trip has the number {charter.number}.", "good")
    if state is PageState.EXPIRED and charter.quote_expires_at is not None:
        when = words.moment(charter.quote_expires_at, charter.timezone)
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
