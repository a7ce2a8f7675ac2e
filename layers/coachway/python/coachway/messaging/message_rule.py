"""A rule that makes a message of an event: which template, to whom, and until when it is useful."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, NamedTuple, TypeVar

from coachway.core.auth import signed_links
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.domain_events import Event
from coachway.core.runtime import settings
from coachway.core.types import ids
from coachway.messaging.model import Attachment, Channel, Message
from coachway.messaging.rendering.sender import Letterhead

E = TypeVar("E", bound=Event)

USEFUL_FOR: Final = timedelta(days=14)
"""After that no message is sent: an event that is published again for another purpose makes no mail."""


class Recipient(NamedTuple):
    """An email address or phone number, and whose it is. Without an address there is no message."""

    address: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Context:
    """An event's delivery and the organization that the message is from."""

    delivery: Delivery
    letterhead: Letterhead

    @property
    def organization(self) -> Recipient:
        """The organization itself."""
        return Recipient(self.letterhead.brand.email, self.letterhead.brand.name)

    @property
    def sent_at(self) -> datetime:
        """When the event happened."""
        return ids.created_at_of(self.delivery.event_id)

    def page_url(self, path: str, purpose: str, subject_id: str, nonce: str) -> str:
        """The address of a page that opens with a signed link."""
        token = signed_links.create_link_token(purpose, self.delivery.org_id, subject_id, nonce)
        return f"{settings.public_url()}/pages/{path}/{token}"


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageRule(Generic[E]):
    """One message that follows from an event.

    The template sees `event`, `name` (of the recipient), `brand`, `words` (the organization's formats) and `values`.
    """

    event: type[E]
    template: str
    recipient: Callable[[E, Context], Recipient]
    channel: Callable[[E], Channel] = lambda _event: Channel.EMAIL
    applies: Callable[[E], bool] = lambda _event: True
    values: Callable[[E, Context], Mapping[str, Any]] = lambda _event, _context: {}
    subject_id: Callable[[E, Context], str] = lambda _event, context: context.delivery.aggregate_id
    """What the message is about: the id of a charter, a user, an invoice."""
    useful_until: Callable[[E, Context], datetime | None] = lambda _event, _context: None
    attachment: Callable[[E], Attachment | None] = lambda _event: None

    def build(self, delivery: Delivery, letterhead: Letterhead) -> Message | None:
        """The message, or None if the rule does not apply or the recipient has no address."""
        event, context = delivery.parse(self.event), Context(delivery, letterhead)
        recipient = self.recipient(event, context)
        if not recipient.address or not self.applies(event):
            return None
        expires = self.useful_until(event, context)
        latest = context.sent_at + USEFUL_FOR
        return Message(
            template=self.template,
            channel=self.channel(event),
            recipient=recipient.address,
            about=self.subject_id(event, context),
            useful_until=min(latest, expires) if expires else latest,
            name=recipient.name,
            values={"event": event, **self.values(event, context)},
            attachment=self.attachment(event),
        )


def organization_mail(event: type[E], template: str) -> MessageRule[E]:
    """A mail to the organization itself."""
    return MessageRule(event=event, template=template, recipient=lambda _event, context: context.organization)


def sms(_event: Event) -> Channel:
    """The channel of a text message."""
    return Channel.SMS
