"""Rules that build messages from events: template, recipient, channel and expiry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, NamedTuple, TypeVar

from coachway.contracts.bookings import CharterEvent
from coachway.core import store
from coachway.core.auth import signed_links
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.domain_events import Event
from coachway.core.runtime import settings
from coachway.core.types import ids
from coachway.core.user_reference import USERS
from coachway.identity.model.user import User
from coachway.messaging.model import Attachment, Channel, Message
from coachway.messaging.rendering.sending_organization import SendingOrganization

E = TypeVar("E", bound=Event)

MAX_MESSAGE_AGE: Final = timedelta(days=14)
"""No message is sent about older events, which may be published again for other purposes."""


class Recipient(NamedTuple):
    """An email address or phone number, and its owner's name.

    Nobody without an address gets a message, such as a removed client or a second driver that a trip does not have.
    Only a message to the organization is recorded without one, because somebody should have received it.
    """

    address: str | None
    name: str
    client_id: str = ""
    """The id of a client: it gets no message after it was erased."""
    is_organization: bool = False


@dataclass(frozen=True, slots=True)
class MessageContext:
    """The delivery of an event, and the organization that sends the message."""

    delivery: Delivery
    sender: SendingOrganization

    @property
    def organization(self) -> Recipient:
        """The organization as recipient."""
        return Recipient(self.sender.contact_address, self.sender.brand.name, is_organization=True)

    def get_salesperson(self, user_id: str | None) -> Recipient:
        """The salesperson as recipient, or the organization if there is none, or they have left."""
        user = store.find(User, USERS.key(org=self.delivery.org_id, id=user_id)) if user_id else None
        if user is None or user.status != "active" or not user.email:
            return self.organization
        return Recipient(user.email, f"{user.first_name} {user.last_name}", is_organization=True)

    @property
    def occurred_at(self) -> datetime:
        """The time of the event."""
        return ids.get_created_at(self.delivery.event_id)

    def page_url(self, path: str, purpose: str, subject_id: str, nonce: str) -> str:
        """The URL of a page with a signed link."""
        token = signed_links.create_link_token(purpose, self.delivery.org_id, subject_id, nonce)
        return f"{settings.public_url()}/pages/{path}/{token}"


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageRule(Generic[E]):
    """A message about an event.

    Templates can use `event`, `name` (the recipient's), `brand`, `formatter` and the `values`.
    """

    event: type[E]
    template: str
    recipient: Callable[[E, MessageContext], Recipient]
    channel: Callable[[E], Channel] = lambda _event: Channel.EMAIL
    applies: Callable[[E], bool] = lambda _event: True
    values: Callable[[E, MessageContext], Mapping[str, Any]] = lambda _event, _context: {}
    subject_id: Callable[[E, MessageContext], str] = lambda _event, context: context.delivery.aggregate_id
    """The id of the subject of the message, such as a charter, a user or an invoice."""
    send_until: Callable[[E, MessageContext], datetime | None] = lambda _event, _context: None
    attachment: Callable[[E], Attachment | None] = lambda _event: None
    cc: Callable[[E], Sequence[str]] = lambda _event: ()
    """The addresses of others who receive a copy."""

    def build(self, delivery: Delivery, sender: SendingOrganization) -> Message | None:
        """Build the message; return None if the rule does not apply or nobody receives it."""
        event, context = delivery.parse(self.event), MessageContext(delivery, sender)
        recipient = self.recipient(event, context)
        is_received = recipient.address or recipient.is_organization
        if not is_received or not self.applies(event):
            return None
        send_until = self.send_until(event, context)
        latest = context.occurred_at + MAX_MESSAGE_AGE
        return Message(
            template=self.template,
            channel=self.channel(event),
            recipient=recipient.address or "",
            about=self.subject_id(event, context),
            send_until=min(latest, send_until) if send_until else latest,
            name=recipient.name,
            client_id=recipient.client_id,
            is_to_organization=recipient.is_organization,
            values={"event": event, **self.values(event, context)},
            attachment=self.attachment(event),
            cc=tuple(self.cc(event)),
        )


def organization_email(event: type[E], template: str) -> MessageRule[E]:
    """An email to the organization."""
    return MessageRule(event=event, template=template, recipient=lambda _event, context: context.organization)


S = TypeVar("S", bound=CharterEvent)


def salesperson_email(
    event: type[S], template: str, applies: Callable[[S], bool] = lambda _event: True
) -> MessageRule[S]:
    """An email to the salesperson of a trip, or to the organization if it has none."""
    return MessageRule(
        event=event,
        template=template,
        recipient=lambda event, context: context.get_salesperson(event.salesperson_id),
        applies=applies,
    )


def sms_channel(_event: Event) -> Channel:
    """The channel of a text message."""
    return Channel.SMS
