"""Sends mails and text messages for events."""

from __future__ import annotations

from typing import Final

from coachway.core.entrypoints import event_consumer
from coachway.messaging import notifications

CONSUMERS: Final = notifications.CONSUMERS

handler = event_consumer.event_handler("messaging", CONSUMERS)
