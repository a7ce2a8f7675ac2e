"""Keeps holds of vehicles in step with their charters."""

from coachway.core.entrypoints import event_consumer
from coachway.dispatch.holds.consumers import CONSUMERS

handler = event_consumer.event_handler("dispatch-holds", CONSUMERS)
