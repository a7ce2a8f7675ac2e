"""Sends the mails and text messages that follow from events."""

from __future__ import annotations

from coachway.core.entrypoints import event_consumer
from coachway.messaging import notifications

handler = event_consumer.event_handler("messaging", notifications.CONSUMERS)
