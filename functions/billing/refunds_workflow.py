"""Steps of the state machine `refund`."""

from coachway.billing.refunds.workflow import STEPS
from coachway.core.entrypoints import step_handler

handler = step_handler.workflow_step_handler("refunds", STEPS, started_by="requested")
