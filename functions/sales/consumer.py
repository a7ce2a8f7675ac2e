"""Consumer of events that concern leads and proposals: changed clients and agents, leads that wait for one, scores."""

from typing import Final

from coachway.core.entrypoints import event_consumer
from coachway.sales import erasure
from coachway.sales.assignment import consumers as assignment_consumers
from coachway.sales.leads import scoring, waiting
from coachway.sales.proposals import link_replacement
from coachway.sales.requotes import consumers as requote_consumers

CONSUMERS: Final = {
    **erasure.CONSUMERS,
    **link_replacement.CONSUMERS,
    **waiting.CONSUMERS,
    **assignment_consumers.CONSUMERS,
    **scoring.CONSUMERS,
    **requote_consumers.CONSUMERS,
}

handler = event_consumer.event_handler("sales", CONSUMERS)
