"""Steps of the state machine `refund`."""

from __future__ import annotations

from typing import Any

from coachway.billing import refund_flow as flow
from coachway.core import starting
from coachway.core.caller import Caller
from coachway.core.log import logger

starting.connect()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do one step; `requested` is the detail of the event that the execution was started with."""
    requested, step = event["requested"], event["step"]
    caller = Caller.system("refunds", requested["org_id"], requested.get("correlation_id", ""))
    refund_id = requested["aggregate_id"]
    logger.append_keys(correlation_id=caller.correlation_id)
    done = _step(caller, refund_id, step, event)
    logger.info("refund step", step=step, org_id=caller.org_id, refund_id=refund_id, go=done.go)
    return done.model_dump()


def _step(caller: Caller, refund_id: str, step: str, event: dict[str, Any]) -> flow.Next:
    match step:
        case "look":
            requested = event["requested"]
            return flow.look(
                caller,
                refund_id,
                execution=event["execution"],
                round_=requested["data"]["round"],
                redriven=bool(requested.get("redriven")),
            )
        case "ask":
            return flow.ask(caller, refund_id, token=event["token"], escalated=event["escalated"])
        case "give_up":
            return flow.give_up(caller, refund_id)
        case "give_back":
            return flow.give_back(caller, refund_id)
        case "failed":
            return flow.caught(caller, refund_id, state=event["state"], failure=event["failure"])
        case _:
            raise ValueError(f"there is no step {step}")
