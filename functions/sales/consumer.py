"""Consumer of changes that concern leads: erases those of erased clients."""

from typing import Final

from coachway.core.entrypoints import event_consumer
from coachway.sales.leads import erasure

CONSUMERS: Final = {**erasure.CONSUMERS}

handler = event_consumer.event_handler("sales", CONSUMERS)
