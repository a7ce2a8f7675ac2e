"""Accepting and declining a quote by its link. A client answers once, and the revision that it has read."""

from dataclasses import replace
from typing import Annotated

from pydantic import ConfigDict, Field

from coachway.bookings.charters import booking_contact, lifecycle
from coachway.bookings.charters.event_payloads import charter_event_fields
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.quote_link import get_link_key
from coachway.bookings.charters.rules import CharterChanged, CharterStatus
from coachway.bookings.errors import (
    CharterPartlyPaid,
    QuoteAlreadyAccepted,
    QuoteAlreadyAnswered,
    QuoteLinkExpired,
    QuoteLinkReplaced,
    QuoteRevised,
    QuoteWithdrawn,
)
from coachway.bookings.quotes import acceptance
from coachway.bookings.quotes.links import open_link
from coachway.clients.model import Client
from coachway.contracts.bookings import QuoteOpened
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock, settings
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.money import ApiAmount
from coachway.core.types.text import Note, Text
from coachway.identity.model.organization import ORGANIZATIONS


class AcceptQuoteInput(RequestSchema):
    """The revision that the client has read, and the name of the person who accepts it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"revision_number": 1, "accepted_by": "Dana Lee"}]})

    revision_number: Annotated[int, Field(ge=1, le=1_000_000)]
    accepted_by: Text


class DeclineInput(RequestSchema):
    """The revision that the client has read, and the reason for declining it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"revision_number": 1, "reason": "We found another date"}]}
    )

    revision_number: Annotated[int, Field(ge=1, le=1_000_000)]
    reason: Note = ""


class DepositPayment(BaseSchema):
    """The deposit that books the trip, and where to pay it."""

    amount: ApiAmount
    currency: str
    url: Annotated[str, Field(description="Web page that accepts card payments.")]


class QuoteAnswer(BaseSchema):
    """The status after the answer. An accepted quote whose deposit is due keeps the status `quote` until it is paid."""

    status: Annotated[str, Field(examples=["booked"])]
    number: str
    deposit_due: ApiAmount = 0
    payment: DepositPayment | None = None


@retry_on_conflict
def accept_quote(caller: Caller, token: str, body: AcceptQuoteInput) -> QuoteAnswer:
    """Accept the quote of a link. This books the trip unless a deposit is due.

    Raises NotFound for a forged link, and a Conflict if the quote was answered, has expired, was revised, or cannot be
    booked as it is.
    """
    charter = _require_answerable(token, body.revision_number)
    if charter.is_accepted:
        raise QuoteAlreadyAccepted(f"{charter.accepted_by} has accepted the quote. Pay the deposit to book the trip.")
    client_caller = caller_as_client(caller, charter)
    _, quote_key = lifecycle.client_and_quote_keys(charter)
    organization_key = ORGANIZATIONS.key(org=charter.org_id)
    records = store.batch_get(
        [*booking_contact.people_keys(charter), organization_key, quote_key, get_link_key(charter)]
    )
    accepted = acceptance.accept_quote_ops(client_caller, charter, body.accepted_by, records)
    response = _build_answer(charter, accepted.charter.status)
    if accepted.deposit_due:
        url = f"{settings.public_url()}/pages/quotes/{token}"
        response.deposit_due = accepted.deposit_due
        response.payment = DepositPayment(amount=accepted.deposit_due, currency=charter.quote.currency, url=url)
    store.commit(client_caller, *accepted.ops, response=response)
    return response


@retry_on_conflict
def decline_quote(caller: Caller, token: str, body: DeclineInput) -> QuoteAnswer:
    """Decline the quote of a link. Raises NotFound for a forged link, or a Conflict if it cannot be declined."""
    charter = _require_answerable(token, body.revision_number)
    if charter.amount_paid:
        raise CharterPartlyPaid("Ask us to cancel the trip. We will refund what you paid.")
    response = _build_answer(charter, CharterStatus.DECLINED)
    lifecycle.decline(caller_as_client(caller, charter), charter, body.reason, response=response)
    return response


@retry_on_conflict
def record_opening(caller: Caller, token: str) -> None:
    """Record that a person opened an unanswered quote for the first time. Later openings change nothing.

    Raises NotFound for a forged link, or QuoteLinkReplaced if there is a newer one.
    """
    linked = open_link(token)
    charter = linked.charter
    if charter.status is not CharterStatus.QUOTE or linked.is_expired or charter.quote_opened_at is not None:
        return
    client = store.find(Client, CLIENT.key(org=charter.org_id, id=charter.client_id))
    after = charter.model_copy(update={"quote_opened_at": clock.now()})
    event = QuoteOpened(
        **charter_event_fields(after), quote_id=charter.quote.id, client_name=client.name if client else ""
    )
    actor = caller_as_client(caller, charter).without_idempotency()  # a repeated report changes nothing
    store.commit(actor, Update(charter, after, [event], on_stale=CharterChanged()))


def _build_answer(charter: Charter, status: CharterStatus) -> QuoteAnswer:
    return QuoteAnswer(status=status.value, number=charter.number)


def caller_as_client(caller: Caller, charter: Charter) -> Caller:
    """The caller as the client whose link it uses."""
    return replace(caller, org_id=charter.org_id, user_id="quote-link", role="client", party_id=charter.client_id)


def _require_answerable(token: str, revision_number: int) -> Charter:
    try:
        linked = open_link(token)
    except QuoteWithdrawn as error:
        raise QuoteAlreadyAnswered(error.detail) from None
    except QuoteLinkReplaced as error:
        raise QuoteRevised(error.detail) from None
    charter = linked.charter
    if linked.is_expired:
        raise QuoteLinkExpired("Ask us for a new quote.")
    if charter.status is not CharterStatus.QUOTE:
        person = f" by {charter.accepted_by}" if charter.accepted_by else ""
        raise QuoteAlreadyAnswered(f"The trip is {charter.status}{person}.")
    if revision_number != charter.revision_number:
        detail = f"The current revision is {charter.revision_number}. Read it before answering."
        raise QuoteRevised(detail, fields=[errors.FieldError("revision_number", detail, "outdated")])
    return charter
