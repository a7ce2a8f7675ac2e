"""Steps of the state machine `recovery`."""

from coachway.core.entrypoints import step_handler
from coachway.dispatch.recovery.workflow import STEPS

handler = step_handler.workflow_step_handler("recovery", STEPS, started_by="opened")
