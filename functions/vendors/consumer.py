"""Updates the counters of vendors on events of bids, trips and ratings."""

from typing import Final

from coachway.core.entrypoints import event_consumer
from coachway.vendors import consumers

CONSUMERS: Final = consumers.CONSUMERS

handler = event_consumer.event_handler("vendors", CONSUMERS)
