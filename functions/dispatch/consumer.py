"""Consumes events: releases assignments, flags those at risk, opens recoveries and erases clients' data."""

from typing import Final

from coachway.core.entrypoints import event_consumer
from coachway.dispatch import erasure
from coachway.dispatch.matching import charter_consumer
from coachway.dispatch.recovery import workflow as recovery_workflow

CONSUMERS: Final = {**charter_consumer.CONSUMERS, **erasure.CONSUMERS, **recovery_workflow.CONSUMERS}

handler = event_consumer.event_handler("dispatch", CONSUMERS)
