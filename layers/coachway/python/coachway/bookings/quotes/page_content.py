"""What the page of a quote says, state by state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from coachway.bookings import charter_text, payment_schedule
from coachway.bookings.charter_text import Fact, LineWords, StopWords
from coachway.bookings.charters import instalments
from coachway.bookings.charters.instalments import Instalment
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import Status
from coachway.core.documents.formatting import Formatter


class State(StrEnum):
    """What a client may do with a quote, and why not."""

    OPEN = "open"
    ACCEPTED = "accepted"
    """Its deposit is not paid yet."""
    UNDER_WAY = "under_way"
    """Booked, or further on."""
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


_OF_STATUS: Final = {
    Status.BOOKED: State.UNDER_WAY,
    Status.CONFIRMED: State.UNDER_WAY,
    Status.IN_PROGRESS: State.UNDER_WAY,
    Status.COMPLETED: State.UNDER_WAY,
    Status.DECLINED: State.DECLINED,
    Status.EXPIRED: State.EXPIRED,
    Status.CANCELLED: State.CANCELLED,
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

    state: State
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
    stops: Sequence[StopWords]
    lines: Sequence[LineWords]
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
        return self.state is State.OPEN

    @property
    def awaits_deposit(self) -> bool:
        """Whether paying is all that is left to do."""
        return self.state is State.ACCEPTED

    @property
    def can_be_declined(self) -> bool:
        """Whether a client may still say no, if it has not paid."""
        return self.state in {State.OPEN, State.ACCEPTED} and (self.asked is None or self.asked.paid == 0)


def state_of(charter: Charter, now: datetime) -> State:
    """The state that a link which is not void leads to."""
    if charter.status is not Status.QUOTE:
        return _OF_STATUS[charter.status]
    over = charter.quote_expires_at is not None and charter.quote_expires_at <= now
    if over:
        return State.EXPIRED
    return State.ACCEPTED if charter.is_accepted else State.OPEN


def page(
    charter: Charter,
    client: str,
    words: Formatter,
    state: State,
    trouble: str = "",
    *,
    unpaid: str = "",
    parts: Sequence[Instalment] = (),
) -> QuotePage:
    """The page of a charter's quote. `trouble` is why an answer was not taken, `unpaid` why a payment was not.

    `parts` are what is paid when: as it was agreed, else as if it were accepted now.
    """
    zone = charter.timezone
    under_way = state is State.UNDER_WAY
    return QuotePage(
        state=state,
        heading=f"{'Trip' if under_way else 'Quote'} {charter.number}",
        client=client,
        route=charter_text.route(charter.stops),
        day=charter_text.days(charter, words),
        banner=Banner(_UNPAID, unpaid, "bad") if unpaid else _banner(charter, words, state, trouble),
        revision_number=charter.revision_number,
        total=words.money(charter.quote.total, charter.quote.currency),
        settled=_settled(charter, words) if under_way else "",
        valid_until=words.moment(charter.quote_expires_at, zone) if charter.quote_expires_at else "",
        facts=charter_text.facts(charter),
        stops=charter_text.stops(charter.stops, words),
        lines=charter_text.lines(charter.quote.lines, words),
        terms=charter_text.terms(),
        is_bookable=not charter.quote.blocking,
        asked=_asked(charter, words, state, charter.instalments or parts),
        terms_of_payment=_terms_of_payment(charter, parts, words) if state is State.OPEN else "",
        deposit=words.money(instalments.amount_due_to_book(parts), charter.quote.currency)
        if instalments.amount_due_to_book(parts)
        else "",
    )


def _settled(charter: Charter, words: Formatter) -> str:
    paid, left = charter.amount_paid, charter.quote.total - charter.amount_paid
    if not paid:
        return ""
    said = words.money(paid, charter.quote.currency)
    return f"{said} paid, {words.money(left, charter.quote.currency)} to pay" if left > 0 else f"{said} paid"


def _terms_of_payment(charter: Charter, parts: Sequence[Instalment], words: Formatter) -> str:
    said = []
    for part in parts:
        amount = words.money(part.amount, charter.quote.currency)
        whole = part.amount == charter.quote.total
        when = f"by {words.day(part.due_on)}" if part.due_on else "to book it"
        said.append(f"{'the whole price' if whole else amount} {when}")
    return f"You pay {', and '.join(said)}." if said else ""


def _asked(charter: Charter, words: Formatter, state: State, parts: Sequence[Instalment]) -> PaymentPrompt | None:
    """What is to be paid ahead by now, or next; an invoice has a page of its own."""
    if state not in {State.ACCEPTED, State.UNDER_WAY} or charter.invoice_id is not None:
        return None
    paid = charter.amount_paid
    due = instalments.due_by(parts, payment_schedule.today(charter)) - paid
    amount = due if due > 0 else next((left for left in instalments.open_instalments(parts, paid) if left), 0)
    if amount <= 0:
        return None
    said, day = words.money(amount, charter.quote.currency), instalments.next_day(parts, paid)
    if state is State.ACCEPTED:
        title, text = "Pay to book your trip", f"Your trip is booked once {said} is paid."
        rest = charter.quote.total - paid - amount
        if rest > 0 and (after := next((part.due_on for part in parts if part.due_on), None)):
            text += f" The balance, {words.money(rest, charter.quote.currency)}, is due on {words.day(after)}."
        return PaymentPrompt(title, text, said, amount, paid, is_due=True)
    when = "is due now" if due > 0 or day is None else f"is due on {words.day(day)}"
    return PaymentPrompt(
        "Pay the balance" if paid else "Pay for your trip", f"{said} {when}.", said, amount, paid, is_due=due > 0
    )


def _banner(charter: Charter, words: Formatter, state: State, trouble: str) -> Banner | None:
    if state is State.OPEN or (state is State.ACCEPTED and trouble):
        return Banner("That was not possible", trouble, "bad") if trouble else None
    if state is State.ACCEPTED:
        return Banner(f"Thank you, {charter.accepted_by}", "One step is left: your trip is not booked yet.")
    if state is State.UNDER_WAY:
        by = f"Thank you, {charter.accepted_by}. " if charter.accepted_by else ""
        return Banner(_UNDER_WAY[charter.status], f"{by}Your trip has the number {charter.number}.", "good")
    if state is State.EXPIRED and charter.quote_expires_at is not None:
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
    State.EXPIRED: Banner("This quote has expired", "Ask us for a new one.", "bad"),
    State.DECLINED: Banner("This quote was declined", "Ask us if you would like another one.", "bad"),
    State.CANCELLED: Banner("This trip was cancelled", "Ask us if you would like a new quote.", "bad"),
}
