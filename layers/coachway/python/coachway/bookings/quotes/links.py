"""The secure link to a quote. Whoever has it can read the quote and answer it once.

The token is derived from a nonce that is stored with the charter, so no table, log or event contains a token. A link
is valid for one revision of the quote until it expires; sending the quote again replaces it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import AwareDatetime, ConfigDict, Field

from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.queries import get_charter
from coachway.bookings.charters.quote_link import LINK, PURPOSE, QuoteLink
from coachway.bookings.charters.rules import CharterStatus
from coachway.bookings.errors import (
    ConcurrentSend,
    DeparturePassed,
    QuoteBeingRevised,
    QuoteIncomplete,
    QuoteLinkReplaced,
    QuoteNotSendable,
    QuoteWithdrawn,
)
from coachway.clients.model import Client
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.runtime import clock, settings
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.identity.secrets import hashing
from coachway.pricing import quote_acceptance
from coachway.pricing.quote_model import QUOTE, Quote


class SendQuoteInput(RequestSchema):
    """The validity of the link: at most 90 days, and at most until the departure."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"expires_in_hours": 72}]})

    expires_in_hours: Annotated[int, Field(ge=1, le=2160)] = 72


class SentQuote(BaseSchema):
    """The link that was sent to the client. `url` is its web page."""

    token: str
    url: str
    expires_at: AwareDatetime
    revision_number: int


@dataclass(frozen=True, slots=True)
class LinkedQuote:
    """A valid link and its charter."""

    charter: Charter
    link: QuoteLink

    @property
    def is_expired(self) -> bool:
        """Whether the quote has expired, even if the timer has not yet changed its status."""
        return self.charter.status is CharterStatus.EXPIRED or (
            self.charter.status is CharterStatus.QUOTE and self.link.expires <= clock.now()
        )


def send_quote(caller: Caller, charter_id: str, body: SendQuoteInput) -> SentQuote:
    """Send the client a link to the current revision, and invalidate earlier links.

    Raises QuoteNotSendable, QuoteIncomplete, DeparturePassed, ClientInactive, or RateLimited.
    """
    return send_quote_until(caller, charter_id, clock.now() + timedelta(hours=body.expires_in_hours), renews_terms=True)


def send_quote_until(caller: Caller, charter_id: str, expires: datetime, *, renews_terms: bool = False) -> SentQuote:
    """Send the client a link that expires at a time, or at the departure. Raises the same errors as `send_quote`.

    The quote gets the current cancellation policy and terms when it is sent first, and if `renews_terms`, each time
    until the client accepts it.
    """
    charter = get_charter(caller, charter_id)
    now = clock.now()
    if charter.status is not CharterStatus.QUOTE:
        raise QuoteNotSendable(f"This charter is {charter.status}. Only a quote can be sent.")
    if charter.starts_at <= now:
        raise DeparturePassed("Change the charter's times before sending the quote.")
    require_sendable(charter)
    expires = min(expires, charter.starts_at).astimezone(UTC).replace(microsecond=0)
    link = QuoteLink(
        org_id=caller.org_id,
        charter_id=charter.id,
        nonce=signed_links.new_nonce(),
        revision_number=charter.revision_number,
        quote_id=charter.quote.id,
        expires=expires,
    )
    client_key = CLIENT.key(org=caller.org_id, id=charter.client_id)
    quote_key = QUOTE.key(org=caller.org_id, id=charter.quote.id)
    organization_key = ORGANIZATIONS.key(org=caller.org_id)
    records = store.batch_get([client_key, quote_key, link.key(), organization_key])
    # Imported late: opening a link does not need pricing and events at a cold start.
    from coachway.bookings.charters import agreed_terms, drafting
    from coachway.bookings.charters import event_payloads as charter_event_payloads
    from coachway.contracts.bookings import QuoteSent
    from coachway.identity import message_limits

    client = drafting.require_active_client(records.get(Client, client_key))
    link.address_digest = hashing.address_digest(client.email)
    organization = records.get(Organization, organization_key)
    is_first = charter.quote_sent_at is None
    has_new_terms = not charter.is_accepted and (is_first or renews_terms)
    terms = agreed_terms.current_terms(client, organization) if has_new_terms else {}
    after = charter.model_copy(update={"quote_sent_at": now, "quote_expires_at": expires, **terms})
    event = QuoteSent(
        **charter_event_payloads.client_event_fields(after, client),
        quote_id=charter.quote.id,
        link_nonce=link.nonce,
        expires_at=expires,
        cancellation_terms=agreed_terms.describe_cancellation(after),
    )
    response = _build_sent_quote(link)
    before, quote = records.find(QuoteLink, link.key()), records.find(Quote, quote_key)
    link_op: Op = (
        Create(link, on_exists=ConcurrentSend()) if before is None else Update(before, link, on_stale=ConcurrentSend())
    )
    limit_ops = message_limits.message_ops(organization, "quote", client.email)
    ops: list[Op] = [Update(charter, after, [event]), link_op, *limit_ops]
    if quote is not None and quote.status == "calculated":
        ops.append(quote_acceptance.set_status_op(quote, "sent"))
    store.commit(caller, *ops, response=response)
    return response


