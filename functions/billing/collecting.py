"""Steps of the state machine `payment_collection`."""

from __future__ import annotations

from typing import Any

from coachway.billing import collection_flow as flow
from coachway.core import starting
from coachway.core.caller import Caller
from coachway.core.log import logger

starting.connect()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do one step; `due` is the detail of the event that the execution was started with."""
    due, step = event["due"], event["step"]
    caller = Caller.system("collections", due["org_id"], due.get("correlation_id", ""))
    collection_id = due["aggregate_id"]
    logger.append_keys(correlation_id=caller.correlation_id)
    done = _step(caller, collection_id, step, event)
    logger.info("collection step", step=step, org_id=caller.org_id, collection_id=collection_id, go=done.go)
    return done.model_dump()


def _step(caller: Caller, collection_id: str, step: str, event: dict[str, Any]) -> flow.Next:
    match step:
        case "look":
            due = event["due"]
            return flow.look(
                caller,
                collection_id,
                execution=event["execution"],
                round_=due["data"]["round"],
                redriven=bool(due.get("redriven")),
            )
        case "charge":
            return flow.charge(caller, collection_id)
        case "failed":
            return flow.failed(caller, collection_id, state=event["state"], failure=event["failure"])
        case _:
            raise ValueError(f"there is no step {step}")
