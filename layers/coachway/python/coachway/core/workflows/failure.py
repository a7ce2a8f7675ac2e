"""The failure of a workflow, stored with the record that the workflow is about. `make redrive` starts it again."""

from pydantic import AwareDatetime

from coachway.core.schemas import BaseSchema


class WorkflowFailure(BaseSchema):
    """Where and why a workflow stopped."""

    state: str
    error: str
    at: AwareDatetime
