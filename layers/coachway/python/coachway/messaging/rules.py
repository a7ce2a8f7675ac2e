"""When a message may be sent, and what it is called, so that each goes out once."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from coachway.core.types import ids
from coachway.messaging.model import Notification, Status

LEASE: Final = timedelta(seconds=45)
"""How long a sender has a message to itself: longer than its function may run, shorter than the queue waits before it
delivers again."""


class Step(Enum):
    """What to do with a message that was begun before."""

    DONE = auto()
    """Nothing: it went out, or never will."""
    TAKE_OVER = auto()
    """Send it: whoever began gave up, or was cut off."""
    LEAVE = auto()
    """Come back later: somebody is sending it."""


def notification_id(event_id: str, template: str, recipient: str) -> str:
    """The one id of a message: the same event, however often delivered, makes the same message.

    It begins with the event's time, so that messages sort by it.
    """
    payload = f"{event_id}\0{template}\0{recipient}".encode()
    return ids.from_bytes("msg", ids.to_bytes(event_id)[:6] + hashlib.sha256(payload).digest()[:10])


def next_step(existing: Notification, now: datetime) -> Step:
    """What to do when the event of a known message is delivered again."""
    if existing.status in {Status.SENT, Status.FAILED}:
        return Step.DONE
    if existing.status is Status.SENDING and now < existing.lease_until:
        return Step.LEAVE
    return Step.TAKE_OVER
