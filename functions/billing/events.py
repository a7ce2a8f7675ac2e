"""What billing does when something happened elsewhere."""

from __future__ import annotations

from coachway.billing import consumers
from coachway.core.entrypoints import event_consumer

handler = event_consumer.event_handler("billing", consumers.CONSUMERS)
