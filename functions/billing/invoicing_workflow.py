"""Steps of the state machine `invoicing`."""

from coachway.billing.invoicing_runs.workflow import STEPS
from coachway.core.entrypoints import step_handler

handler = step_handler.workflow_step_handler("invoicing", STEPS, started_by="run", subject="month")
