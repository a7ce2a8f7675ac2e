"""Steps of the state machine `bidding`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coachway.bids.requests import workflow as request_workflow
from coachway.core.caller import Caller
from coachway.core.entrypoints import step_handler


def _step(caller: Caller, request_id: str, step: str, event: Mapping[str, Any]) -> request_workflow.Next:
    match step:
        case "look":
            opened = event["opened"]
            return request_workflow.next_step(
                caller,
                request_id,
                execution=event["execution"],
                round_=opened["data"]["round"],
                redriven=bool(opened.get("redriven")),
                waited=event["waited"],
            )
        case "wait":
            request_workflow.wait(
                caller, request_id, token=event["token"], waits_for=event["waits_for"], deadline=event["deadline"]
            )
            return request_workflow.Next(go="wait")
        case "award":
            return request_workflow.award(caller, request_id, event["bid_ids"])
        case "failed":
            return request_workflow.failed(caller, request_id, state=event["state"], failure=event["failure"])
        case _:
            return request_workflow.STEPS[step](caller, request_id)


handler = step_handler.workflow_step_handler("bidding", "opened", _step)
