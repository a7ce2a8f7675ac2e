"""Consumes events: keeps assignments in step with charters, opens recoveries, schedules reminders, erases clients."""

from typing import Final

from coachway.core.entrypoints import event_consumer
from coachway.dispatch import erasure
from coachway.dispatch.matching import charter_consumer
from coachway.dispatch.recovery import workflow as recovery_workflow
from coachway.dispatch.reminders import consumers as reminder_consumers

CONSUMERS: Final = {
    **charter_consumer.CONSUMERS,
    **erasure.CONSUMERS,
    **recovery_workflow.CONSUMERS,
    **reminder_consumers.CONSUMERS,
}

handler = event_consumer.event_handler("dispatch", CONSUMERS)
