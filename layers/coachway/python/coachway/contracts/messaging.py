"""Events of sent messages. They contain neither addresses nor texts."""

from typing import ClassVar

from coachway.core.persistence.domain_events import Event


class NotificationDelivered(Event):
    """The mail or SMS service accepted a message."""

    TYPE: ClassVar[str] = "notification.delivered"
    template: str
    channel: str
    about: str


class NotificationFailed(Event):
    """A message failed permanently."""

    TYPE: ClassVar[str] = "notification.failed"
    template: str
    channel: str
    about: str
    reason: str
