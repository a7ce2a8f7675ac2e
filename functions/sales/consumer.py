"""Consumer of events that concern leads: erased clients, changed agents, leads that wait for one."""

from typing import Final

from coachway.core.entrypoints import event_consumer
from coachway.sales.assignment import consumers as assignment_consumers
from coachway.sales.leads import erasure, waiting

CONSUMERS: Final = {**erasure.CONSUMERS, **waiting.CONSUMERS, **assignment_consumers.CONSUMERS}

handler = event_consumer.event_handler("sales", CONSUMERS)
