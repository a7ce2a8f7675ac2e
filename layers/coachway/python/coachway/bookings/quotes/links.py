"""The secure link to a quote. Whoever has it can read the quote and answer it once.

The token is derived from a nonce that is stored with the charter, so no table, log or event contains a token. A link
is valid for one revision of the quote until it expires; sending the quote again replaces it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import AwareDatetime, ConfigDict, Field

from coachway.bookings.charters import booking_contact
from coachway.bookings.charters.booking_details import ContactId
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
from coachway.clients.model import CONTACTS, Client, Contact
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.runtime import clock, settings
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.contact import Email, normalize_email
from coachway.core.types.text import ShortNote
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.identity.secrets import hashing
from coachway.pricing import quote_acceptance
from coachway.pricing.quote_model import QUOTE, Quote


class SendQuoteInput(RequestSchema):
    """Who receives the quote, with which words, and how long it is valid."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "expires_in_hours": 72,
                    "cc": ["office@acme.example"],
                    "message": "Thank you for calling. The coach has Wi-Fi, as you asked.",
                }
            ]
        }
    )

    expires_in_hours: Annotated[
        int, Field(ge=1, le=2160, description="Validity of the link: at most 90 days, and at most until the departure.")
    ] = 72
    contact_id: Annotated[
        ContactId | None,
        Field(
            description="The contact of the client who receives the quote, and becomes the contact of the booking. "
            "Defaults to that contact, or to the client."
        ),
    ] = None
    cc: Annotated[list[Email], Field(max_length=5, description="Others who receive a copy, with the same link.")] = (
        Field(default_factory=list)
    )
    message: Annotated[ShortNote, Field(description="Plain text, which the email shows above the quote.")] = ""


NO_MESSAGE: Final = SendQuoteInput()
"""A quote without additional recipients and words."""


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
    return send_quote_until(
        caller, charter_id, clock.now() + timedelta(hours=body.expires_in_hours), body, renews_terms=True
    )


def send_quote_until(
    caller: Caller,
    charter_id: str,
    expires: datetime,
    body: SendQuoteInput = NO_MESSAGE,
    *,
    renews_terms: bool = False,
) -> SentQuote:
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
    if body.contact_id is not None:
        charter_to_send = charter.model_copy(update={"contact_id": body.contact_id})
    else:
        charter_to_send = charter
    quote_key = QUOTE.key(org=caller.org_id, id=charter.quote.id)
    organization_key = ORGANIZATIONS.key(org=caller.org_id)
    people_keys = booking_contact.people_keys(charter_to_send)
    records = store.batch_get([*people_keys, quote_key, link.key(), organization_key])
    # Imported late: opening a link does not need pricing and events at a cold start.
    from coachway.bookings.charters import agreed_terms, detail_resolution, drafting
    from coachway.bookings.charters import event_payloads as charter_event_payloads
    from coachway.bookings.quotes import reminder_rules
    from coachway.contracts.bookings import QuoteSent
    from coachway.identity import message_limits

    client = drafting.require_active_client(records.get(Client, people_keys[0]))
    contact = booking_contact.find_contact(charter_to_send, records)
    if body.contact_id is not None:
        detail_resolution.require_contact(contact)
    address = booking_contact.get_address(client, contact)
    link.address_digest = hashing.address_digest(address)
    link.contact_id = contact.id if contact is not None and contact.email else None
    organization = records.get(Organization, organization_key)
    link.reminder_due = reminder_rules.find_reminder_time(now, expires, organization.timezone)
    is_first = charter.quote_sent_at is None
    has_new_terms = not charter.is_accepted and (is_first or renews_terms)
    terms = agreed_terms.current_terms(client, organization) if has_new_terms else {}
    after = charter_to_send.model_copy(update={"quote_sent_at": now, "quote_expires_at": expires, **terms})
    copies = _list_copies(body.cc, address)
    event = QuoteSent(
        **charter_event_payloads.client_event_fields(after, client, contact),
        quote_id=charter.quote.id,
        link_nonce=link.nonce,
        expires_at=expires,
        cancellation_terms=agreed_terms.describe_cancellation(after),
        cc=copies,
        message=body.message.strip(),
    )
    response = _build_sent_quote(link)
    before, quote = records.find(QuoteLink, link.key()), records.find(Quote, quote_key)
    link_op: Op = (
        Create(link, on_exists=ConcurrentSend()) if before is None else Update(before, link, on_stale=ConcurrentSend())
    )
    limit_ops = message_limits.message_ops(organization, "quote", address, *copies)
    ops: list[Op] = [Update(charter, after, [event]), link_op, *limit_ops]
    if quote is not None and quote.status == "calculated":
        ops.append(quote_acceptance.set_status_op(quote, "sent"))
    store.commit(caller, *ops, response=response)
    return response


def _list_copies(cc: list[str], address: str) -> list[str]:
    """The addresses that receive a copy, each once, without the recipient's."""
    seen = {normalize_email(address)}
    copies = []
    for each in cc:
        if normalize_email(each) not in seen:
            seen.add(normalize_email(each))
            copies.append(each)
    return copies


def require_sendable(charter: Charter) -> None:
    """Raise QuoteIncomplete with every reason why the client must not see the quote."""
    reasons = charter.quote.preventing_sending
    if reasons:
        detail = " ".join(reason.message for reason in reasons)
        detail += " Correct this, or accept it with a reason as a price adjustment."
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
    """Raise QuoteLinkReplaced if the recipient of the link has another email now, such as after a typing mistake."""
    replaced = QuoteLinkReplaced("The address that this link was sent to has changed. Ask us for a new link.")
    if link.contact_id is None:
        client = store.find(Client, CLIENT.key(org=charter.org_id, id=charter.client_id))
        if client is not None and not link.is_sent_to(client.email):
            raise replaced
        return
    contact = store.find(Contact, CONTACTS.key(org=charter.org_id, client=charter.client_id, id=link.contact_id))
    if contact is None or not contact.email or not link.is_sent_to(contact.email):
        raise replaced
