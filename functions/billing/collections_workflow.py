"""Steps of the state machine `payment_collection`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coachway.billing.collections import workflow as flow
from coachway.core.caller import Caller
from coachway.core.entrypoints import step_handler


def _step(caller: Caller, collection_id: str, step: str, event: Mapping[str, Any]) -> flow.Next:
    match step:
        case "look":
            due = event["due"]
            return flow.next_step(
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


handler = step_handler.workflow_step_handler("collections", "due", _step)
