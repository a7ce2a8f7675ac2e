"""Messages and their records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, NamedTuple

from pydantic import AwareDatetime, Field

from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import PageQuery
from coachway.core.types import contact, ids
from coachway.core.types.personal import Personal

NotificationId = Annotated[str, Field(pattern=ids.pattern("msg"))]

RETENTION: Final = timedelta(days=180)
"""Time after which the record of a message is deleted, because it contains the recipient."""

NOTIFICATION = AccessPattern(
    "the record of a message",
    pk="ORG#{org}#NOTIFICATION#{id}",
    sk="HEAD",
)
BY_MONTH = AccessPattern(
    "message records by month, newest first",
    index="gsi1",
    pk="ORG#{org}#NOTIFICATIONS#{month}",
    sk="{id}",
)
BY_RECIPIENT = AccessPattern(
    "message records of an address or phone number, newest first",
    index="gsi2",
    pk="ORG#{org}#NOTIFIED#{recipient}",
    sk="{id}",
)


class Channel(StrEnum):
    """The channel of a message."""

    EMAIL = "email"
    SMS = "sms"


class MessageStatus(StrEnum):
    """The status of a message."""

    SENDING = "sending"
    """A process is sending the message, until the lease ends."""
    WAITING = "waiting"
    """An attempt failed temporarily and is retried."""
    SENT = "sent"
    """The email or SMS service accepted the message."""
    FAILED = "failed"
    """The message will not be sent; `reason` is why."""


class Attachment(NamedTuple):
    """A PDF that is attached to an email: its key in the bucket and its file name."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message about an event that is not rendered yet. It is not sent after `send_until`."""

    template: str
    channel: Channel
    recipient: str
    """An email address or phone number. Empty if an organization has none: then the message fails."""
    about: str
    """The id of the subject, such as a charter or a user."""
    send_until: datetime
    name: str = ""
    """The recipient's name."""
    client_id: str = ""
    """The recipient's id, if it is a client."""
    is_to_organization: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)
    """The values for the template."""
    attachment: Attachment | None = None
    cc: tuple[str, ...] = ()
    """The addresses of others who receive a copy. They are not in the record of the message."""


class Notification(Entity):
    """The record of a message: recipient, status and reason of failure.

    The text of the message is not stored, because it can contain a link or a code.
    """

    KIND: ClassVar[str] = "notification"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"lease_until"})

    event_id: str
    about: str
    template: str
    channel: Channel
    recipient: Annotated[str, Personal()]
    subject: Annotated[str, Personal()] = ""
    status: MessageStatus = MessageStatus.SENDING
    attempts: int = 1
    reason: Annotated[str, Personal()] = ""
    provider_id: str = ""
    sent_at: AwareDatetime | None = None
    lease_until: AwareDatetime

    def key(self) -> Key:
        return NOTIFICATION.key(org=self.org_id, id=self.id)

    def indexes(self) -> dict[str, Key]:
        month = ids.get_created_at(self.id).strftime("%Y-%m")
        keys = {"gsi1": BY_MONTH.key(org=self.org_id, month=month, id=self.id)}
        if self.recipient:
            recipient = contact.normalize_address(self.recipient)
            keys["gsi2"] = BY_RECIPIENT.key(org=self.org_id, recipient=recipient, id=self.id)
        return keys

    def attributes(self) -> dict[str, str | int | bool]:
        return {"status": self.status.value, "channel": self.channel.value}

    def expires_at(self) -> int:
        return int((self.created_at + RETENTION).timestamp())


class NotificationQuery(PageQuery):
    """Filters of messages."""

    recipient: Annotated[str, Field(min_length=1, max_length=254)] | None = None
    status: MessageStatus | None = None
    channel: Channel | None = None
