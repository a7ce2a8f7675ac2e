"""Steps of the state machine `bidding`."""

from coachway.bids.requests.workflow import STEPS
from coachway.core.entrypoints import step_handler

handler = step_handler.workflow_step_handler("bidding", STEPS, started_by="opened")
