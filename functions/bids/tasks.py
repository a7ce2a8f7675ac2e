"""Steps of the state machine `bidding`."""

from __future__ import annotations

from typing import Any

from coachway.bids import flow
from coachway.core import starting
from coachway.core.caller import Caller
from coachway.core.log import logger

starting.connect()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do one step; `opened` is the detail of the event that the execution was started with."""
    opened, step = event["opened"], event["step"]
    caller = Caller.system("bidding", opened["org_id"], opened.get("correlation_id", ""))
    request_id = opened["aggregate_id"]
    logger.append_keys(correlation_id=caller.correlation_id)
    done = _step(caller, request_id, step, event)
    logger.info("bidding step", step=step, org_id=caller.org_id, bid_request_id=request_id, go=done.go)
    return done.model_dump()


def _step(caller: Caller, request_id: str, step: str, event: dict[str, Any]) -> flow.Next:
    match step:
        case "look":
            opened = event["opened"]
            return flow.look(
                caller,
                request_id,
                execution=event["execution"],
                round_=opened["data"]["round"],
                redriven=bool(opened.get("redriven")),
                waited=event["waited"],
            )
        case "wait":
            flow.wait(
                caller, request_id, token=event["token"], waits_for=event["waits_for"], deadline=event["deadline"]
            )
            return flow.Next(go="wait")
        case "award":
            return flow.award(caller, request_id, event["bid_ids"])
        case "failed":
            return flow.failed(caller, request_id, state=event["state"], failure=event["failure"])
        case _:
            return flow.STEPS[step](caller, request_id)
