"""Lambda entries for the steps of state machines that an event started: one step for each call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from coachway.core.caller import Caller
from coachway.core.entrypoints import cold_start
from coachway.core.runtime.logging import logger


class StepResult(Protocol):
    """What a step answers: where the flow goes, and what it takes there."""

    go: str

    def model_dump(self) -> dict[str, Any]:
        """As the state machine gets it."""


Step = Callable[[Caller, str, str, Mapping[str, Any]], StepResult]
"""Does a step, named third, for the thing whose id comes second; the whole input comes last."""


def workflow_step_handler(flow: str, started_by: str, step: Step) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """A Lambda handler for a flow's steps. `started_by` names the part of the input that is the starting event."""
    cold_start.warm_up()

    def handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
        detail, name = event[started_by], event["step"]
        caller = Caller.system(flow, detail["org_id"], detail.get("correlation_id", ""))
        logger.append_keys(correlation_id=caller.correlation_id)
        done = step(caller, detail["aggregate_id"], name, event)
        logger.info(f"{flow} step", step=name, org_id=caller.org_id, subject_id=detail["aggregate_id"], go=done.go)
        return done.model_dump()

    return handler
