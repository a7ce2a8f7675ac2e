"""The secure link to a quote: who holds it may look, and answer once.

The token is made from a nonce that lies beside the charter, so that no table, log or event holds a token. A link is
good for one revision of the quote until it expires; sending again replaces it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Final

from pydantic import AwareDatetime, ConfigDict, Field

from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.queries import get_charter
from coachway.bookings.charters.rules import Status
from coachway.clients.model import Client
from coachway.core import errors, store
from coachway.core.auth import signed_links as tokens
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.runtime import clock, settings
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.datetimes import sortable
from coachway.pricing import quote_acceptance
from coachway.pricing.quote_model import QUOTE, Quote

PURPOSE: Final = "quote"

LINK = AccessPattern("the link to a charter's quote", pk="ORG#{org}#CHARTER#{charter}", sk="QUOTE_LINK")
DUE = AccessPattern(
    "links by the hour in which they expire, of all organizations: only the timer reads it",
    index="gsi1",
    pk="QUOTES_EXPIRING#{hour}",
    sk="{expires}#{charter}",
)


class QuoteLink(Record):
    """The one link that a charter's quote has. `open` until the timer has put it away."""

    KIND: ClassVar[str] = "quote_link"

    org_id: str
    charter_id: str
    nonce: str
    revision_number: int
    quote_id: str
    expires: AwareDatetime
    open: bool = True

    def key(self) -> Key:
        return LINK.key(org=self.org_id, charter=self.charter_id)

    def indexes(self) -> Mapping[str, Key]:
        if not self.open:
            return {}
        due = sortable(self.expires)
        return {"gsi1": DUE.key(hour=expiry_hour(self.expires), expires=due, charter=self.charter_id)}


class SendQuoteInput(RequestSchema):
    """How long the link is good: at most 90 days, and never past the departure."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"expires_in_hours": 72}]})

    expires_in_hours: Annotated[int, Field(ge=1, le=2160)] = 72


class SentQuote(BaseSchema):
    """The link that the client was sent. `url` is a page for people."""

    token: str
    url: str
    expires_at: AwareDatetime
    revision_number: int


@dataclass(frozen=True, slots=True)
class LinkedQuote:
    """What a genuine link leads to."""

    charter: Charter
    link: QuoteLink

    @property
    def is_expired(self) -> bool:
        """Whether its time is over, whether or not the timer has noticed."""
        return self.charter.status is Status.EXPIRED or (
            self.charter.status is Status.QUOTE and self.link.expires <= clock.now()
        )


class LinkReplaced(errors.NotFound):
    """The link is genuine, but the quote was changed or sent again since."""

    title = "this quote was revised"


def expiry_hour(at: datetime) -> str:
    """The bucket of a moment, such as `2027-03-03T14`."""
    return sortable(at)[:13]


def send_quote(caller: Caller, charter_id: str, body: SendQuoteInput) -> SentQuote:
    """Send the client a link to the current revision; a link sent before is void.

    Raises Conflict when there is no quote to answer any more, or the trip has left.
    """
    charter = get_charter(caller, charter_id)
    now = clock.now()
    if charter.status is not Status.QUOTE:
        raise errors.Conflict(f"this charter is {charter.status}: only a quote can be sent", title="no quote to send")
    if charter.starts_at <= now:
        raise errors.Conflict("its departure has passed: edit its times first", title="the trip has left")
    expires = (
        min(now + timedelta(hours=body.expires_in_hours), charter.starts_at).astimezone(UTC).replace(microsecond=0)
    )
    link = QuoteLink(
        org_id=caller.org_id,
        charter_id=charter.id,
        nonce=tokens.new_nonce(),
        revision_number=charter.revision_number,
        quote_id=charter.quote.id,
        expires=expires,
    )
    client_key = CLIENT.key(org=caller.org_id, id=charter.client_id)
    quote_key = QUOTE.key(org=caller.org_id, id=charter.quote.id)
    found = store.batch_get([client_key, quote_key, link.key()])
    # Pricing comes with it, and events, which those who open a link do without.
    from coachway.bookings.charters import drafting
    from coachway.bookings.charters import event_payloads as charter_event_payloads
    from coachway.contracts.bookings import QuoteSent

    client = drafting.require_active_client(found.get(Client, client_key))
    after = charter.model_copy(update={"quote_sent_at": now, "quote_expires_at": expires})
    told = QuoteSent(
        **charter_event_payloads.client_event_fields(after, client),
        quote_id=charter.quote.id,
        link_nonce=link.nonce,
        expires_at=expires,
    )
    answer = _build_sent_quote(link)
    before, quote = found.find(QuoteLink, link.key()), found.find(Quote, quote_key)
    placed: Op = (
        Create(link, taken=_concurrent_send_error())
        if before is None
        else Update(before, link, lost=_concurrent_send_error())
    )
    ops: list[Op] = [Update(charter, after, [told]), placed]
    if quote is not None and quote.status == "calculated":
        ops.append(quote_acceptance.set_status_op(quote, "sent"))
    store.commit(caller, *ops, answer=answer)
    return answer


def payment_link_nonce(charter: Charter) -> tuple[str, list[Op]]:
    """The nonce of the link to the page on which a charter can be paid, with the op that makes one if there is none."""
    key = LINK.key(org=charter.org_id, charter=charter.id)
    known = store.find(QuoteLink, key)
    if known is not None:
        return known.nonce, []
    made = QuoteLink(
        org_id=charter.org_id,
        charter_id=charter.id,
        nonce=tokens.new_nonce(),
        revision_number=charter.revision_number,
        quote_id=charter.quote.id,
        expires=charter.starts_at,
        open=False,
    )
    return made.nonce, [Create(made, taken=_concurrent_send_error())]


def _build_sent_quote(link: QuoteLink) -> SentQuote:
    token = tokens.create_link_token(PURPOSE, link.org_id, link.charter_id, link.nonce)
    return SentQuote(
        token=token,
        url=f"{settings.public_url()}/pages/quotes/{token}",
        expires_at=link.expires,
        revision_number=link.revision_number,
    )


def _concurrent_send_error() -> errors.ConcurrentUpdate:
    return errors.ConcurrentUpdate("somebody else is sending this quote: look before sending it again")


def open_link(token: str) -> LinkedQuote:
    """What a token leads to. Raises Missing for a forged one, LinkReplaced for one that was replaced by a newer."""
    said = tokens.verify_link_token(PURPOSE, "chr", token)
    charter_key = CHARTER.key(org=said.org_id, id=said.subject_id)
    link_key = LINK.key(org=said.org_id, charter=said.subject_id)
    found = store.batch_get([charter_key, link_key])
    charter, link = found.find(Charter, charter_key), found.find(QuoteLink, link_key)
    if charter is None or link is None:
        raise errors.NotFound("this quote is no longer there")
    if link.nonce != said.nonce or (charter.status is Status.QUOTE and link.revision_number != charter.revision_number):
        raise LinkReplaced("this link is for an earlier version of the quote: ask for the new link")
    return LinkedQuote(charter=charter, link=link)
