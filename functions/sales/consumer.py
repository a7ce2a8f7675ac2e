"""Consumer of events that concern leads: erased clients, changed agents, leads that wait for one, scores."""

from typing import Final

from coachway.core.entrypoints import event_consumer
from coachway.sales.assignment import consumers as assignment_consumers
from coachway.sales.leads import erasure, scoring, waiting

CONSUMERS: Final = {
    **erasure.CONSUMERS,
    **waiting.CONSUMERS,
    **assignment_consumers.CONSUMERS,
    **scoring.CONSUMERS,
}

handler = event_consumer.event_handler("sales", CONSUMERS)
