"""A client's answer to its quote, by the link: one answer, to the revision that was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from pydantic import ConfigDict, Field

from coachway.bookings import payment_schedule
from coachway.bookings.charters import instalments, lifecycle
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import CharterChanged, Status
from coachway.bookings.quotes.links import LinkReplaced, open_link
from coachway.clients.model import Client
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock, settings
from coachway.core.schemas import BaseSchema, Note, RequestSchema, Text
from coachway.core.types.money import Amount
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.pricing import quote_acceptance
from coachway.pricing.quote_model import Quote


class AcceptInput(RequestSchema):
    """Which revision was read, and who says yes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"revision_number": 1, "accepted_by": "Dana Lee"}]})

    revision_number: Annotated[int, Field(ge=1, le=1_000_000)]
    accepted_by: Text


class DeclineInput(RequestSchema):
    """Which revision was read, and why not."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"revision_number": 1, "reason": "We found another date"}]}
    )

    revision_number: Annotated[int, Field(ge=1, le=1_000_000)]
    reason: Note = ""


class DepositPayment(BaseSchema):
    """What is to be paid to book a trip, and where."""

    amount: Amount
    currency: str
    url: Annotated[str, Field(description="a page for people, which takes a card")]


class QuoteAnswer(BaseSchema):
    """What the charter is now. An accepted one whose deposit is due stays a quote until that is paid."""

    status: Annotated[str, Field(examples=["booked"])]
    number: str
    deposit_due: Amount = 0
    payment: DepositPayment | None = None


def accept_quote(caller: Caller, token: str, body: AcceptInput) -> QuoteAnswer:
    """Accept what the link leads to: it is booked, or waits for its deposit. Raises Missing for a forged link.

    Raises Conflict when it was answered, has expired, was revised, or cannot be booked as it is.
    """

    def accept(holder: Caller, seen: Charter) -> QuoteAnswer:
        if seen.is_accepted:
            who = f"{seen.accepted_by} has accepted it: paying the deposit books it"
            raise errors.Conflict(who, title="this quote was accepted already")
        client_key, quote_key = lifecycle.client_and_quote_keys(seen)
        house_key = ORGANIZATIONS.key(org=seen.org_id)
        found = store.batch_get([client_key, house_key, quote_key])
        client = lifecycle.require_client(found.find(Client, client_key))
        parts = payment_schedule.instalments_of(seen, client, found.get(Organization, house_key))
        due = max(0, instalments.amount_due_to_book(parts) - seen.amount_paid)
        if due == 0:
            answer = _build_answer(seen, Status.BOOKED)
            lifecycle.book(holder, seen, body.accepted_by, instalments=parts, answer=answer, found=found)
            return answer
        lifecycle.require_bookable(seen)
        answer = _build_answer(seen, Status.QUOTE)
        answer.deposit_due = due
        url = f"{settings.public_url()}/pages/quotes/{token}"
        answer.payment = DepositPayment(amount=due, currency=seen.quote.currency, url=url)
        said = {"accepted_by": body.accepted_by, "accepted_at": clock.now(), "instalments": parts}
        after = seen.model_copy(update=said)
        told = [lifecycle.quote_accepted_event(after, body.accepted_by)]
        uses = quote_acceptance.acceptance_ops(holder, found.get(Quote, quote_key))
        store.commit(holder, Update(seen, after, told, lost=CharterChanged()), *uses, answer=answer)
        return answer

    return _answer_quote(caller, token, body.revision_number, accept)


def decline_quote(caller: Caller, token: str, body: DeclineInput) -> QuoteAnswer:
    """Decline what the link leads to. Raises Missing for a forged link, Conflict when there is nothing to answer."""

    def decline(holder: Caller, seen: Charter) -> QuoteAnswer:
        if seen.amount_paid:
            raise errors.Conflict("ask us to cancel it: we give the money back", title="something was paid already")
        answer = _build_answer(seen, Status.DECLINED)
        lifecycle.decline(holder, seen, body.reason, answer=answer)
        return answer

    return _answer_quote(caller, token, body.revision_number, decline)


def _answer_quote(
    caller: Caller, token: str, revision: int, act: Callable[[Caller, Charter], QuoteAnswer]
) -> QuoteAnswer:
    return lifecycle.retry_on_charter_change(
        lambda: _require_answerable(token, revision), lambda seen: act(caller_as_client(caller, seen), seen)
    )


def _build_answer(charter: Charter, status: Status) -> QuoteAnswer:
    return QuoteAnswer(status=status.value, number=charter.number)


def caller_as_client(caller: Caller, charter: Charter) -> Caller:
    """Whoever has the link acts for the client."""
    return replace(caller, org_id=charter.org_id, user_id="quote-link", role="client", party_id=charter.client_id)


def _require_answerable(token: str, revision: int) -> Charter:
    try:
        linked = open_link(token)
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
