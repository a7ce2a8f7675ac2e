"""What the page of a quote says, state by state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from coachway.bookings import wording
from coachway.bookings.model import Charter
from coachway.bookings.rules import Status
from coachway.bookings.wording import Fact, LineWords, StopWords
from coachway.core.wording import Wording


class State(StrEnum):
    """What a client may do with a quote, and why not."""

    OPEN = "open"
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
class QuotePage:
    """All that the template needs, in words."""

    state: State
    heading: str
    client: str
    route: str
    banner: Banner | None
    revision_number: int
    total: str
    valid_until: str
    facts: Sequence[Fact]
    stops: Sequence[StopWords]
    lines: Sequence[LineWords]
    terms: Sequence[str]
    is_bookable: bool
    """False while something must be settled before it can be accepted."""

    @property
    def is_open(self) -> bool:
        """Whether it can be answered."""
        return self.state is State.OPEN


def state_of(charter: Charter, now: datetime) -> State:
    """The state that a link which is not void leads to."""
    if charter.status is not Status.QUOTE:
        return _OF_STATUS[charter.status]
    over = charter.quote_expires_at is not None and charter.quote_expires_at <= now
    return State.EXPIRED if over else State.OPEN


def page(charter: Charter, client: str, words: Wording, state: State, trouble: str = "") -> QuotePage:
    """The page of a charter's quote. `trouble` is why an answer was not taken."""
    zone = charter.timezone
    under_way = state is State.UNDER_WAY
    return QuotePage(
        state=state,
        heading=f"{'Charter' if under_way else 'Quote'} {charter.number}",
        client=client,
        route=wording.route(charter.stops),
        banner=_banner(charter, words, state, trouble),
        revision_number=charter.revision_number,
        total=words.money(charter.quote.total, charter.quote.currency),
        valid_until=words.moment(charter.quote_expires_at, zone) if charter.quote_expires_at else "",
        facts=wording.facts(charter),
        stops=wording.stops(charter.stops, words),
        lines=wording.lines(charter.quote.lines, words),
        terms=wording.terms(),
        is_bookable=not charter.quote.blocking,
    )


def _banner(charter: Charter, words: Wording, state: State, trouble: str) -> Banner | None:
    if state is State.OPEN:
        return Banner("That was not possible", trouble, "bad") if trouble else None
    if state is State.UNDER_WAY:
        by = f"Thank you, {charter.accepted_by}. " if charter.accepted_by else ""
        return Banner(_UNDER_WAY[charter.status], f"{by}Your trip has the number {charter.number}.", "good")
    if state is State.EXPIRED and charter.quote_expires_at is not None:
        when = words.moment(charter.quote_expires_at, charter.timezone)
        return Banner("This quote has expired", f"It was valid until {when}. Ask us for a new one.", "bad")
    return _CLOSED[state]


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
