"""Rules that ensure that each message is sent once: its id and its lease."""

import hashlib
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from coachway.core.types import ids
from coachway.messaging.model import MessageStatus, Notification

LEASE: Final = timedelta(seconds=45)
"""Time during which only one process may send a message: longer than the timeout of the function, shorter than the
visibility timeout of the queue."""


class Step(Enum):
    """The next step for a message that already has a record."""

    DONE = auto()
    """Nothing to do: the message was sent or has failed."""
    TAKE_OVER = auto()
    """Send the message: the previous attempt failed."""
    RETRY_LATER = auto()
    """Retry later: another process is sending the message."""


def notification_id(event_id: str, template: str, recipient: str) -> str:
    """The id of a message, which is the same for each delivery of the event.

    It starts with the time of the event, so that messages are sorted by time.
    """
    payload = f"{event_id}\0{template}\0{recipient}".encode()
    return ids.from_bytes("msg", ids.to_bytes(event_id)[:6] + hashlib.sha256(payload).digest()[:10])


def next_step(existing: Notification, now: datetime) -> Step:
    """The next step when the event of an existing message is delivered again."""
    if existing.status in {MessageStatus.SENT, MessageStatus.FAILED}:
        return Step.DONE
    if existing.status is MessageStatus.SENDING and now < existing.lease_until:
        return Step.RETRY_LATER
    return Step.TAKE_OVER
