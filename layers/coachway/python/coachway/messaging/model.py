"""Messages that go out, and the record that is kept of each."""

from __future__ import annotations

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

KEPT: Final = timedelta(days=180)
"""How long the record of a message is kept; it names its recipient."""

NOTIFICATION = AccessPattern(
    "a message that went out",
    pk="ORG#{org}#NOTIFICATION#{id}",
    sk="HEAD",
)
BY_MONTH = AccessPattern(
    "messages, newest first, by month",
    index="gsi1",
    pk="ORG#{org}#NOTIFICATIONS#{month}",
    sk="{id}",
)
BY_RECIPIENT = AccessPattern(
    "messages to one address or number, newest first",
    index="gsi2",
    pk="ORG#{org}#NOTIFIED#{recipient}",
    sk="{id}",
)


class Channel(StrEnum):
    """By which way a message goes out."""

    EMAIL = "email"
    SMS = "sms"


class Status(StrEnum):
    """How far a message is."""

    SENDING = "sending"
    """Somebody has it in hand until its lease ends."""
    WAITING = "waiting"
    """A try failed for a reason that passes; it is tried again."""
    SENT = "sent"
    """The mail or telephone service took it."""
    FAILED = "failed"
    """It will never go out; `reason` says why."""


class Attachment(NamedTuple):
    """A file that goes with a mail: where it lies in the bucket, and what it is called. It is a PDF."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Message:
    """What an event makes us say, to whom, and until when that is of use."""

    template: str
    channel: Channel
    recipient: str
    about: str
    """The id of what it is about: a charter, a user."""
    useful_until: datetime
    name: str = ""
    """The recipient's, for the envelope."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What the template says of the event."""
    attachment: Attachment | None = None


class Notification(Entity):
    """The record of a message: to whom, how far, and why not.

    What it said is not kept: it may have held a link or a code.
    """

    KIND: ClassVar[str] = "notification"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"lease_until"})

    event_id: str
    about: str
    template: str
    channel: Channel
    recipient: Annotated[str, Personal()]
    subject: Annotated[str, Personal()] = ""
    status: Status = Status.SENDING
    attempts: int = 1
    reason: Annotated[str, Personal()] = ""
    provider_id: str = ""
    sent_at: AwareDatetime | None = None
    lease_until: AwareDatetime

    def key(self) -> Key:
        return NOTIFICATION.key(org=self.org_id, id=self.id)

    def indexes(self) -> dict[str, Key]:
        month = ids.created_at_of(self.id).strftime("%Y-%m")
        recipient = contact.normalize_email(self.recipient)
        return {
            "gsi1": BY_MONTH.key(org=self.org_id, month=month, id=self.id),
            "gsi2": BY_RECIPIENT.key(org=self.org_id, recipient=recipient, id=self.id),
        }

    def attributes(self) -> dict[str, str | int | bool]:
        return {"status": self.status.value, "channel": self.channel.value}

    def expires_at(self) -> int:
        return int((self.created_at + KEPT).timestamp())


class NotificationQuery(PageQuery):
    """Which messages: to an address or number, of a status, of a channel."""

    recipient: Annotated[str, Field(min_length=1, max_length=254)] | None = None
    status: Status | None = None
    channel: Channel | None = None
