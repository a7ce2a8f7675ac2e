"""Steps of the state machine `payment_collection`."""

from coachway.billing.collections.workflow import STEPS
from coachway.core.entrypoints import step_handler

handler = step_handler.workflow_step_handler("collections", STEPS, started_by="due")
