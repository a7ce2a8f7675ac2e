"""The record of the link to a charter's quote page, on which the client answers, pays, and sees the booked trip."""

from collections.abc import Mapping
from typing import ClassVar, Final

from pydantic import AwareDatetime

from coachway.bookings.charters.model import Charter
from coachway.bookings.errors import ConcurrentSend
from coachway.core import store
from coachway.core.auth import signed_links
from coachway.core.persistence.operations import Create, Op
from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.types.datetimes import sortable, sortable_hour
from coachway.identity.secrets import hashing

PURPOSE: Final = "quote"

LINK = AccessPattern("the link to a charter's quote", pk="ORG#{org}#CHARTER#{charter}", sk="QUOTE_LINK")
DUE = AccessPattern(
    "quote links of all organizations by the hour in which they expire, for the timer",
    index="gsi1",
    pk="QUOTES_EXPIRING#{hour}",
    sk="{expires}#{charter}",
)
REMINDER_DUE = AccessPattern(
    "quote links of all organizations by the hour in which their client is reminded, for the timer",
    index="gsi2",
    pk="QUOTE_REMINDERS_DUE#{hour}",
    sk="{due}#{charter}",
)


class QuoteLink(Record):
    """The link of a charter's quote. `open` is true until the timer has handled its expiry."""

    KIND: ClassVar[str] = "quote_link"

    org_id: str
    charter_id: str
    nonce: str
    revision_number: int
    quote_id: str
    expires: AwareDatetime
    open: bool = True
    address_digest: str = ""
    """The digest of the email that the link was sent to. Empty in links that were not sent with a quote."""
    contact_id: str | None = None
    """The contact of the client whose email that is. None if it is the client's own."""
    reminder_due: AwareDatetime | None = None
    """When the client is reminded of the quote; None afterwards, and if it is valid for a short time."""

    def key(self) -> Key:
        return LINK.key(org=self.org_id, charter=self.charter_id)

    def is_sent_to(self, email: str) -> bool:
        """Whether the link was sent to this email."""
        return self.address_digest == hashing.address_digest(email)

    def indexes(self) -> Mapping[str, Key]:
        if not self.open:
            return {}
        hour, expires = sortable_hour(self.expires), sortable(self.expires)
        keys = {"gsi1": DUE.key(hour=hour, expires=expires, charter=self.charter_id)}
        if self.reminder_due is not None:
            hour, due = sortable_hour(self.reminder_due), sortable(self.reminder_due)
            keys["gsi2"] = REMINDER_DUE.key(hour=hour, due=due, charter=self.charter_id)
        return keys


def get_link_key(charter: Charter) -> Key:
    """The key of a charter's link."""
    return LINK.key(org=charter.org_id, charter=charter.id)


def was_quote_sent(charter: Charter) -> bool:
    """Whether the client has received a quote of the charter, of any revision."""
    return charter.quote_sent_at is not None or store.find(QuoteLink, get_link_key(charter)) is not None


def payment_link_nonce(charter: Charter) -> tuple[str, list[Op]]:
    """The nonce of the link to a charter's page, and the operation that creates the link if there is none. One read."""
    return link_nonce_ops(charter, store.find(QuoteLink, get_link_key(charter)))


def link_nonce_ops(charter: Charter, existing: QuoteLink | None) -> tuple[str, list[Op]]:
    """Like `payment_link_nonce`, for a link that was read before."""
    if existing is not None:
        return existing.nonce, []
    link = QuoteLink(
        org_id=charter.org_id,
        charter_id=charter.id,
        nonce=signed_links.new_nonce(),
        revision_number=charter.revision_number,
        quote_id=charter.quote.id,
        expires=charter.starts_at,
        open=False,
    )
    return link.nonce, [Create(link, on_exists=ConcurrentSend())]
