"""Sends emails and text messages for events."""

from typing import Final

from coachway.core.entrypoints import event_consumer
from coachway.messaging.notifications import consumers

CONSUMERS: Final = consumers.CONSUMERS

handler = event_consumer.event_handler("messaging", CONSUMERS)
