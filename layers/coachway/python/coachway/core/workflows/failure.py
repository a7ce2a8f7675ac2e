"""What is kept of a flow, a state machine of Step Functions, beside the thing that it is about."""

from __future__ import annotations

from pydantic import AwareDatetime

from coachway.core.schemas import BaseSchema


class FlowFailure(BaseSchema):
    """What went wrong in a flow that stands still; `make redrive` takes it up again."""

    state: str
    error: str
    at: AwareDatetime
