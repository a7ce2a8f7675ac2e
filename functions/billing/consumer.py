"""Handles the events that billing consumes."""

from typing import Final

from coachway.billing import consumers
from coachway.core.entrypoints import event_consumer

CONSUMERS: Final = consumers.CONSUMERS

handler = event_consumer.event_handler("billing", CONSUMERS)
