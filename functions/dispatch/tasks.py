"""Steps of the state machine `recovery`."""

from __future__ import annotations

from typing import Any

from coachway.core import starting
from coachway.core.caller import Caller
from coachway.core.log import logger
from coachway.dispatch import recovery_flow as flow

starting.connect()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do one step; `opened` is the detail of the event that the execution was started with."""
    opened, step = event["opened"], event["step"]
    caller = Caller.system("recovery", opened["org_id"], opened.get("correlation_id", ""))
    recovery_id = opened["aggregate_id"]
    logger.append_keys(correlation_id=caller.correlation_id)
    done = _step(caller, recovery_id, step, event)
    logger.info("recovery step", step=step, org_id=caller.org_id, recovery_id=recovery_id, go=done.go)
    return done.model_dump()


def _step(caller: Caller, recovery_id: str, step: str, event: dict[str, Any]) -> flow.Next:
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
