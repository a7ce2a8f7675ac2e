"""A client's answer to its quote, by the link: one answer, to the revision that was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from pydantic import ConfigDict, Field

from coachway.bookings import lifecycle
from coachway.bookings.links import LinkReplaced, opened
from coachway.bookings.model import Charter
from coachway.bookings.rules import Status
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.model import Input, Note, Shape, Text


class AcceptInput(Input):
    """Which revision was read, and who says yes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"revision_number": 1, "accepted_by": "Dana Lee"}]})

    revision_number: Annotated[int, Field(ge=1, le=1_000_000)]
    accepted_by: Text


class DeclineInput(Input):
    """Which revision was read, and why not."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"revision_number": 1, "reason": "We found another date"}]}
    )

    revision_number: Annotated[int, Field(ge=1, le=1_000_000)]
    reason: Note = ""


class QuoteAnswer(Shape):
    """What the charter is now."""

    status: Annotated[str, Field(examples=["booked"])]
    number: str


def accept(caller: Caller, token: str, body: AcceptInput) -> QuoteAnswer:
    """Book what the link leads to. Raises Missing for a forged link.

    Raises Conflict when it was answered, has expired, was revised, or cannot be booked as it is.
    """

    def book(holder: Caller, seen: Charter) -> Charter:
        return lifecycle.book(holder, seen, body.accepted_by, answer=_told(seen, Status.BOOKED))

    return _answer(caller, token, body.revision_number, book)


def decline(caller: Caller, token: str, body: DeclineInput) -> QuoteAnswer:
    """Decline what the link leads to. Raises Missing for a forged link, Conflict when there is nothing to answer."""

    def decline(holder: Caller, seen: Charter) -> Charter:
        return lifecycle.decline(holder, seen, body.reason, answer=_told(seen, Status.DECLINED))

    return _answer(caller, token, body.revision_number, decline)


def _answer(caller: Caller, token: str, revision: int, act: Callable[[Caller, Charter], Charter]) -> QuoteAnswer:
    charter = lifecycle.insisting(
        lambda: _open_to_answer(token, revision), lambda seen: act(_holder(caller, seen), seen)
    )
    return _told(charter, charter.status)


def _told(charter: Charter, status: Status) -> QuoteAnswer:
    return QuoteAnswer(status=status.value, number=charter.number)


def _holder(caller: Caller, charter: Charter) -> Caller:
    """Whoever has the link acts for the client."""
    return replace(caller, org_id=charter.org_id, user_id="quote-link", role="client", party_id=charter.client_id)


def _open_to_answer(token: str, revision: int) -> Charter:
    try:
        linked = opened(token)
    except LinkReplaced as replaced:
        raise errors.Conflict(replaced.detail, title=replaced.title) from None
    charter = linked.charter
    if linked.is_expired:
        raise errors.Conflict("ask for a new one", title="this quote has expired")
    if charter.status is not Status.QUOTE:
        who = f" by {charter.accepted_by}" if charter.accepted_by else ""
        raise errors.Conflict(f"it is {charter.status}{who}", title="this quote was answered already")
    if revision != charter.revision_number:
        current = f"the current revision is {charter.revision_number}: read it before answering"
        raise errors.Conflict(
            current, title="this quote was revised", fields=[errors.FieldError("revision_number", current)]
        )
    return charter