def require_sendable(charter: Charter) -> None:
    """Raise QuoteIncomplete with every reason why the client must not see the quote."""
    reasons = charter.quote.preventing_sending
    if reasons:
        detail = " ".join(reason.message for reason in reasons)
        raise QuoteIncomplete(detail, fields=[reason.field_error for reason in reasons])


def _build_sent_quote(link: QuoteLink) -> SentQuote:
    token = signed_links.create_link_token(PURPOSE, link.org_id, link.charter_id, link.nonce)
    return SentQuote(
        token=token,
        url=f"{settings.public_url()}/pages/quotes/{token}",
        expires_at=link.expires,
        revision_number=link.revision_number,
    )


def open_link(token: str) -> LinkedQuote:
    """Load the quote of a link.

    Raises NotFound for a forged token, QuoteBeingRevised or QuoteWithdrawn if the current revision was never sent, or
    QuoteLinkReplaced if there is a newer link, or the client's email has changed since the link was sent.
    """
    parsed = signed_links.verify_link_token(PURPOSE, "chr", token)
    charter_key = CHARTER.key(org=parsed.org_id, id=parsed.subject_id)
    link_key = LINK.key(org=parsed.org_id, charter=parsed.subject_id)
    records = store.batch_get([charter_key, link_key])
    charter, link = records.find(Charter, charter_key), records.find(QuoteLink, link_key)
    if charter is None or link is None:
        raise errors.NotFound("This quote no longer exists.")
    _require_sent_revision(charter, link)
    if link.nonce != parsed.nonce:
        raise QuoteLinkReplaced("This link is for an earlier version of the quote. Use the link in the latest message.")
    if link.address_digest:
        _require_same_address(charter, link)
    return LinkedQuote(charter=charter, link=link)


_WITHDRAWN: Final[Mapping[CharterStatus, str]] = {
    CharterStatus.CANCELLED: "The trip was cancelled.",
    CharterStatus.DECLINED: "The quote was declined.",
    CharterStatus.EXPIRED: "The quote has expired. Ask us for a new one.",
}
"""What the client reads about a revision that was never sent."""


def _require_sent_revision(charter: Charter, link: QuoteLink) -> None:
    """Raise QuoteBeingRevised or QuoteWithdrawn if the client neither received the current revision nor agreed to it.

    Whoever books an unsent revision by phone has agreed to it. The confirmation of the booking has the same link.
    """
    if link.revision_number == charter.revision_number or charter.is_accepted:
        return
    if charter.status in _WITHDRAWN:
        raise QuoteWithdrawn(_WITHDRAWN[charter.status])
    raise QuoteBeingRevised("The quote is being revised. The new version has not been sent yet.")


def _require_same_address(charter: Charter, link: QuoteLink) -> None:
    """Raise QuoteLinkReplaced if the link was sent to another email than the client's, such as a mistyped one."""
    client = store.find(Client, CLIENT.key(org=charter.org_id, id=charter.client_id))
    if client is not None and not link.is_sent_to(client.email):
        raise QuoteLinkReplaced("The address that this link was sent to has changed. Ask us for a new link.")
