"""Steps of the state machine `recovery`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coachway.core.caller import Caller
from coachway.core.entrypoints import step_handler
from coachway.dispatch.recovery import workflow as flow


def _step(caller: Caller, recovery_id: str, step: str, event: Mapping[str, Any]) -> flow.Next:
    match step:
        case "look":
            redriven = bool(event["opened"].get("redriven"))
            return flow.look(
                caller, recovery_id, execution=event["execution"], redriven=redriven, waited=event["waited"]
            )
        case "offer":
            return flow.offer(caller, recovery_id)
        case "wait":
            return flow.wait(caller, recovery_id, token=event["token"], offer_id=event["offer"])
        case "failed":
            return flow.failed(caller, recovery_id, state=event["state"], failure=event["failure"])
        case _:
            raise ValueError(f"there is no step {step}")


handler = step_handler.workflow_step_handler("recovery", "opened", _step)
