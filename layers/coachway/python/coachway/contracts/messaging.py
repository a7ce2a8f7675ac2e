"""What becomes of messages. No address and no text: only which message, about what."""

from __future__ import annotations

from typing import ClassVar

from coachway.core.persistence.domain_events import Event


class NotificationDelivered(Event):
    """The mail or telephone service took a message."""

    TYPE: ClassVar[str] = "notification.delivered"
    template: str
    channel: str
    about: str


class NotificationFailed(Event):
    """A message will never go out."""

    TYPE: ClassVar[str] = "notification.failed"
    template: str
    channel: str
    about: str
    reason: str
