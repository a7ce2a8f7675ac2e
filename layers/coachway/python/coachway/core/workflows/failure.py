"""The failure of a workflow, stored with the record that the workflow is about."""

from __future__ import annotations

from pydantic import AwareDatetime

from coachway.core.schemas import BaseSchema


class WorkflowFailure(BaseSchema):
    """Why a workflow stopped. `make redrive` starts it again."""

    state: str
    error: str
    at: AwareDatetime
