"""Lambda handlers for the steps of Step Functions workflows: one step per call."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from coachway.core.caller import Caller
from coachway.core.entrypoints import cold_start
from coachway.core.runtime.logging import logger

Step = Callable[..., BaseModel]
"""Performs one step and returns its output for the state machine.

Its positional arguments are the caller and the id of the subject. Its keyword-only arguments are fields of the step's
input by the same name, and two of the event that started the execution: `round_`, how many times the workflow of the
subject was started deliberately, and `redriven`, whether this execution replaces a failed one.
"""


def workflow_step_handler(
    workflow: str, steps: Mapping[str, Step], *, started_by: str, subject: str = "aggregate_id"
) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Return a Lambda handler for the steps of a state machine, by name.

    `started_by` is the field of the input that has the starting event; `subject` is the field of that event with the id
    of what the workflow is about.
    """
    cold_start.warm_up()
    fields = {name: step_fields(step) for name, step in steps.items()}

    def handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
        start, name = event[started_by], event["step"]
        caller = Caller.system(workflow, start["org_id"], start.get("correlation_id", ""))
        logger.append_keys(correlation_id=caller.correlation_id)
        available = {
            **event,
            "round_": start.get("data", {}).get("round"),
            "redriven": bool(start.get("redriven")),
        }
        result = steps[name](caller, start[subject], **{field: available[field] for field in fields[name]})
        following = getattr(result, "go", "")
        logger.info(f"{workflow} step", step=name, org_id=caller.org_id, subject_id=start[subject], go=following)
        return result.model_dump(mode="json")

    return handler


def step_fields(step: Step) -> list[str]:
    """Return the names of a step's keyword-only arguments."""
    parameters = inspect.signature(step).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
